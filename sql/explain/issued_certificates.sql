-- Certificates on endpoints of the scope, each once, with how many of them its issuer has issued.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
with held as (
    select
        certificates.*,
        certificates.endpoint_count as endpoints
    from core.certificates as certificates
    where certificates.endpoint_count > 0
),

issuers as (
    select
        issuer,
        count(*) as certificates
    from held
    where issuer is not null
    group by issuer
)

select
    held.*,
    issuers.certificates as certificates_of_issuer,
    (select max(certificates) from issuers) as most_certificates
from held
left join issuers
    on issuers.issuer = held.issuer
