-- Protection and automation of all endpoints, run by run.
select
    as_of_at,
    max(value) filter (where metric = 'coverage.protection') as protection,
    max(value) filter (where metric = 'coverage.automation') as automation,
    max(numerator) filter (where metric = 'inventory.endpoints') as endpoints
from mart.metrics
where scope = 'all'
group by as_of_at
order by as_of_at
