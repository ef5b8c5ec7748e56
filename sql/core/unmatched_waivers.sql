-- Waivers whose scope names nothing that is or ever was: no endpoint, certificate or business unit, and no common name. Most are misspelt.
-- A scope that names something in which the rule finds nothing is matched.
-- grain: one waiver
-- kind: view
-- check: unique(waiver_id)
with matched as (
    select waivers.waiver_id
    from staging.waivers as waivers
    where
        waivers.scope in (select endpoint_key from core.endpoint_history)
        or waivers.scope in (select business_unit from core.endpoint_history)
        or waivers.scope in (select business_unit from core.certificate_accounts where business_unit is not null)
        or waivers.scope in (select certificate_key from core.certificate_history)
        or lower(waivers.scope) in (select lower(common_name) from core.certificate_history where common_name is not null)
    union all
    select waivers.waiver_id
    from staging.waivers as waivers
    join core.certificate_history as certificates
        on lower(certificates.common_name) like core.like_pattern(waivers.scope) escape '\'
    where contains(waivers.scope, '*')
)

select
    waivers.waiver_id, -- its name
    waivers.scope, -- what it should cover
    waivers.line_no -- its line in the file
from staging.waivers as waivers
left join (
    select waiver_id
    from matched
    group by waiver_id
) as known
    on known.waiver_id = waivers.waiver_id
where known.waiver_id is null
