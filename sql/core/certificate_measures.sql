-- A certificate judged by the dated rules: its key, signature, validity, purposes and issuer. Metrics and findings read this.
-- Each is judged by the rules of its own first day, or all by those of one day where a report asks for it (meta.current_run.rules_on).
-- Days are those of UTC, as in the certificate itself; without a first day those of the run. Unknown stays unknown: a rule on an unknown
-- key, signature, date or issuer says nothing.
-- grain: one certificate
-- kind: table
-- check: unique(certificate_key)
-- check: not_null(certificate_key, is_public, is_key_known, is_weak_key, is_signature_known, is_weak_signature, is_over_limit, is_approved)
-- check: holds(not is_over_limit or (is_public and has_validity))
with described as (
    select
        certificates.certificate_key,
        certificates.trust = 'public' as is_public,
        certificates.valid_from_at,
        certificates.valid_to_at,
        certificates.lifetime_days,
        regexp_replace(upper(certificates.key_type), '[^A-Z0-9]', '', 'g') as key_type,
        certificates.key_size,
        regexp_replace(upper(certificates.signature_algorithm), '[^A-Z0-9]', '', 'g') as signature,
        lower(coalesce(certificates.issuer, '')) as issuer_name,
        lower(coalesce(certificates.ca_vendor, '')) as vendor_name,
        coalesce(
            regexp_replace(lower(certificates.extended_key_usage), '[^a-z0-9.]', '', 'g') like '%clientauth%'
            or regexp_matches(certificates.extended_key_usage, '(^|[^0-9.])1[.]3[.]6[.]1[.]5[.]5[.]7[.]3[.]2([^0-9.]|$)'),
            false
        ) as has_client_auth,
        coalesce(
            current_run.rules_on, cast(certificates.valid_from_at as date), cast(current_run.as_of_at as date)
        ) as judged_on,
        coalesce(current_run.rules_on, cast(current_run.as_of_at as date)) as run_on
    from core.certificates as certificates
    cross join meta.current_run as current_run
),

named_types as (
    select distinct key_type
    from described
    where key_type is not null
),

algorithms as (
    select
        named_types.key_type,
        arg_min(key_types.algorithm, key_types.rule_no) as algorithm,
        arg_min(key_types.is_sized, key_types.rule_no) as is_sized,
        arg_min(key_types.is_quantum_vulnerable, key_types.rule_no) as is_quantum_vulnerable
    from named_types
    join rules.key_types as key_types
        on named_types.key_type like key_types.pattern
    group by named_types.key_type
),

keyed as (
    select
        described.certificate_key,
        described.is_public,
        described.valid_from_at,
        described.valid_to_at,
        described.lifetime_days,
        described.key_size,
        described.signature,
        described.issuer_name,
        described.vendor_name,
        described.has_client_auth,
        described.judged_on,
        described.run_on,
        greatest(coalesce(cast(described.valid_to_at as date), described.run_on), described.run_on) as in_use_on,
        algorithms.algorithm is not null and (described.key_size is not null or not algorithms.is_sized) as is_key_known,
        algorithms.algorithm,
        coalesce(algorithms.is_quantum_vulnerable, false) as is_quantum_vulnerable
    from described
    left join algorithms
        on algorithms.key_type = described.key_type
),

-- a signature that several rules call weak is as grave as the gravest of them
weak_signatures as (
    select
        signed.signature,
        signed.judged_on,
        min(
            {'severity_no': core.severity_no(signature_rules.severity), 'severity': signature_rules.severity}
        ) as gravest_rule
    from (select distinct signature, judged_on from keyed where signature is not null) as signed
    join rules.signature_rules as signature_rules
        on signed.signature like signature_rules.pattern
        and signed.judged_on >= coalesce(signature_rules.effective_from, date '0001-01-01')
        and signed.judged_on < coalesce(signature_rules.effective_to, date '9999-12-31')
    group by
        signed.signature,
        signed.judged_on
),

-- of the rules of a CA the first to come, of those of one day the gravest
client_authorities as (
    select
        issued.issuer_name,
        issued.vendor_name,
        min({
            'ends_on': client_auth.effective_from,
            'severity_no': core.severity_no(client_auth.severity),
            'severity': client_auth.severity
        }) as first_rule
    from (select distinct issuer_name, vendor_name, run_on from keyed where is_public and has_client_auth) as issued
    join rules.client_auth as client_auth
        on (issued.issuer_name like client_auth.issued_by or issued.vendor_name like client_auth.issued_by)
        and issued.run_on < coalesce(client_auth.effective_to, date '9999-12-31')
    group by
        issued.issuer_name,
        issued.vendor_name
),

