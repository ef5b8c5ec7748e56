-- Metrics of renewals that were made: the lead that was left, over 90 days, and how our own jobs ended, over 7 days.
-- Percentiles are nearest ranks; a scope without a renewal has no row of them. Jobs count where the endpoint is now.
-- grain: one value of one metric in one scope
-- kind: view
with recent as (
    select
        renewals.account,
        renewals.business_unit,
        renewals.endpoint_key,
        renewals.run_id,
        renewals.lead_days,
        unnest(['all', 'account', 'business_unit']) as scope
    from core.renewals as renewals
    cross join meta.current_run as current_run
    where
        renewals.first_seen_at > current_run.as_of_at - interval '90 days'
        and renewals.first_seen_at <= current_run.as_of_at
),

placed as (
    select
        scope,
        case when scope <> 'all' then account end as account,
        case when scope = 'business_unit' then business_unit end as business_unit,
        endpoint_key,
        run_id,
        lead_days
    from recent
),

ranked as (
    select
        scope,
        account,
        business_unit,
        lead_days,
        row_number() over (
            partition by scope, account, business_unit
            order by lead_days, endpoint_key, run_id
        ) as rank_no,
        count(*) over (partition by scope, account, business_unit) as renewals
    from placed
),

leads as (
    select
        scope,
        account,
        business_unit,
        min(case when rank_no >= (renewals + 9) // 10 then lead_days end) as p10,
        min(case when rank_no >= (renewals + 1) // 2 then lead_days end) as p50
    from ranked
    group by
        scope,
        account,
        business_unit
),

ended as (
    select
        case
            when grouping(targets.account) = 1 then 'all'
            when grouping(endpoints.business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        targets.account,
        endpoints.business_unit,
        count(*) as targets,
        count(*) filter (where targets.outcome = 'succeeded') as succeeded
    from core.job_targets as targets
    cross join meta.current_run as current_run
    left join core.snapshot as endpoints
        on endpoints.endpoint_key = targets.endpoint_key
    where targets.ended_at > current_run.as_of_at - interval '7 days' and targets.ended_at <= current_run.as_of_at
    group by grouping sets ((), (targets.account), (targets.account, endpoints.business_unit))
)

select
    scopes.scope, -- all, account or business_unit
    scopes.account, -- set in the scopes account and business_unit
    scopes.business_unit, -- set in the scope business_unit: the unit's name
    'renewal.lead_days_p10' as metric, -- name of the metric
    cast(null as varchar) as dimension, -- what the members are of
    cast(null as varchar) as member, -- member of the dimension
    leads.p10 as numerator, -- the days, or the numerator of the share
    cast(null as bigint) as denominator -- denominator of the share; null for days
from mart.metric_scopes as scopes
join leads
    on leads.scope = scopes.scope
    and leads.account is not distinct from scopes.account
    and leads.business_unit is not distinct from scopes.business_unit
union all
select
    scopes.scope,
    scopes.account,
    scopes.business_unit,
    'renewal.lead_days_p50' as metric,
    null as dimension,
    null as member,
    leads.p50 as numerator,
    null as denominator
from mart.metric_scopes as scopes
join leads
    on leads.scope = scopes.scope
    and leads.account is not distinct from scopes.account
    and leads.business_unit is not distinct from scopes.business_unit
union all
select
    scopes.scope,
    scopes.account,
    scopes.business_unit,
    'renewal.success' as metric,
    null as dimension,
    null as member,
    coalesce(ended.succeeded, 0) as numerator,
    coalesce(ended.targets, 0) as denominator
from mart.metric_scopes as scopes
left join ended
    on ended.scope = scopes.scope
    and ended.account is not distinct from scopes.account
    and ended.business_unit is not distinct from scopes.business_unit
