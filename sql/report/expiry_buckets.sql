-- One row per bucket of days left: endpoints with a certificate, and those of them that nothing renews by itself.
-- grain: a bucket
-- kind: table
-- check: unique(expiry_bucket)
select
    expiry_bucket,
    count(*) as endpoints, -- endpoints with a certificate
    count(*) filter (where automation_state <> 'managed') as by_hand -- not managed
from core.endpoints
where protection = 'certificate'
group by expiry_bucket
