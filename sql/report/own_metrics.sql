-- One row per metric of the user's own (a model of kind metrics) and member, over everything in the newest run: what the report's last section
-- prints. A metric that gave no row for everything has one without numbers.
-- grain: a metric and a member of it
-- kind: view
-- check: unique(metric, member)
with current_metrics as (
    select
        metrics.metric,
        metrics.member,
        metrics.numerator,
        metrics.denominator
    from mart.metrics as metrics
    inner join meta.current_run as current_run on metrics.run_id = current_run.run_id
    where metrics.scope = 'all'
)

select
    catalogue.metric,
    catalogue.sentence,
    catalogue.unit,
    catalogue.numerator as counted, -- what the numerator counts, in the model's words
    catalogue.denominator as out_of, -- what the denominator counts; null for a count
    current_metrics.member,
    cast(current_metrics.numerator as bigint) as numerator,
    cast(current_metrics.denominator as bigint) as denominator
from rules.metrics as catalogue
left join current_metrics on catalogue.metric = current_metrics.metric
where catalogue.area = 'custom'
