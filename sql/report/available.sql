-- One row per endpoint with a certificate that automation reaches and nobody has enrolled: one enrolment away from renewing
-- itself. Those that end first come first, and before them those whose end nobody knows: it may be the next.
-- grain: an endpoint
-- kind: table
-- check: unique(endpoint_key)
select
    row_number() over (order by valid_to_at nulls first, host_name, endpoint_key) as list_no, -- order of the list
    account,
    endpoint_key,
    coalesce(host_name, domain_name, ip) as name, -- host name, else domain name, else address
    port,
    business_unit,
    platform,
    coalesce(ca_vendor, issuer) as issuing_ca, -- vendor of the CA, else the issuer
    valid_to_at,
    days_left
from core.endpoints
where protection = 'certificate' and automation_state = 'available'
