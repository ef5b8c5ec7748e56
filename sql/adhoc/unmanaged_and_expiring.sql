-- The list to work through: certificates that end within 30 days, or have ended, on endpoints that are not under managed automation.
select
    valid_to_at,
    days_left,
    account,
    business_unit,
    coalesce(host_name, domain_name, ip) as host,
    port,
    common_name,
    issuer,
    automation_state
from core.endpoints
where days_left <= 30 and automation_state <> 'managed'
order by
    valid_to_at,
    endpoint_key
