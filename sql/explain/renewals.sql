-- Renewals of endpoints in the last 90 days.
-- shows: endpoint_key, run_id, business_unit, first_seen_at, lead_days, old_valid_to_at
select renewals.*
from core.renewals as renewals
cross join meta.current_run as current_run
where
    renewals.first_seen_at > current_run.as_of_at - interval '90 days'
    and renewals.first_seen_at <= current_run.as_of_at
    and true -- scope of renewals
