-- Endpoints whose audit events can be read: all of them, with or without a certificate.
-- Selected: all; reading changes nothing, so nothing narrows it but --where.
-- grain: one endpoint of the newest snapshot
-- kind: view
-- check: unique(endpoint_key)
select
    endpoint_key,
    true as is_selected, -- whether the default selection has it
    'every endpoint has an audit trail; last discovered '
    || coalesce('on ' || strftime(last_discovered_at, '%Y-%m-%d'), 'at an unknown time') as reason -- why the row is there
from core.endpoints
