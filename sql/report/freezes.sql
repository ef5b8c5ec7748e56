-- One row per change freeze that touches the next thirteen weeks.
-- grain: a freeze
-- kind: view
with span as (
    select cast(date_trunc('week', timezone(timezone, timezone('UTC', as_of_at))) as date) as monday
    from meta.current_run
)
select
    freezes.name,
    freezes.from_on,
    freezes.to_on
from rules.freezes as freezes
cross join span
where freezes.to_on >= span.monday and freezes.from_on < span.monday + 91
