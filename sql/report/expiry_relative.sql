-- One row per share of the lifetime that is left: endpoints whose certificate has both dates and has not expired.
-- grain: a share of the lifetime
-- kind: table
-- check: unique(relative_expiry_bucket)
select
    relative_expiry_bucket,
    count(*) as endpoints, -- endpoints with such a certificate
    count(*) filter (where automation_state <> 'managed') as by_hand -- not managed
from core.endpoints
where protection = 'certificate' and relative_expiry_bucket is not null
group by relative_expiry_bucket
