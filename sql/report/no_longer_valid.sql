-- One row per endpoint that serves a certificate which a client should refuse: expired or revoked. Revoked ones come first,
-- then the longest expired.
-- The two are found apart, because each is a few rows that the order on disk, or one narrow column, leads to.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
with refused as (
    select
        account,
        endpoint_key,
        host_name,
        domain_name,
        ip,
        port,
        business_unit,
        coalesce(ca_vendor, issuer) as issuing_ca,
        common_name,
        serial_number,
        valid_to_at,
        days_left,
        automation_state,
        is_revoked
    from core.endpoints
    where protection = 'certificate' and days_left < 0
    union all
    select
        account,
        endpoint_key,
        host_name,
        domain_name,
        ip,
        port,
        business_unit,
        coalesce(ca_vendor, issuer) as issuing_ca,
        common_name,
        serial_number,
        valid_to_at,
        days_left,
        automation_state,
        is_revoked
    from core.endpoints
    where protection = 'certificate' and is_revoked and (days_left >= 0 or days_left is null)
)

select
    row_number() over (order by is_revoked desc, valid_to_at, host_name, endpoint_key) as list_no, -- order of the list
    account,
    endpoint_key,
    coalesce(host_name, domain_name, ip) as name, -- host name, else domain name, else address
    port,
    business_unit,
    issuing_ca, -- vendor of the CA, else the issuer
    common_name,
    serial_number,
    valid_to_at,
    days_left,
    automation_state,
    is_revoked,
    coalesce(days_left < 0, false) as is_expired -- whether the end has passed
from refused
