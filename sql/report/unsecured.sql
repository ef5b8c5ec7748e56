-- One row per endpoint without a known certificate (none, unspecified, discovery error), longest so first; discovery errors
-- last, because they are no proof of anything.
-- grain: an endpoint
-- kind: table
-- check: unique(endpoint_key)
select
    row_number() over (
        order by protection = 'discovery_error', unsecured_since_at, host_name, endpoint_key
    ) as list_no, -- order of the list
    account,
    endpoint_key,
    coalesce(host_name, domain_name, ip) as name, -- host name, else domain name, else address
    port,
    business_unit,
    protection,
    discovery_error,
    unsecured_since_at,
    age_days,
    sensor_name,
    automation_state,
    os_name
from mart.unsecured
