-- One row per endpoint that serves a certificate which a client should refuse: expired or revoked. Revoked ones come first,
-- then the longest expired.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (
        order by coalesce(certificates.is_revoked, false) desc, endpoints.valid_to_at, endpoints.host_name, endpoints.endpoint_key
    ) as list_no, -- Order of the list.
    endpoints.account,
    endpoints.endpoint_key,
    coalesce(endpoints.host_name, endpoints.domain_name, endpoints.ip) as name, -- Host name, else domain name, else address.
    endpoints.port,
    endpoints.business_unit,
    endpoints.ca_vendor,
    endpoints.common_name,
    endpoints.serial_number,
    endpoints.valid_to_at,
    endpoints.days_left,
    endpoints.automation_state,
    coalesce(certificates.is_revoked, false) as is_revoked,
    endpoints.expiry_bucket = 'expired' as is_expired -- Whether the end has passed.
from core.endpoints as endpoints
left join core.certificates as certificates on endpoints.certificate_key = certificates.certificate_key
where
    endpoints.protection = 'certificate'
    and (endpoints.expiry_bucket = 'expired' or coalesce(certificates.is_revoked, false))
