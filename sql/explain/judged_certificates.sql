-- Certificates on endpoints of the scope, each once, judged by the dated rules.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
select
    certificates.*,
    measures.* exclude (certificate_key),
    held.endpoints
from (
    select certificate_key, count(*) as endpoints
    from core.endpoints as endpoints
    where certificate_key is not null and true -- scope of endpoints
    group by certificate_key
) as held
join core.certificates as certificates
    on certificates.certificate_key = held.certificate_key
join core.certificate_measures as measures
    on measures.certificate_key = held.certificate_key
