-- The endpoints of the newest snapshot without a certificate: none, discovery error and unspecified, which are three different things.
-- Only none and unspecified have an age: after a failed discovery nothing is known.
-- grain: one endpoint without a certificate
-- kind: view
-- check: unique(endpoint_key)
-- check: accepted(age_bucket, 'age_0_7', 'age_8_30', 'age_31_90', 'age_over_90')
select
    endpoints.account, -- the account's name in the configuration
    endpoints.endpoint_key, -- identity of the endpoint
    endpoints.host_name,
    endpoints.domain_name,
    endpoints.ip,
    endpoints.port,
    endpoints.business_unit,
    endpoints.sensor_name,
    endpoints.os_name,
    endpoints.protection, -- none, discovery_error or unspecified
    endpoints.automation_state,
    endpoints.discovery_error,
    endpoints.unsecured_since_at,
    core.whole_days(endpoints.unsecured_since_at, current_run.as_of_at) as age_days, -- whole days since then
    core.age_bucket(core.whole_days(endpoints.unsecured_since_at, current_run.as_of_at)) as age_bucket -- as in the metrics
from core.endpoints as endpoints
cross join meta.current_run as current_run
where endpoints.protection <> 'certificate'
