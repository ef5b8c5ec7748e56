-- Protection and automation of all endpoints, run by run.
select
    as_of_at,
    round(max(value) filter (where metric = 'coverage.protection'), 4) as protection,
    round(max(value) filter (where metric = 'coverage.automation'), 4) as automation,
    max(numerator) filter (where metric = 'inventory.endpoints') as endpoints
from mart.metrics
where scope = 'all'
group by as_of_at
order by as_of_at
