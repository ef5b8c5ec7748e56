-- Endpoints of the newest snapshot.
-- shows: endpoint_key, business_unit, protection, automation_state, automation_status, security_rating, common_name, valid_to_at
select
    endpoints.*,
    runs.as_of_at,
    coalesce(staging.status_word(endpoints.security_rating), 'NOT_RATED') as rating,
    core.age_bucket(core.whole_days(endpoints.unsecured_since_at, runs.as_of_at)) as age_bucket
from core.endpoints as endpoints
join (select run_id, min(as_of_at) as as_of_at from meta.runs group by run_id) as runs
    on runs.run_id = endpoints.run_id
where true -- scope of endpoints
