-- What every job CSV says of an endpoint beside its action, for all endpoints of the newest snapshot; the views of the actions choose among them.
-- Only account, endpoint_key, certificate_key and run_id identify the row (with the action and the checksum); the rest is for reading.
-- grain: one endpoint of the newest snapshot
-- kind: view
-- check: unique(endpoint_key)
select
    endpoints.account,
    endpoints.endpoint_key,
    endpoints.certificate_key,
    endpoints.run_id,
    endpoints.automation_guid,
    endpoints.ip,
    endpoints.port,
    endpoints.host_name,
    endpoints.domain_name,
    endpoints.common_name,
    endpoints.serial_number,
    endpoints.valid_to_at,
    endpoints.days_left,
    endpoints.business_unit,
    endpoints.issuer,
    endpoints.ca_vendor,
    endpoints.trust,
    endpoints.protection,
    endpoints.automation_state,
    endpoints.automation_status,
    coalesce(endpoints.profile_name, endpoints.profile_id) as current_profile, -- profile that the automation names, else its certificate's: the name, else the identifier
    array_to_string(endpoints.tags, ';') as current_tags -- tags of its certificate, separated by ;
from core.endpoints as endpoints
