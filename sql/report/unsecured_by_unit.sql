-- One row per business unit: its endpoints without a known certificate, by kind and age.
-- grain: a business unit
-- kind: table
-- check: unique(business_unit)
select
    business_unit,
    count(*) filter (where protection = 'none') as without, -- no certificate
    count(*) filter (where protection = 'unspecified') as unspecified, -- the category says unsecured and not why
    count(*) filter (where protection in ('none', 'unspecified')) as together, -- both: what counts against protection
    count(*) filter (where protection in ('none', 'unspecified') and age_days > 90) as over_90_days, -- of both, for more than 90 days
    count(*) filter (where protection = 'discovery_error') as discovery_errors -- could not be read
from mart.unsecured
group by business_unit
