-- Endpoints that carry a revoked certificate, and those whose renewed certificate is on no endpoint yet.
select
    case when is_revoked then 'revoked' else 'renewed, not deployed' end as why,
    account,
    business_unit,
    coalesce(host_name, domain_name, ip) as host,
    common_name,
    serial_number,
    valid_to_at
from core.endpoints
where is_revoked or has_undeployed_renewal
order by
    why,
    valid_to_at,
    endpoint_key
