-- One row per local day of the next thirteen weeks, from this week's Monday, on which certificates of endpoints end.
-- grain: a day
-- kind: view
-- check: unique(expires_on)
with span as (
    select cast(date_trunc('week', timezone(timezone, timezone('UTC', as_of_at))) as date) as monday
    from meta.current_run
)
select
    expiry.expires_on,
    sum(expiry.endpoints) as endpoints, -- endpoints whose certificate ends on that day
    sum(expiry.by_hand) as by_hand -- not managed
from mart.expiry as expiry
cross join span
where expiry.expires_on >= span.monday and expiry.expires_on < span.monday + 91
group by expiry.expires_on
