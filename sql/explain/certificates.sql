-- Certificates on endpoints of the scope, each once.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
with held as (
    select
        certificate_key,
        count(*) as endpoints
    from core.endpoints as endpoints
    where certificate_key is not null and true -- scope of endpoints
    group by certificate_key
)

select
    certificates.*,
    held.endpoints,
    (select max(endpoints) from held) as most_endpoints
from held
join core.certificates as certificates
    on certificates.certificate_key = held.certificate_key
