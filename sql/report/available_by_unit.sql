-- One row per business unit and platform: endpoints with a certificate that automation reaches and nobody has enrolled.
-- grain: a business unit and a platform
-- kind: table
-- check: unique(business_unit, platform)
select
    business_unit,
    platform,
    count(*) as endpoints -- endpoints one enrolment away
from report.available
group by business_unit, platform
