-- Endpoints without a certificate, the longest without one first.
select
    unsecured_since_at,
    age_days,
    protection,
    account,
    business_unit,
    coalesce(host_name, domain_name, ip) as host,
    port,
    sensor_name
from mart.unsecured
where protection <> 'discovery_error'
order by
    unsecured_since_at,
    endpoint_key
