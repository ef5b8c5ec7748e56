-- One row per issuing CA: its endpoints with a certificate by automation state.
-- grain: an issuing CA
-- kind: view
-- check: unique(ca_vendor)
select
    coalesce(ca_vendor, 'unknown') as ca_vendor,
    count(*) filter (where automation_state = 'managed') as managed, -- renewed automatically
    count(*) filter (where automation_state = 'available') as available, -- automation reaches them, nobody has enrolled them
    count(*) filter (where automation_state = 'not_available') as not_available, -- out of automation's reach
    count(*) as with_certificate -- all endpoints with a certificate
from core.endpoints
where protection = 'certificate'
group by coalesce(ca_vendor, 'unknown')
