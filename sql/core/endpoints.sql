-- An endpoint in the newest complete snapshot of its account: where it is, what certificate it carries, how it is managed, how long it has left.
-- Categories overlap, so an endpoint is one row whatever lists it is in. Unknown stays unknown: nothing is filled in or left out.
-- Columns with the API's words keep them as received; compare status words upper-cased with underscores (staging.status_word).
-- Limits: discovery_status, discovery_error and most identifiers are assumed fields, an account may have none of them.
-- grain: one endpoint of the newest snapshot
-- kind: table
-- check: unique(endpoint_key)
-- check: not_null(account, endpoint_key, protection, automation_state, business_unit, first_seen_at, last_seen_at, is_stale, run_id)
-- check: accepted(expiry_bucket, 'expired', 'd0_7', 'd8_14', 'd15_30', 'd31_60', 'd61_90', 'over_90', 'unknown')
-- check: accepted(relative_expiry_bucket, 'under_10pct', 'under_third', 'under_half', 'rest')
-- check: found_in(certificate_key, core.certificates.certificate_key)
-- check: holds((protection = 'certificate') = (certificate_key is not null))
-- check: holds((protection = 'certificate') = (expiry_bucket is not null))
-- check: holds(valid_from_at < valid_to_at)
select
    account,
    endpoint_key,
    endpoint_id,
    automation_guid,
    ip,
    port,
    host_name,
    domain_name,
    is_automatable,
    is_unsecured,
    is_discovered,
    protection,
    automation_state,
    automation_status,
    automation_outcome,
    certificate_key,
    certificate_match,
    common_name,
    serial_number,
    issuer,
    ca_vendor,
    trust,
    valid_from_at,
    valid_to_at,
    days_left,
    lifetime_days,
    expiry_bucket,
    relative_expiry_bucket,
    key_type,
    key_size,
    signature_algorithm,
    security_rating,
    business_unit,
    tags,
    os_name,
    sensor_name,
    first_seen_at,
    last_seen_at,
    last_discovered_at,
    is_stale,
    certificate_id,
    thumbprint,
    issuing_profile_id,
    discovery_status,
    discovery_error,
    unsecured_since_at,
    os_version,
    application,
    agent_name,
    connector_name,
    source,
    sans,
    certificate_status,
    profile_id,
    profile_name,
    has_owner,
    platform,
    run_id,
    is_revoked,
    has_undeployed_renewal,
    is_owned
from core.endpoint_measures
order by
    valid_to_at,
    endpoint_key
