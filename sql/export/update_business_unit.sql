-- Endpoints whose business unit can be changed: the discovered ones.
-- Selected: those without a business unit.
-- Checked by `bulk plan`, because people fill it in later: that the target business unit exists.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoint_key,
    business_unit = '(unassigned)' as is_selected, -- whether the default selection has it
    case when business_unit = '(unassigned)' then 'no business unit' else 'selected with --where: business unit ' || business_unit end
        as reason -- why the row is there
from core.endpoints
where is_discovered
