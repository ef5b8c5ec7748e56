-- One row per age of endpoints without a known certificate (none or unspecified), by whole days since first seen so.
-- grain: an age
-- kind: table
-- check: unique(age_bucket)
select
    age_bucket,
    count(*) as endpoints -- endpoints of that age
from mart.unsecured
where protection in ('none', 'unspecified')
group by age_bucket
