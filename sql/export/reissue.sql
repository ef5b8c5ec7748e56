-- Endpoints whose certificate can be issued anew with the same dates: the automation solution can reach the endpoint and its GUID is known.
-- Selected: publicly trusted, more than 30 days left (a renewal would replace the rest soon anyway), and longer than the limit of its first
-- day, or its key or signature is weak, as core.certificate_measures judges them for the metrics and findings. What is unknown is not weak.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
with

eligible as (
    select
        endpoint_key,
        certificate_key,
        trust,
        days_left,
        key_type,
        key_size,
        signature_algorithm
    from core.endpoints
    where protection = 'certificate' and automation_state <> 'not_available' and automation_guid is not null
),

weaknesses as (
    select
        eligible.endpoint_key,
        eligible.trust,
        eligible.days_left,
        case
            when measures.is_over_limit
                then measures.limit_days || '-day limit exceeded: ' || certificates.lifetime_days || ' days'
        end as over_limit,
        case
            when measures.is_weak_key then 'weak key: ' || concat_ws(' ', eligible.key_type, eligible.key_size)
        end as weak_key,
        case when measures.is_weak_signature then 'weak signature: ' || eligible.signature_algorithm end as weak_signature
    from eligible
    join core.certificates as certificates
        on certificates.certificate_key = eligible.certificate_key
    join core.certificate_measures as measures
        on measures.certificate_key = eligible.certificate_key
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
