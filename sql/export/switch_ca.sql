-- Endpoints whose certificate can be replaced by one of another CA: the automation solution can reach the endpoint and its GUID is known.
-- Selected: none; which CA is to go is a person's decision, given with --where.
-- Checked by `bulk plan`, because people fill it in later: that a target profile is given and that its CA differs.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoint_key,
    false as is_selected, -- whether the default selection has it
    'selected with --where: issued by ' || coalesce(issuer, ca_vendor, 'an unknown CA') || ', ' || export.expiry_words(days_left)
        as reason -- why the row is there
from core.endpoints
where protection = 'certificate' and automation_state <> 'not_available' and automation_guid is not null
