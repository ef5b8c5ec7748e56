-- An endpoint of the newest snapshot with its time and history: days left, buckets, when we first saw it, since when it is unsecured.
-- It reads the current versions of the history, which are a table already. An endpoint that an incomplete run did not see keeps its
-- version open, and is not in the snapshot.
-- The metrics read this view, so that back weeks need not write core.endpoints, which is the same rows as a table.
-- Ages and days left count from the current run, also for an account whose newest complete run is older (is_stale).
-- Unsecured since: the first run of the newest unbroken line of versions with protection none or unspecified. Versions of one endpoint
-- follow each other without a gap, so the line begins where the last version ends that was secured or gone; most endpoints have one version.
-- grain: one endpoint of the newest snapshot
-- kind: view
with earlier as (
    select
        endpoint_key,
        min(from_run_id) as first_run_id,
        max(case when is_removed or protection not in ('none', 'unspecified') then to_run_id end) as secured_until_run_id
    from core.endpoint_history
    where to_run_id is not null
    group by endpoint_key
),

dated as (
    select
        versions.account,
        versions.endpoint_key,
        versions.endpoint_id,
        versions.automation_guid,
        versions.ip,
        versions.port,
        versions.host_name,
        versions.domain_name,
        versions.is_automatable,
        versions.is_unsecured,
        versions.is_discovered,
        versions.protection,
        versions.automation_state,
        versions.automation_status,
        versions.automation_outcome,
        versions.certificate_key,
        versions.certificate_match,
        versions.common_name,
        versions.serial_number,
        versions.issuer,
        versions.ca_vendor,
        versions.trust,
        versions.valid_from_at,
        versions.valid_to_at,
        core.whole_days(current_run.as_of_at, versions.valid_to_at) as days_left,
        versions.key_type,
        versions.key_size,
        versions.signature_algorithm,
        versions.security_rating,
        versions.business_unit,
        versions.tags,
        versions.os_name,
        versions.sensor_name,
        states.last_discovered_at,
        versions.certificate_id,
        versions.thumbprint,
        versions.issuing_profile_id,
        versions.discovery_status,
        versions.discovery_error,
        versions.os_version,
        versions.application,
        versions.agent_name,
        versions.connector_name,
        versions.source,
        versions.sans,
        versions.certificate_status,
        versions.profile_id,
        versions.profile_name,
        versions.has_owner,
        versions.is_revoked,
        versions.has_undeployed_renewal,
        versions.is_owned,
        versions.from_run_id,
        current_run.as_of_at,
        current_run.run_id
    from core.endpoint_history as versions
    join core.endpoint_state as states
        on states.endpoint_key = versions.endpoint_key
    cross join meta.current_run as current_run
    where versions.to_run_id is null and not versions.is_removed
)

select
    dated.account, -- the account's name in the configuration
    dated.endpoint_key, -- identity of the endpoint: <account>:<id>, or <account>:@<ip or host name>:<port>/<domain name>
    dated.endpoint_id, -- the API's identifier of the endpoint
    dated.automation_guid,
    dated.ip,
    dated.port,
    dated.host_name,
    dated.domain_name,
    dated.is_automatable,
    dated.is_unsecured,
    dated.is_discovered,
    dated.protection,
    dated.automation_state,
    dated.automation_status,
    dated.automation_outcome,
    dated.certificate_key, -- identity of its certificate, as in core.certificates
    dated.certificate_match,
    dated.common_name,
    dated.serial_number,
    dated.issuer,
    dated.ca_vendor,
    dated.trust,
    dated.valid_from_at,
    dated.valid_to_at,
    dated.days_left, -- whole days from the run to the end of its certificate, rounded down; below 0 is expired
    core.lifetime_days(dated.valid_from_at, dated.valid_to_at) as lifetime_days, -- days of its certificate's validity, both ends counted
    case when dated.protection = 'certificate' then core.expiry_bucket(dated.days_left) end as expiry_bucket, -- by days left; null without certificate
    core.relative_expiry_bucket(
        dated.valid_from_at, dated.valid_to_at, dated.as_of_at
    ) as relative_expiry_bucket, -- by the share of the lifetime that is left; null when expired or a date is unknown
    dated.key_type,
    dated.key_size,
    dated.signature_algorithm,
    dated.security_rating,
    dated.business_unit,
    dated.tags,
    dated.os_name,
    dated.sensor_name,
    coalesce(first_runs.as_of_at, dated.as_of_at) as first_seen_at, -- start of the run that first saw it
    accounts.as_of_at as last_seen_at, -- start of the newest run that saw it
    dated.last_discovered_at, -- when a scan last saw it, says the API
    accounts.is_stale, -- its account's newest complete run is older than this run
    dated.certificate_id,
    dated.thumbprint,
    dated.issuing_profile_id,
    dated.discovery_status,
    dated.discovery_error,
    unsecured_runs.as_of_at as unsecured_since_at, -- start of the run since which it has had protection none or unspecified without a break
    dated.os_version,
    dated.application,
    dated.agent_name,
    dated.connector_name,
    dated.source,
    dated.sans,
    dated.certificate_status,
    dated.profile_id,
    dated.profile_name,
    dated.has_owner,
    coalesce(dated.application, dated.os_name, 'unknown') as platform, -- application, else operating system, else unknown
    dated.run_id, -- the run that this row was built for
    coalesce(dated.is_revoked, false) as is_revoked, -- its certificate is revoked, says a certificate search or an endpoint
    coalesce(dated.has_undeployed_renewal, false) as has_undeployed_renewal, -- a newer certificate of its name is on no endpoint
    coalesce(dated.is_owned, false) as is_owned -- its certificate has a unit and an owner in this account
from dated
join meta.build_accounts as accounts
    on accounts.account = dated.account
left join earlier
    on earlier.endpoint_key = dated.endpoint_key
left join meta.runs as first_runs
    on first_runs.account = dated.account
    and first_runs.run_id = coalesce(earlier.first_run_id, dated.from_run_id)
left join meta.runs as unsecured_runs
    on unsecured_runs.account = dated.account
    and unsecured_runs.run_id = case
        when dated.protection in ('none', 'unspecified')
            then coalesce(earlier.secured_until_run_id, earlier.first_run_id, dated.from_run_id)
    end
