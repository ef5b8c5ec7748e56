-- One row per business unit of the newest run: protection and automation now and in the oldest of the thirteen weeks.
-- A unit of the same name in several accounts is one row.
-- grain: a business unit
-- kind: view
-- check: unique(business_unit)
with oldest as (
    select max(weeks.weeks_ago) as weeks_ago
    from report.weeks as weeks
    where weeks.weeks_ago between 1 and 12
),
counted as (
    select
        metrics.business_unit,
        metrics.metric,
        weeks.weeks_ago,
        sum(cast(metrics.numerator as bigint)) as numerator,
        sum(cast(metrics.denominator as bigint)) as denominator
    from mart.metrics as metrics
    join report.weeks as weeks on metrics.run_id = weeks.run_id
    left join oldest on weeks.weeks_ago = oldest.weeks_ago
    where
        metrics.scope = 'business_unit'
        and metrics.metric in ('inventory.endpoints', 'coverage.protection', 'coverage.automation')
        and (weeks.weeks_ago = 0 or oldest.weeks_ago is not null)
    group by metrics.business_unit, metrics.metric, weeks.weeks_ago
)
select
    business_unit,
    max(numerator) filter (where metric = 'inventory.endpoints' and weeks_ago = 0) as endpoints, -- all endpoints of the unit
    max(numerator) filter (where metric = 'coverage.protection' and weeks_ago = 0) as protected, -- with a certificate
    max(denominator) filter (where metric = 'coverage.protection' and weeks_ago = 0) as protectable, -- with, without or unspecified
    max(numerator) filter (where metric = 'coverage.automation' and weeks_ago = 0) as managed, -- managed, with a certificate
    max(denominator) filter (where metric = 'coverage.automation' and weeks_ago = 0) as with_certificate, -- with a certificate
    max(numerator) filter (where metric = 'coverage.protection' and weeks_ago > 0) as protected_before, -- the same, in the oldest week
    max(denominator) filter (where metric = 'coverage.protection' and weeks_ago > 0) as protectable_before, -- the same, in the oldest week
    max(numerator) filter (where metric = 'coverage.automation' and weeks_ago > 0) as managed_before, -- the same, in the oldest week
    max(denominator) filter (where metric = 'coverage.automation' and weeks_ago > 0) as with_certificate_before -- the same, in the oldest week
from counted
group by business_unit
having count(*) filter (where weeks_ago = 0) > 0
