-- One row per platform: its endpoints with a certificate by automation state.
-- grain: a platform
-- kind: view
-- check: unique(platform)
select
    member as platform, -- application, else operating system, else unknown
    managed_with_certificate as managed, -- renewed automatically
    available_with_certificate as available, -- automation reaches them, nobody has enrolled them
    not_available_with_certificate as not_available, -- out of automation's reach
    with_certificate -- all endpoints with a certificate
from mart.coverage
where dimension = 'platform' and with_certificate > 0
