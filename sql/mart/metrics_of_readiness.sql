-- Metrics of endpoints before shorter lifetimes and before a mass replacement: who would be ready, how long would it take, what is by hand.
-- The renewal window is that of the profile that the automation inventory names, else of the certificate's profile, else the policy's.
-- An issuing CA has a row in the scopes where an endpoint carries a certificate of it; an unknown issuer has none.
-- grain: one value of one metric in one scope
-- kind: view
with carrying as (
    select
        endpoints.account,
        endpoints.business_unit,
        endpoints.trust = 'public' as is_public,
        endpoints.automation_state = 'managed' as is_managed,
        endpoints.automation_state = 'managed' and endpoints.automation_outcome is distinct from 'failed' as is_renewing,
        coalesce(
            chosen.renewal_window_days, issuing.renewal_window_days, policy.renewal_window_days
        ) as renewal_window_days,
        certificates.issuer
    from core.snapshot as endpoints
    join core.certificates as certificates
        on certificates.certificate_key = endpoints.certificate_key
    cross join rules.policy as policy
    left join staging.profiles as chosen
        on chosen.account = endpoints.account
        and chosen.profile_id = endpoints.profile_id
    left join staging.profiles as issuing
        on issuing.account = endpoints.account
        and issuing.profile_id = endpoints.issuing_profile_id
),

ready as (
    select
        case
            when grouping(account) = 1 then 'all'
            when grouping(business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        account,
        business_unit,
        count(*) as public_ones,
        count(*) filter (where is_renewing and renewal_window_days * 2 < 100) as ready_100,
        count(*) filter (where is_renewing and renewal_window_days * 2 < 47) as ready_47
    from carrying
    where is_public
    group by grouping sets ((), (account), (account, business_unit))
),

issued as (
    select
        case
            when grouping(account) = 1 then 'all'
            when grouping(business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        account,
        business_unit,
        issuer,
        count(*) filter (where is_managed) as managed,
        count(*) filter (where not is_managed) as by_hand
    from carrying
    where issuer is not null
    group by grouping sets ((issuer), (account, issuer), (account, business_unit, issuer))
)

select
    scopes.scope, -- all, account or business_unit
    scopes.account, -- set in the scopes account and business_unit
    scopes.business_unit, -- set in the scope business_unit: the unit's name
    'readiness.limit_100' as metric, -- name of the metric
    cast(null as varchar) as dimension, -- what the members are of
    cast(null as varchar) as member, -- member of the dimension
    coalesce(ready.ready_100, 0) as numerator, -- the count, or the numerator of the share
    coalesce(ready.public_ones, 0) as denominator -- denominator of the share; null for a count
from mart.metric_scopes as scopes
left join ready
    on ready.scope = scopes.scope
    and ready.account is not distinct from scopes.account
    and ready.business_unit is not distinct from scopes.business_unit
union all
select
    scopes.scope,
    scopes.account,
    scopes.business_unit,
    'readiness.limit_47' as metric,
    null as dimension,
    null as member,
    coalesce(ready.ready_47, 0) as numerator,
    coalesce(ready.public_ones, 0) as denominator
from mart.metric_scopes as scopes
left join ready
    on ready.scope = scopes.scope
    and ready.account is not distinct from scopes.account
    and ready.business_unit is not distinct from scopes.business_unit
union all
select
    issued.scope,
    issued.account,
    issued.business_unit,
    'mass_replacement.hours' as metric,
    'issuing_ca' as dimension,
    issued.issuer as member,
    ((issued.managed + policy.batch - 1) // nullif(policy.batch, 0)) * policy.cycle_hours as numerator,
    null as denominator
from issued
cross join rules.policy as policy
union all
select
    scope,
    account,
    business_unit,
    'mass_replacement.manual' as metric,
    'issuing_ca' as dimension,
    issuer as member,
    by_hand as numerator,
    null as denominator
from issued
