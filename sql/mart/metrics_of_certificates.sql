-- Metrics that count certificates on endpoints of a scope: how many, owners, validity, keys and signatures, issuers, sharing, and the renewals
-- a week.
-- A certificate counts once in a scope, however many of its endpoints carry it. For all, it is owned when it is in one of its accounts.
-- grain: one value of one metric in one scope
-- kind: view
with owned as (
    select certificate_key
    from core.certificate_accounts
    where is_owned
    group by certificate_key
),

known as (
    select
        endpoints.account,
        endpoints.business_unit,
        endpoints.certificate_key,
        certificates.endpoint_count = 1 as is_alone,
        certificates.issuer,
        certificates.is_wildcard,
        certificates.is_self_signed,
        holdings.is_owned as is_owned_here,
        owned.certificate_key is not null as is_owned_anywhere,
        not measures.is_approved as is_unapproved,
        measures.is_public,
        measures.is_public and measures.has_validity as is_public_dated,
        measures.is_over_limit,
        measures.is_key_known,
        measures.is_weak_key,
        measures.is_key_known and measures.strength_bits = 112 as is_strength_112,
        measures.is_quantum_vulnerable,
        measures.is_signature_known,
        measures.is_weak_signature
    from core.snapshot as endpoints
    join core.certificates as certificates
        on certificates.certificate_key = endpoints.certificate_key
    join core.certificate_measures as measures
        on measures.certificate_key = endpoints.certificate_key
    join core.certificate_accounts as holdings
        on holdings.account = endpoints.account
        and holdings.certificate_key = endpoints.certificate_key
    left join owned
        on owned.certificate_key = endpoints.certificate_key
),

