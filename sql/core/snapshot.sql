-- An endpoint of the newest snapshot as its current version says: core.endpoints without what the passing of time changes.
-- What counts and finds in every run reads this, because the versions are a table already. An endpoint that an incomplete run did not
-- see keeps its version open, and is not in the snapshot (core.unread_endpoints).
-- grain: one endpoint of the newest snapshot
-- kind: view
select
    versions.account,
    versions.endpoint_key,
    versions.host_name,
    versions.domain_name,
    versions.ip,
    versions.business_unit,
    versions.protection,
    versions.automation_state,
    versions.automation_status,
    versions.automation_outcome,
    versions.discovery_status,
    versions.discovery_error,
    versions.certificate_key,
    versions.trust,
    versions.valid_to_at,
    versions.is_revoked,
    versions.profile_id,
    versions.issuing_profile_id
from core.endpoint_history as versions
left join core.unread_endpoints as unread
    on unread.endpoint_key = versions.endpoint_key
where versions.to_run_id is null and not versions.is_removed and unread.endpoint_key is null
