-- Waivers whose scope names no endpoint, certificate, business unit or common name that is or ever was: they cover nothing.
-- One that has ended is left out: it would cover nothing anyway.
-- severity: warn
-- advice: mend the scope of that line in waivers.csv, or remove the line; `tlm query "from mart.waivers where status = 'unmatched'"` lists them all
select
    unmatched.line_no,
    unmatched.waiver_id,
    unmatched.scope
from core.unmatched_waivers as unmatched
join staging.waivers as waivers
    on waivers.waiver_id = unmatched.waiver_id
where not waivers.is_expired
