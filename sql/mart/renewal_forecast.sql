-- The next 13 local weeks, Monday to Sunday, by account and business unit: what falls due for renewal, and long certificates that are left.
-- Due is the policy's lead before the end; what was due earlier and has not ended is due in the first week. A certificate on endpoints of
-- two units counts in each. Certificates that have ended, or whose end is not known, are not here.
-- grain: one week, account and business unit
-- kind: view
-- check: unique(week_no, account, business_unit)
with held as (
    select
        account,
        business_unit,
        certificate_key,
        count(*) as endpoints,
        count(*) filter (where automation_state <> 'managed') as by_hand
    from core.snapshot
    where certificate_key is not null
    group by
        account,
        business_unit,
        certificate_key
),

ending as (
    select
        held.account,
        held.business_unit,
        held.endpoints,
        held.by_hand,
        certificates.trust = 'public' as is_public,
        certificates.lifetime_days,
        date_diff('day', starts.monday, starts.ends_on) // 7 as ends_in_week,
        greatest(date_diff('day', starts.monday, starts.ends_on) - policy.lead_days, 0) // 7 as due_in_week
    from held
    join core.certificates as certificates
        on certificates.certificate_key = held.certificate_key
    join (
        select
            certificates.certificate_key,
            cast(timezone(current_run.timezone, timezone('UTC', certificates.valid_to_at)) as date) as ends_on,
            cast(timezone(current_run.timezone, timezone('UTC', current_run.week_starts_at)) as date) as monday
        from core.certificates as certificates
        cross join meta.current_run as current_run
        where certificates.valid_to_at >= current_run.as_of_at
    ) as starts
        on starts.certificate_key = held.certificate_key
    cross join rules.policy as policy
),

units as (
    select
        scopes.account,
        scopes.business_unit,
        unnest([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]) as week_no
    from mart.metric_scopes as scopes
    where scopes.scope = 'business_unit'
)

select
    units.week_no, -- 0 is the week of the run
    cast(timezone(current_run.timezone, timezone('UTC', current_run.week_starts_at)) as date)
    + cast(units.week_no * 7 as integer) as week_starts_on, -- its Monday
    units.account, -- the account's name in the configuration
    units.business_unit, -- unit of the endpoints
    count(ending.account) filter (where ending.due_in_week = units.week_no) as certificates_due, -- certificates to renew in the week
    cast(coalesce(sum(ending.endpoints) filter (where ending.due_in_week = units.week_no), 0) as bigint) as endpoints_due, -- endpoints that carry them
    cast(coalesce(sum(ending.by_hand) filter (where ending.due_in_week = units.week_no), 0) as bigint) as endpoints_by_hand, -- of them not managed
    count(ending.account) filter (where ending.ends_in_week = units.week_no) as certificates_ending, -- certificates that end in the week
    count(ending.account) filter (
        where ending.is_public and ending.lifetime_days > 200 and ending.ends_in_week >= units.week_no
    ) as public_over_200, -- public certificates of more than 200 days that have not ended before the week, were none renewed
    count(ending.account) filter (
        where ending.is_public and ending.lifetime_days > 100 and ending.ends_in_week >= units.week_no
    ) as public_over_100, -- the same of more than 100 days
    count(ending.account) filter (
        where ending.is_public and ending.lifetime_days > 47 and ending.ends_in_week >= units.week_no
    ) as public_over_47 -- the same of more than 47 days
from units
cross join meta.current_run as current_run
left join ending
    on ending.account = units.account
    and ending.business_unit = units.business_unit
group by
    units.week_no,
    units.account,
    units.business_unit,
    current_run.timezone,
    current_run.week_starts_at
