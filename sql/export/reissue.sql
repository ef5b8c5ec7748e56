-- Endpoints whose certificate can be issued anew with the same dates: the automation solution can reach the endpoint and its GUID is known.
-- Selected: publicly trusted, more than 30 days left (a renewal would replace the rest soon anyway), and longer than the limit of its issue date, or weak:
-- RSA below 2048 bits or not divisible by 8, EC other than P-256, P-384, P-521, DSA; MD5 or SHA-1 signatures. An unknown key or signature is not weak.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
with

eligible as (
    select
        endpoint_key,
        trust,
        days_left,
        lifetime_days,
        valid_from_at,
        key_type,
        signature_algorithm,
        upper(key_type) as key_family,
        try_cast(key_size as integer) as key_bits
    from core.endpoints
    where protection = 'certificate' and automation_state <> 'not_available' and automation_guid is not null
),

weaknesses as (
    select
        eligible.endpoint_key,
        eligible.trust,
        eligible.days_left,
        case
            when eligible.lifetime_days > limits.limit_days
                then limits.limit_days || '-day limit exceeded: ' || eligible.lifetime_days || ' days'
        end as over_limit,
        case
            when eligible.key_family = 'DSA'
                or (eligible.key_family = 'RSA' and (eligible.key_bits < 2048 or eligible.key_bits % 8 <> 0))
                or (eligible.key_family in ('EC', 'ECC', 'ECDSA') and eligible.key_bits not in (256, 384, 521))
                then 'weak key: ' || concat_ws(' ', eligible.key_type, eligible.key_bits)
        end as weak_key,
        case
            when regexp_matches(lower(eligible.signature_algorithm), 'md5|sha-?1([^0-9]|$)')
                then 'weak signature: ' || eligible.signature_algorithm
        end as weak_signature
    from eligible
    left join rules.validity_limits as limits
        on
            (limits.effective_from is null or eligible.valid_from_at >= limits.effective_from)
            and (limits.effective_to is null or eligible.valid_from_at < limits.effective_to)
),

reasons as (
    select
        endpoint_key,
        days_left,
        trust = 'public' and coalesce(over_limit, weak_key, weak_signature) is not null and coalesce(days_left, 0) > 30
            as is_selected,
        concat_ws('; ', over_limit, weak_key, weak_signature) as weakness
    from weaknesses
)

select
    endpoint_key,
    is_selected, -- whether the default selection has it
    case when is_selected then weakness else 'selected with --where: ' || export.expiry_words(days_left) end as reason -- why the row is there
from reasons
