-- One row per platform: its endpoints with a certificate by automation state.
-- grain: a platform
-- kind: view
-- check: unique(platform)
select
    coalesce(platform, 'unknown') as platform,
    count(*) filter (where automation_state = 'managed') as managed, -- renewed automatically
    count(*) filter (where automation_state = 'available') as available, -- automation reaches them, nobody has enrolled them
    count(*) filter (where automation_state = 'not_available') as not_available, -- out of automation's reach
    count(*) as with_certificate -- all endpoints with a certificate
from core.endpoints
where protection = 'certificate'
group by coalesce(platform, 'unknown')
