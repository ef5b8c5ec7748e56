-- Certificates on endpoints of the scope, each once.
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
    (select max(endpoints) from held) as most_endpoints
from held