-- a strength of several periods ends with the first of them
strengths as (
    select
        algorithm,
        strength_bits,
        min_size,
        max_size,
        min({'ends_on': effective_from, 'severity': severity}) as first_rule
    from rules.key_strengths
    group by
        algorithm,
        strength_bits,
        min_size,
        max_size
),

policy as (
    select
        list_transform(approved_cas, lambda name: lower(name)) as approved_names
    from rules.policy
)

select
    keyed.certificate_key, -- identity of the certificate
    keyed.is_public, -- publicly trusted, by rules.issuers
    keyed.valid_from_at is not null and keyed.valid_to_at is not null as has_validity, -- both dates are known
    limits.limit_days, -- longest validity for a public certificate of its first day
    coalesce(
        keyed.is_public and keyed.valid_from_at is not null and keyed.lifetime_days > limits.limit_days, false
    ) as is_over_limit, -- public, and valid for longer than that
    limits.severity as over_limit_severity, -- how grave that is
    keyed.algorithm, -- RSA, EC, DSA, EDDSA or PQC; null when no rule knows the type
    keyed.is_key_known, -- a rule knows its type, and its size is known where the type needs one
    keyed.is_key_known and coalesce(
        not key_rules.is_allowed
        or coalesce(keyed.key_size < key_rules.min_size, false)
        or coalesce(keyed.key_size % nullif(key_rules.multiple_of, 0) <> 0, false)
        or coalesce(not list_contains(key_rules.sizes, keyed.key_size), false),
        false
    ) as is_weak_key, -- by rules.key_rules
    key_rules.severity as weak_key_severity, -- how grave a weak key of its algorithm is
    strengths.strength_bits, -- by rules.key_strengths; null where none is listed
    strengths.first_rule.ends_on as strength_ends_on, -- first day on which that strength no longer does
    coalesce(keyed.in_use_on >= strengths.first_rule.ends_on, false) as is_strength_ending, -- it is in use on that day or later
    strengths.first_rule.severity as strength_severity, -- how grave that is
    keyed.is_key_known and keyed.is_quantum_vulnerable as is_quantum_vulnerable, -- RSA, EC, DSA or EdDSA
    keyed.signature is not null as is_signature_known, -- its signature algorithm is known
    weak_signatures.gravest_rule.severity is not null as is_weak_signature, -- by rules.signature_rules
    weak_signatures.gravest_rule.severity as weak_signature_severity, -- how grave that is
    keyed.has_client_auth, -- its purposes name client authentication
    client_authorities.first_rule.ends_on as client_auth_ends_on, -- first day on which its CA issues no such public certificate
    coalesce(
        keyed.is_public and keyed.has_client_auth and keyed.in_use_on >= client_authorities.first_rule.ends_on, false
    ) as is_client_auth_ending, -- it is in use on that day or later
    client_authorities.first_rule.severity as client_auth_severity, -- how grave that is
    coalesce(
        policy.approved_names = []
        or list_contains(policy.approved_names, keyed.issuer_name)
        or list_contains(policy.approved_names, keyed.vendor_name),
        true
    ) as is_approved -- issuer or CA vendor is one of the policy's approved CAs, or the policy names none
from keyed
cross join policy
left join rules.validity_limits as limits
    on keyed.judged_on >= coalesce(limits.effective_from, date '0001-01-01')
    and keyed.judged_on < coalesce(limits.effective_to, date '9999-12-31')
left join rules.key_rules as key_rules
    on key_rules.algorithm = keyed.algorithm
    and keyed.judged_on >= coalesce(key_rules.effective_from, date '0001-01-01')
    and keyed.judged_on < coalesce(key_rules.effective_to, date '9999-12-31')
left join strengths
    on strengths.algorithm = keyed.algorithm
    and keyed.key_size between strengths.min_size and strengths.max_size
left join weak_signatures
    on weak_signatures.signature = keyed.signature
    and weak_signatures.judged_on = keyed.judged_on
left join client_authorities
    on client_authorities.issuer_name = keyed.issuer_name
    and client_authorities.vendor_name = keyed.vendor_name
