-- Protection and automation of each business unit at the end of each quarter: as of its last run in which the unit had an endpoint.
with last_values as (
    select
        account,
        business_unit,
        metric,
        value,
        date_trunc('quarter', as_of_at) as quarter_starts_on,
        row_number() over (
            partition by account, business_unit, metric, date_trunc('quarter', as_of_at)
            order by as_of_at desc, run_id
        ) as run_no
    from mart.metrics
    where scope = 'business_unit' and metric in ('coverage.protection', 'coverage.automation')
)

select
    cast(quarter_starts_on as date) as quarter_starts_on,
    account,
    business_unit,
    round(max(value) filter (where metric = 'coverage.protection'), 4) as protection,
    round(max(value) filter (where metric = 'coverage.automation'), 4) as automation
from last_values
where run_no = 1
group by
    quarter_starts_on,
    account,
    business_unit
order by
    quarter_starts_on,
    account,
    business_unit
