-- The endpoints at an instant: core.endpoints as of each account's newest complete run that started at or before `ts` (naive UTC).
-- Ages and days left count from the newest of these runs. The rules of today judge: trust and automation states are worked out anew from the
-- words of then; what policy.toml decides (unit by mapping, owner by tag) is as it was. Limit: last_discovered_at is null, each scan moves it.
-- Use: from core.endpoints_as_of(timestamp '2026-11-02 23:59:59'). A bare day is the midnight that it begins with, before its runs.
-- The file must be open under its own name, or attached as tlm.
-- grain: one endpoint at the instant
-- kind: macro
-- macro: core.endpoints_as_of(ts)
with complete_runs as (
    select
        account,
        run_id,
        as_of_at
    from tlm.meta.runs
    where is_complete and as_of_at <= ts
),

current_run as (
    select
        max(run_id) as run_id,
        max(as_of_at) as as_of_at
    from complete_runs
),

newest_runs as (
    select
        account,
        max(run_id) as run_id,
        max(as_of_at) as as_of_at
    from complete_runs
    group by account
),

-- What other accounts and rules changed since counts too, unless an incomplete run of the account was accepted in between.
accounts as (
    select
        newest_runs.account,
        newest_runs.run_id,
        newest_runs.as_of_at,
        current_run.run_id as current_run_id,
        current_run.as_of_at as current_at,
        case when count(accepted.run_id) > 0 then newest_runs.run_id else current_run.run_id end as held_run_id
    from newest_runs
    cross join current_run
    left join tlm.meta.runs as accepted
        on accepted.account = newest_runs.account
        and accepted.is_accepted
        and accepted.run_id > newest_runs.run_id
        and accepted.run_id <= current_run.run_id
    group by
        newest_runs.account,
        newest_runs.run_id,
        newest_runs.as_of_at,
        current_run.run_id,
        current_run.as_of_at
),

-- Versions of one endpoint follow each other without a gap, so all that ended by then come before the one that held: the first of them
-- says since when we know it, the end of the last one that was secured or gone since when it is unsecured.
earlier as (
    select
        versions.endpoint_key,
        min(versions.from_run_id) as first_run_id,
        max(
            case when versions.is_removed or versions.protection not in ('none', 'unspecified') then versions.to_run_id end
        ) as secured_until_run_id
    from tlm.core.endpoint_history as versions
    join accounts
        on accounts.account = versions.account
        and versions.to_run_id <= accounts.held_run_id
    group by versions.endpoint_key
),

held_runs as (
    select held_run_id
    from accounts
    group by held_run_id
),

names as (
    select distinct
        lower(coalesce(issuer, '')) as issuer_name,
        lower(coalesce(ca_vendor, '')) as vendor_name,
        is_self_signed
    from tlm.core.certificate_history
),

trusts as (
    select
        names.issuer_name,
        names.vendor_name,
        names.is_self_signed,
        arg_min(issuers.trust, issuers.rule_no) as trust
    from names
    join tlm.rules.issuers as issuers
        on (issuers.matches = 'self_signed' and names.is_self_signed)
        or (
            issuers.matches = 'name'
            and (names.issuer_name like issuers.pattern or names.vendor_name like issuers.pattern)
        )
    group by
        names.issuer_name,
        names.vendor_name,
        names.is_self_signed
),

trusted as (
    select
        held_runs.held_run_id,
        versions.certificate_key,
        coalesce(trusts.trust, 'unknown') as trust
    from tlm.core.certificate_history as versions
    join held_runs
        on versions.from_run_id <= held_runs.held_run_id
        and (versions.to_run_id is null or versions.to_run_id > held_runs.held_run_id)
    left join trusts
        on trusts.issuer_name = lower(coalesce(versions.issuer, ''))
        and trusts.vendor_name = lower(coalesce(versions.ca_vendor, ''))
        and trusts.is_self_signed = versions.is_self_signed
    where not versions.is_removed
),

