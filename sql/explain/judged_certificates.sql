-- Certificates on endpoints of the scope, each once, judged by the dated rules.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
with held as (
    select
        certificates.*,
        certificates.endpoint_count as endpoints
    from core.certificates as certificates
    where certificates.endpoint_count > 0
)

select
    held.*,
    measures.* exclude (certificate_key)
from held
join core.certificate_measures as measures
    on measures.certificate_key = held.certificate_key
