-- One row per metric and business unit of the newest run, a unit of the same name in several accounts together: who holds
-- most of a number.
-- grain: a metric and a business unit
-- kind: view
-- check: unique(metric, business_unit)
select
    metrics.metric,
    metrics.business_unit,
    sum(cast(metrics.numerator as bigint)) as numerator, -- counted endpoints of the unit
    sum(cast(metrics.denominator as bigint)) as denominator -- out of this many; null for a count
from mart.metrics as metrics
join meta.current_run as current_run on metrics.run_id = current_run.run_id
where metrics.scope = 'business_unit' and metrics.dimension is null
group by metrics.metric, metrics.business_unit
