-- Metrics of findings by severity, for all scopes: open, open after the day they were due, waived, and waived for 30 days more at most.
-- A finding about a certificate counts in each unit that has an endpoint with it, and once in its account and in all.
-- grain: one value of one metric in one scope
-- kind: view
with placed as (
    select
        account,
        unnest(list_prepend(null, business_units)) as business_unit,
        severity,
        status,
        is_overdue,
        waiver_days_left
    from mart.findings
    where status <> 'closed'
),

counted as (
    select
        case
            when grouping(account) = 1 then 'all'
            when business_unit is null then 'account'
            else 'business_unit'
        end as scope,
        account,
        business_unit,
        severity,
        count(*) filter (where status = 'open') as open_ones,
        count(*) filter (where is_overdue) as overdue,
        count(*) filter (where status = 'waived') as waived,
        count(*) filter (where status = 'waived' and waiver_days_left <= 30) as waiver_expiring
    from placed
    group by grouping sets ((business_unit, severity), (account, business_unit, severity))
    having grouping(account) = 0 or business_unit is null
),

totals as (
    select
        scope,
        account,
        business_unit,
        unnest(['critical', 'high', 'medium', 'low']) as severity
    from mart.metric_scopes
),

measured as (
    select
        totals.scope,
        totals.account,
        totals.business_unit,
        totals.severity,
        unnest([
            {'metric': 'findings.open', 'numerator': coalesce(counted.open_ones, 0)},
            {'metric': 'findings.overdue', 'numerator': coalesce(counted.overdue, 0)},
            {'metric': 'findings.waived', 'numerator': coalesce(counted.waived, 0)},
            {'metric': 'findings.waiver_expiring_30d', 'numerator': coalesce(counted.waiver_expiring, 0)}
        ]) as measure
    from totals
    left join counted
        on counted.scope = totals.scope
        and counted.account is not distinct from totals.account
        and counted.business_unit is not distinct from totals.business_unit
        and counted.severity = totals.severity
)

select
    scope, -- all, account or business_unit
    account, -- set in the scopes account and business_unit
    business_unit, -- set in the scope business_unit: the unit's name
    measure.metric as metric, -- name of the metric
    'severity' as dimension, -- what the members are of
    severity as member, -- critical, high, medium or low
    measure.numerator as numerator, -- findings
    cast(null as bigint) as denominator -- null: a count
from measured