-- a certificate of several endpoints once in each scope
shared as (
    select
        case
            when grouping(account) = 1 then 'all'
            when grouping(business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        account,
        business_unit,
        certificate_key,
        issuer,
        count(*) as endpoints,
        case when grouping(account) = 1 then bool_or(is_owned_anywhere) else bool_or(is_owned_here) end as is_owned,
        bool_or(is_wildcard) as is_wildcard,
        bool_or(is_self_signed) as is_self_signed,
        bool_or(is_unapproved) as is_unapproved,
        bool_or(is_public) as is_public,
        bool_or(is_public_dated) as is_public_dated,
        bool_or(is_over_limit) as is_over_limit,
        bool_or(is_key_known) as is_key_known,
        bool_or(is_weak_key) as is_weak_key,
        bool_or(is_strength_112) as is_strength_112,
        bool_or(is_quantum_vulnerable) as is_quantum_vulnerable,
        bool_or(is_signature_known) as is_signature_known,
        bool_or(is_weak_signature) as is_weak_signature
    from known
    where not is_alone
    group by grouping sets (
        (certificate_key, issuer),
        (account, certificate_key, issuer),
        (account, business_unit, certificate_key, issuer)
    )
),

-- certificates by scope and issuer; one that is on a single endpoint is the same in all three scopes
issued as (
    select
        scope,
        account,
        business_unit,
        issuer,
        count(*) as certificates,
        max(endpoints) as most_endpoints,
        count(*) filter (where is_owned) as owned,
        count(*) filter (where is_wildcard) as wildcards,
        count(*) filter (where is_self_signed) as self_signed,
        count(*) filter (where is_unapproved) as unapproved,
        count(*) filter (where is_public) as public_ones,
        count(*) filter (where is_public_dated) as public_dated,
        count(*) filter (where is_over_limit) as over_limit,
        count(*) filter (where is_key_known) as keys_known,
        count(*) filter (where is_weak_key) as weak_keys,
        count(*) filter (where is_strength_112) as strength_112,
        count(*) filter (where is_quantum_vulnerable) as quantum_vulnerable,
        count(*) filter (where is_signature_known) as signatures_known,
        count(*) filter (where is_weak_signature) as weak_signatures
    from shared
    group by
        scope,
        account,
        business_unit,
        issuer
    union all
    select
        case
            when grouping(account) = 1 then 'all'
            when grouping(business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        account,
        business_unit,
        issuer,
        count(*) as certificates,
        1 as most_endpoints,
        case
            when grouping(account) = 1 then count(*) filter (where is_owned_anywhere)
            else count(*) filter (where is_owned_here)
        end as owned,
        count(*) filter (where is_wildcard) as wildcards,
        count(*) filter (where is_self_signed) as self_signed,
        count(*) filter (where is_unapproved) as unapproved,
        count(*) filter (where is_public) as public_ones,
        count(*) filter (where is_public_dated) as public_dated,
        count(*) filter (where is_over_limit) as over_limit,
        count(*) filter (where is_key_known) as keys_known,
        count(*) filter (where is_weak_key) as weak_keys,
        count(*) filter (where is_strength_112) as strength_112,
        count(*) filter (where is_quantum_vulnerable) as quantum_vulnerable,
        count(*) filter (where is_signature_known) as signatures_known,
        count(*) filter (where is_weak_signature) as weak_signatures
    from known
    where is_alone
    group by grouping sets ((issuer), (account, issuer), (account, business_unit, issuer))
),

counted as (
    select
        scope,
        account,
        business_unit,
        max(most_endpoints) as most_endpoints,
        cast(sum(certificates) as bigint) as certificates,
        cast(sum(owned) as bigint) as owned,
        cast(sum(wildcards) as bigint) as wildcards,
        cast(sum(self_signed) as bigint) as self_signed,
        cast(sum(unapproved) as bigint) as unapproved,
        cast(sum(public_ones) as bigint) as public_ones,
        cast(sum(public_dated) as bigint) as public_dated,
        cast(sum(over_limit) as bigint) as over_limit,
        cast(sum(keys_known) as bigint) as keys_known,
        cast(sum(weak_keys) as bigint) as weak_keys,
        cast(sum(strength_112) as bigint) as strength_112,
        cast(sum(quantum_vulnerable) as bigint) as quantum_vulnerable,
        cast(sum(signatures_known) as bigint) as signatures_known,
        cast(sum(weak_signatures) as bigint) as weak_signatures
    from issued
    group by
        scope,
        account,
        business_unit
),

by_issuer as (
    select
        scope,
        account,
        business_unit,
        cast(sum(certificates) as bigint) as certificates
    from issued
    where issuer is not null
    group by
        scope,
        account,
        business_unit,
        issuer
),

largest as (
    select
        scope,
        account,
        business_unit,
        max(certificates) as certificates
    from by_issuer
    group by
        scope,
        account,
        business_unit
),

-- every scope, also one without a certificate
totals as (
    select
        scopes.scope,
        scopes.account,
        scopes.business_unit,
        coalesce(counted.certificates, 0) as certificates,
        coalesce(counted.owned, 0) as owned,
        coalesce(counted.most_endpoints, 0) as most_endpoints,
        coalesce(counted.wildcards, 0) as wildcards,
        coalesce(counted.self_signed, 0) as self_signed,
        coalesce(counted.unapproved, 0) as unapproved,
        coalesce(counted.public_ones, 0) as public_ones,
        coalesce(counted.public_dated, 0) as public_dated,
        coalesce(counted.over_limit, 0) as over_limit,
        coalesce(counted.keys_known, 0) as keys_known,
        coalesce(counted.weak_keys, 0) as weak_keys,
        coalesce(counted.strength_112, 0) as strength_112,
        coalesce(counted.quantum_vulnerable, 0) as quantum_vulnerable,
        coalesce(counted.signatures_known, 0) as signatures_known,
        coalesce(counted.weak_signatures, 0) as weak_signatures,
        coalesce(largest.certificates, 0) as of_largest_ca,
        policy.approved_cas <> [] as names_approved_cas,
        policy.lead_days
    from mart.metric_scopes as scopes
    cross join rules.policy as policy
    left join counted
        on counted.scope = scopes.scope
        and counted.account is not distinct from scopes.account
        and counted.business_unit is not distinct from scopes.business_unit
    left join largest
        on largest.scope = scopes.scope
        and largest.account is not distinct from scopes.account
        and largest.business_unit is not distinct from scopes.business_unit
),

measured as (
    select
        scope,
        account,
        business_unit,
        unnest([
            {'metric': 'inventory.certificates', 'numerator': certificates, 'denominator': null},
            {'metric': 'inventory.ownership', 'numerator': owned, 'denominator': certificates},
            {'metric': 'validity.over_limit', 'numerator': over_limit, 'denominator': public_dated},
            {'metric': 'crypto.weak_key', 'numerator': weak_keys, 'denominator': keys_known},
            {'metric': 'crypto.weak_signature', 'numerator': weak_signatures, 'denominator': signatures_known},
            {'metric': 'crypto.strength_112', 'numerator': strength_112, 'denominator': keys_known},
            {'metric': 'crypto.quantum_vulnerable', 'numerator': quantum_vulnerable, 'denominator': keys_known},
            {'metric': 'trust.self_signed', 'numerator': self_signed, 'denominator': certificates},
            case
                when names_approved_cas
                    then {'metric': 'trust.unapproved_ca', 'numerator': unapproved, 'denominator': certificates}
            end,
            {'metric': 'trust.largest_ca_share', 'numerator': of_largest_ca, 'denominator': certificates},
            {'metric': 'blast.endpoints_per_certificate_max', 'numerator': most_endpoints, 'denominator': null},
            {'metric': 'blast.wildcards', 'numerator': wildcards, 'denominator': null}
        ]) as measure
    from totals
)

select
    scope, -- all, account or business_unit
    account, -- set in the scopes account and business_unit
    business_unit, -- set in the scope business_unit: the unit's name
    measure.metric as metric, -- name of the metric
    cast(null as varchar) as dimension, -- what the members are of
    cast(null as varchar) as member, -- member of the dimension
    measure.numerator as numerator, -- the count, or the numerator of the share
    measure.denominator as denominator -- denominator of the share; null for a count
from measured
where measure is not null
union all
-- renewals a week if every public certificate were valid for the limit and renewed with the policy's lead, or a third of the limit
select
    totals.scope,
    totals.account,
    totals.business_unit,
    'renewal.workload_weekly' as metric,
    'limit' as dimension,
    cast(limits.limit_days as varchar) as member,
    totals.public_ones * 7 as numerator,
    limits.limit_days - least(totals.lead_days, limits.limit_days // 3) as denominator
from totals
join rules.validity_limits as limits
    on limits.effective_from is not null
