-- One row per endpoint that nothing renews by itself and whose certificate has 0 to 30 days left, fewest days first.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (order by endpoints.valid_to_at, endpoints.host_name, endpoints.endpoint_key) as list_no, -- order of the list
    endpoints.account,
    endpoints.endpoint_key,
    coalesce(endpoints.host_name, endpoints.domain_name, endpoints.ip) as name, -- host name, else domain name, else address
    endpoints.port,
    endpoints.business_unit,
    coalesce(endpoints.ca_vendor, endpoints.issuer) as issuing_ca, -- vendor of the CA, else the issuer
    endpoints.common_name,
    endpoints.serial_number,
    endpoints.valid_to_at,
    cast(timezone(current_run.timezone, timezone('UTC', endpoints.valid_to_at)) as date) as expires_on, -- local day of the end
    endpoints.days_left,
    endpoints.tags,
    endpoints.automation_state = 'available' as can_enrol -- whether automation reaches the endpoint already
from core.endpoints as endpoints
cross join meta.current_run as current_run
where
    endpoints.protection = 'certificate'
    and endpoints.automation_state <> 'managed'
    and endpoints.days_left between 0 and 30
