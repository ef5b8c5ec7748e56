-- One row per metric of the user's own (a model of kind metrics) and member in the newest run: what the report's last section prints.
-- Over everything where the metric says so, else by account, else by unit: the widest scope that it has rows of. A metric that gave no row
-- at all has one without numbers.
-- grain: a metric, a scope and a member of it
-- kind: view
-- check: unique(metric, account, business_unit, member)
with current_metrics as (
    select
        metrics.metric,
        metrics.account,
        metrics.business_unit,
        metrics.member,
        metrics.numerator,
        metrics.denominator,
        case metrics.scope when 'all' then 1 when 'account' then 2 else 3 end as scope_no
    from mart.metrics as metrics
    join meta.current_run as current_run on metrics.run_id = current_run.run_id
),

widest as (
    select
        metric,
        min(scope_no) as scope_no
    from current_metrics
    group by metric
)

select
    catalogue.metric,
    catalogue.sentence,
    catalogue.unit,
    catalogue.numerator as counted, -- what the numerator counts, in the model's words
    catalogue.denominator as out_of, -- what the denominator counts; null for a count
    current_metrics.account, -- null over all accounts
    current_metrics.business_unit,
    current_metrics.member,
    cast(current_metrics.numerator as bigint) as numerator,
    cast(current_metrics.denominator as bigint) as denominator
from rules.metrics as catalogue
left join widest
    on widest.metric = catalogue.metric
left join current_metrics
    on current_metrics.metric = widest.metric
    and current_metrics.scope_no = widest.scope_no
where catalogue.area = 'custom'
