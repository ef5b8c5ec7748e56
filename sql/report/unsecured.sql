-- One row per endpoint without a known certificate (none, unspecified, discovery error), longest so first; discovery errors
-- last, because they are no proof of anything.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (
        order by unsecured.protection = 'discovery_error', unsecured.unsecured_since_at, unsecured.host_name, unsecured.endpoint_key
    ) as list_no, -- order of the list
    unsecured.account,
    unsecured.endpoint_key,
    coalesce(unsecured.host_name, unsecured.domain_name, unsecured.ip) as name, -- host name, else domain name, else address
    unsecured.port,
    unsecured.business_unit,
    unsecured.protection,
    unsecured.discovery_error,
    unsecured.unsecured_since_at,
    unsecured.age_days,
    unsecured.sensor_name,
    unsecured.automation_state,
    endpoints.os_name
from mart.unsecured as unsecured
left join core.endpoints as endpoints on unsecured.endpoint_key = endpoints.endpoint_key
