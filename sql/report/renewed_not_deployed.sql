-- One row per endpoint that still serves its old certificate although a newer one of the same name is in the account and on
-- no endpoint. Those that end first come first.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (order by valid_to_at, host_name, endpoint_key) as list_no, -- order of the list
    account,
    endpoint_key,
    coalesce(host_name, domain_name, ip) as name, -- host name, else domain name, else address
    port,
    business_unit,
    platform,
    common_name,
    serial_number,
    valid_to_at,
    days_left,
    automation_state
from core.endpoints
where protection = 'certificate' and has_undeployed_renewal
