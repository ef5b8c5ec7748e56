-- One row per endpoint that serves a certificate which a client should refuse: expired or revoked. Revoked ones come first,
-- then the longest expired.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (order by is_revoked desc, valid_to_at, host_name, endpoint_key) as list_no, -- order of the list
    account,
    endpoint_key,
    coalesce(host_name, domain_name, ip) as name, -- host name, else domain name, else address
    port,
    business_unit,
    ca_vendor,
    common_name,
    serial_number,
    valid_to_at,
    days_left,
    automation_state,
    is_revoked,
    expiry_bucket = 'expired' as is_expired -- whether the end has passed
from core.endpoints
where protection = 'certificate' and (expiry_bucket = 'expired' or is_revoked)
