-- What moved since the baseline.
-- shows: endpoint_key, movement, business_unit, host_name, old_valid_to_at, new_valid_to_at, detail
select changes.*
from mart.changes as changes
where true -- scope of changes