judged as (
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
        case
            when versions.automation_state = 'not_available' then 'not_available'
            when versions.automation_status is null or statuses.class = 'available' then 'available'
            else 'managed'
        end as automation_state,
        versions.automation_status,
        statuses.outcome as automation_outcome,
        versions.certificate_key,
        versions.certificate_match,
        versions.common_name,
        versions.serial_number,
        versions.issuer,
        versions.ca_vendor,
        coalesce(trusted.trust, versions.trust) as trust,
        versions.valid_from_at,
        versions.valid_to_at,
        tlm.core.whole_days(accounts.current_at, versions.valid_to_at) as days_left,
        versions.key_type,
        versions.key_size,
        versions.signature_algorithm,
        versions.security_rating,
        versions.business_unit,
        versions.tags,
        versions.os_name,
        versions.sensor_name,
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
        accounts.run_id as own_run_id,
        accounts.as_of_at as last_seen_at,
        accounts.current_run_id,
        accounts.current_at
    from tlm.core.endpoint_history as versions
    join accounts
        on accounts.account = versions.account
        and versions.from_run_id <= accounts.held_run_id
        and (versions.to_run_id is null or versions.to_run_id > accounts.held_run_id)
    left join tlm.rules.automation_statuses as statuses
        on statuses.status = tlm.staging.status_word(versions.automation_status)
    left join trusted
        on trusted.held_run_id = accounts.held_run_id
        and trusted.certificate_key = versions.certificate_key
    where not versions.is_removed
)

select
    judged.account,
    judged.endpoint_key,
    judged.endpoint_id,
    judged.automation_guid,
    judged.ip,
    judged.port,
    judged.host_name,
    judged.domain_name,
    judged.is_automatable,
    judged.is_unsecured,
    judged.is_discovered,
    judged.protection,
    judged.automation_state,
    judged.automation_status,
    case
        when judged.automation_state = 'managed' then coalesce(judged.automation_outcome, 'unknown')
    end as automation_outcome,
    judged.certificate_key,
    judged.certificate_match,
    judged.common_name,
    judged.serial_number,
    judged.issuer,
    judged.ca_vendor,
    judged.trust,
    judged.valid_from_at,
    judged.valid_to_at,
    judged.days_left,
    tlm.core.lifetime_days(judged.valid_from_at, judged.valid_to_at) as lifetime_days,
    case when judged.protection = 'certificate' then tlm.core.expiry_bucket(judged.days_left) end as expiry_bucket,
    tlm.core.relative_expiry_bucket(
        judged.valid_from_at, judged.valid_to_at, judged.current_at
    ) as relative_expiry_bucket,
    judged.key_type,
    judged.key_size,
    judged.signature_algorithm,
    judged.security_rating,
    judged.business_unit,
    judged.tags,
    judged.os_name,
    judged.sensor_name,
    coalesce(first_runs.as_of_at, judged.current_at) as first_seen_at,
    judged.last_seen_at,
    cast(null as timestamp) as last_discovered_at,
    judged.own_run_id <> judged.current_run_id as is_stale,
    judged.certificate_id,
    judged.thumbprint,
    judged.issuing_profile_id,
    judged.discovery_status,
    judged.discovery_error,
    unsecured_runs.as_of_at as unsecured_since_at,
    judged.os_version,
    judged.application,
    judged.agent_name,
    judged.connector_name,
    judged.source,
    judged.sans,
    judged.certificate_status,
    judged.profile_id,
    judged.profile_name,
    judged.has_owner,
    coalesce(judged.application, judged.os_name, 'unknown') as platform,
    judged.current_run_id as run_id,
    coalesce(judged.is_revoked, false) as is_revoked,
    coalesce(judged.has_undeployed_renewal, false) as has_undeployed_renewal,
    coalesce(judged.is_owned, false) as is_owned
from judged
left join earlier
    on earlier.endpoint_key = judged.endpoint_key
left join tlm.meta.runs as first_runs
    on first_runs.account = judged.account
    and first_runs.run_id = coalesce(earlier.first_run_id, judged.from_run_id)
left join tlm.meta.runs as unsecured_runs
    on unsecured_runs.account = judged.account
    and unsecured_runs.run_id = case
        when judged.protection in ('none', 'unspecified')
            then coalesce(earlier.secured_until_run_id, earlier.first_run_id, judged.from_run_id)
    end
