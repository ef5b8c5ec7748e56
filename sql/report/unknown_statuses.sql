-- One row per automation status that no rule knows: counted as managed, with outcome unknown, until somebody classifies it.
-- grain: a status
-- kind: table
-- check: unique(automation_status)
select
    endpoints.automation_status,
    count(*) as endpoints -- endpoints with that status
from core.endpoints as endpoints
where endpoints.automation_outcome = 'unknown'
group by endpoints.automation_status
