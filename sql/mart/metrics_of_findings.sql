-- Metrics of findings by severity, for all scopes: open, open after the day they were due, waived, and waived for 30 days more at most.
-- A finding about a certificate counts in each unit that has an endpoint with it, and once in its account and in all.
-- grain: one value of one metric in one scope
-- kind: view
with found as (
    select
        account,
        business_units,
        severity,
        count(*) filter (where status = 'open') as open_ones,
        count(*) filter (where is_overdue) as overdue,
        count(*) filter (where status = 'waived') as waived,
        count(*) filter (where status = 'waived' and waiver_days_left <= 30) as waiver_expiring
    from mart.findings
    where status <> 'closed'
    group by
        account,
        business_units,
        severity
),

of_units as (
    select
        account,
        unnest(business_units) as business_unit,
        severity,
        open_ones,
        overdue,
        waived,
        waiver_expiring
    from found
),

counted as (
    select
        case when grouping(account) = 1 then 'all' else 'account' end as scope,
        account,
        cast(null as varchar) as business_unit,
        severity,
        cast(sum(open_ones) as bigint) as open_ones,
        cast(sum(overdue) as bigint) as overdue,
        cast(sum(waived) as bigint) as waived,
        cast(sum(waiver_expiring) as bigint) as waiver_expiring
    from found
    group by grouping sets ((severity), (account, severity))
    union all
    select
        'business_unit' as scope,
        account,
        business_unit,
        severity,
        cast(sum(open_ones) as bigint) as open_ones,
        cast(sum(overdue) as bigint) as overdue,
        cast(sum(waived) as bigint) as waived,
        cast(sum(waiver_expiring) as bigint) as waiver_expiring
    from of_units
    group by
        account,
        business_unit,
        severity
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
