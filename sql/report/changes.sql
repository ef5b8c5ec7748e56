-- One row per movement of an endpoint since the baseline: the whole list behind the counts.
-- grain: an endpoint and a movement
-- kind: view
-- check: unique(movement, endpoint_key)
select
    row_number() over (order by changes.movement, changes.host_name, changes.endpoint_key) as list_no, -- order of the list
    changes.movement,
    changes.account,
    changes.endpoint_key,
    changes.host_name,
    changes.domain_name,
    changes.ip,
    changes.port,
    changes.business_unit,
    changes.old_serial_number,
    changes.new_serial_number,
    changes.old_valid_to_at,
    changes.new_valid_to_at,
    changes.old_rating,
    changes.new_rating,
    changes.detail
from mart.changes as changes
join meta.current_run as current_run on changes.run_id = current_run.run_id
