-- One row per week and metric for everything together: the values behind the numbers, sparklines and trends of the report.
-- Only metrics without a dimension; a count has no denominator.
-- grain: a week and a metric
-- kind: view
-- check: unique(weeks_ago, metric)
select
    weeks.weeks_ago,
    weeks.iso_year,
    weeks.iso_week,
    weeks.is_baseline,
    metrics.metric,
    cast(metrics.numerator as bigint) as numerator,
    cast(metrics.denominator as bigint) as denominator
from report.weeks as weeks
join mart.metrics as metrics on weeks.run_id = metrics.run_id
where metrics.scope = 'all' and metrics.dimension is null
