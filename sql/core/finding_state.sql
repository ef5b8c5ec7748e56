-- What the rules of rules.findings find in the newest endpoints. A finding about a certificate is one for each account in which an
-- endpoint carries it, in the unit of the first such endpoint by key, and counts in the units of all; certificates on no endpoint are not
-- looked at.
-- Rules are in force by the day of the run in UTC, as the dated rules judge (core.certificate_measures).
-- A reason holds no number that changes by the mere passing of time, so that a finding stays the same from run to run. Nor is it another
-- one when its certificate is known under another key than in the run before (core.certificate_aliases): its key is that of before.
-- grain: one rule and one endpoint, or one rule, account and certificate
-- kind: view
with in_force as (
    select
        findings.id,
        findings.severity,
        findings.sentence
    from rules.findings as findings
    cross join meta.current_run as current_run
    where
        coalesce(current_run.rules_on, cast(current_run.as_of_at as date))
        >= coalesce(findings.effective_from, date '0001-01-01')
        and coalesce(current_run.rules_on, cast(current_run.as_of_at as date))
        < coalesce(findings.effective_to, date '9999-12-31')
),

of_endpoints as (
    select
        endpoints.account,
        endpoints.business_unit,
        endpoints.endpoint_key,
        endpoints.certificate_key,
        unnest([
            case
                when endpoints.valid_to_at < current_run.as_of_at and endpoints.certificate_key is not null
                    then {
                        'rule': 'certificate_expired',
                        'reason': 'ended ' || strftime(endpoints.valid_to_at, '%Y-%m-%d %H:%M') || ' UTC'
                    }
            end,
            case
                when endpoints.is_revoked and endpoints.certificate_key is not null
                    then {'rule': 'certificate_revoked', 'reason': 'its certificate is revoked'}
            end,
            case
                when endpoints.certificate_key is not null
                    and endpoints.automation_state <> 'managed'
                    and core.whole_days(current_run.as_of_at, endpoints.valid_to_at) between 0 and 30
                    then {
                        'rule': 'expiring_by_hand',
                        'reason': 'ends ' || strftime(endpoints.valid_to_at, '%Y-%m-%d %H:%M')
                            || ' UTC, automation ' || replace(endpoints.automation_state, '_', ' ')
                    }
            end,
            case
                when endpoints.protection = 'none' then {'rule': 'unsecured', 'reason': 'no certificate'}
                when endpoints.protection = 'unspecified'
                    then {'rule': 'unsecured', 'reason': 'listed as unsecured without saying why'}
                when endpoints.protection = 'discovery_error'
                    then {
                        'rule': 'discovery_error',
                        'reason': coalesce(endpoints.discovery_error, endpoints.discovery_status, 'discovery failed')
                    }
            end,
            case
                when endpoints.automation_state = 'managed' and endpoints.automation_outcome in ('failed', 'attention')
                    then {
                        'rule': 'automation_failing',
                        'reason': 'status ' || coalesce(endpoints.automation_status, endpoints.automation_outcome)
                    }
            end,
            case
                when holdings.has_undeployed_renewal
                    then {'rule': 'renewed_not_deployed', 'reason': 'a newer certificate of its name is on no endpoint'}
            end
        ]) as found
    from core.snapshot as endpoints
    cross join meta.current_run as current_run
    left join core.certificate_accounts as holdings
        on holdings.account = endpoints.account
        and holdings.certificate_key = endpoints.certificate_key
),

held as (
    select
        account,
        certificate_key,
        arg_min(business_unit, endpoint_key) as business_unit
    from core.snapshot
    where certificate_key is not null
    group by
        account,
        certificate_key
),

shared as (
    select
        endpoints.account,
        endpoints.certificate_key,
        list(distinct endpoints.business_unit order by endpoints.business_unit) as business_units
    from core.snapshot as endpoints
    join core.certificate_accounts as holdings
        on holdings.account = endpoints.account
        and holdings.certificate_key = endpoints.certificate_key
    where holdings.endpoint_count > 1
    group by
        endpoints.account,
        endpoints.certificate_key
    having count(distinct endpoints.business_unit) > 1
),

