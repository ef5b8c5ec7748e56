-- Endpoints that stand more than once in one list: merged into one, first value first. Lists that shift while they are read are mended
-- before, so here the service itself says the same thing twice.
-- severity: warn
-- advice: compare the items in raw.endpoints_*; where they differ, the first as received has won
select
    account,
    category,
    endpoint_key,
    count(*) as items
from staging.endpoints
group by
    account,
    category,
    endpoint_key
having count(*) > 1
