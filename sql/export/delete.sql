-- Endpoints that can be deleted from the inventory: discovered, and not under management of the automation solution.
-- Selected: none; what may go is a person's decision, given with --where, and a deletion always needs an approval.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoint_key,
    false as is_selected, -- whether the default selection has it
    'selected with --where: discovered, not managed, last discovered '
    || coalesce('on ' || strftime(last_discovered_at, '%Y-%m-%d'), 'at an unknown time') as reason -- why the row is there
from core.endpoints
where is_discovered and automation_state <> 'managed'