of_certificates as (
    select
        held.account,
        held.business_unit,
        held.certificate_key,
        unnest([
            case
                when measures.is_over_limit
                    then {
                        'rule': 'validity_over_limit',
                        'severity': measures.over_limit_severity,
                        'reason': 'valid for ' || certificates.lifetime_days || ' days, limit ' || measures.limit_days
                    }
            end,
            case
                when measures.is_weak_key
                    then {
                        'rule': 'weak_key',
                        'severity': measures.weak_key_severity,
                        'reason': concat_ws(' ', certificates.key_type, cast(certificates.key_size as varchar))
                    }
            end,
            case
                when measures.is_weak_signature
                    then {
                        'rule': 'weak_signature',
                        'severity': measures.weak_signature_severity,
                        'reason': certificates.signature_algorithm
                    }
            end,
            case
                when certificates.is_self_signed
                    then {
                        'rule': 'self_signed',
                        'severity': null,
                        'reason': 'issued by ' || coalesce(certificates.issuer, certificates.ca_vendor)
                    }
            end,
            case
                when not measures.is_approved
                    then {
                        'rule': 'unapproved_ca',
                        'severity': null,
                        'reason': 'issued by ' || coalesce(certificates.issuer, certificates.ca_vendor, 'an unknown CA')
                    }
            end,
            case
                when measures.is_client_auth_ending
                    then {
                        'rule': 'client_auth',
                        'severity': measures.client_auth_severity,
                        'reason': 'its CA issues none from ' || strftime(measures.client_auth_ends_on, '%Y-%m-%d')
                    }
            end,
            case
                when measures.is_strength_ending
                    then {
                        'rule': 'strength_112',
                        'severity': measures.strength_severity,
                        'reason': concat_ws(' ', certificates.key_type, cast(certificates.key_size as varchar))
                            || ', ends with the day before ' || strftime(measures.strength_ends_on, '%Y-%m-%d')
                    }
            end,
            case
                when not holdings.is_owned
                    then {
                        'rule': 'no_owner',
                        'severity': null,
                        'reason': concat_ws(
                            ' and ',
                            case when holdings.business_unit is null then 'no business unit' end,
                            case when not holdings.has_owner then 'no owner' end
                        )
                    }
            end
        ]) as found
    from held
    join core.certificates as certificates
        on certificates.certificate_key = held.certificate_key
    join core.certificate_measures as measures
        on measures.certificate_key = held.certificate_key
    join core.certificate_accounts as holdings
        on holdings.account = held.account
        and holdings.certificate_key = held.certificate_key
)

select
    of_endpoints.found.rule || '|' || of_endpoints.endpoint_key as finding_key, -- what is the same finding in every run
    in_force.id as rule, -- id in rules.findings
    in_force.severity, -- critical, high, medium or low
    of_endpoints.account, -- the account's name in the configuration
    of_endpoints.business_unit, -- the endpoint's unit; of a certificate that of its first endpoint by key
    of_endpoints.endpoint_key, -- the endpoint; null for a finding about a certificate
    of_endpoints.certificate_key, -- the certificate, also the one that an endpoint of a finding carries
    cast(null as varchar[]) as business_units, -- units of all endpoints that carry the certificate, sorted, where there are several; else null
    of_endpoints.found.reason as reason -- what was found
from of_endpoints
join in_force
    on in_force.id = of_endpoints.found.rule
union all
select
    of_certificates.found.rule || '|' || of_certificates.account || '|'
    || coalesce(aliases.other_key, of_certificates.certificate_key) as finding_key,
    in_force.id as rule,
    coalesce(of_certificates.found.severity, in_force.severity) as severity,
    of_certificates.account,
    of_certificates.business_unit,
    null as endpoint_key,
    of_certificates.certificate_key,
    shared.business_units,
    of_certificates.found.reason as reason
from of_certificates
join in_force
    on in_force.id = of_certificates.found.rule
left join core.certificate_aliases as aliases
    on aliases.account = of_certificates.account
    and aliases.certificate_key = of_certificates.certificate_key
    and aliases.is_renamed
left join shared
    on shared.account = of_certificates.account
    and shared.certificate_key = of_certificates.certificate_key
