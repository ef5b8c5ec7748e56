-- Targets of our own jobs that ended within the last 7 days, where the endpoint is now.
-- shows: plan_id, row, endpoint_key, outcome, reason, ended_at
select targets.*
from core.job_targets as targets
cross join meta.current_run as current_run
left join core.endpoints as endpoints
    on endpoints.endpoint_key = targets.endpoint_key
where
    targets.ended_at > current_run.as_of_at - interval '7 days'
    and targets.ended_at <= current_run.as_of_at
    and true -- scope of endpoints
