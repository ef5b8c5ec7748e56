-- Certificates on endpoints of the scope, each once, with how many of them its issuer has issued.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
with held as (
    select
        certificate_key,
        count(*) as endpoints
    from core.endpoints as endpoints
    where certificate_key is not null and true -- scope of endpoints
    group by certificate_key
),

issuers as (
    select
        certificates.issuer,
        count(*) as certificates
    from held
    join core.certificates as certificates
        on certificates.certificate_key = held.certificate_key
    where certificates.issuer is not null
    group by certificates.issuer
)

select
    certificates.*,
    held.endpoints,
    issuers.certificates as certificates_of_issuer,
    (select max(certificates) from issuers) as most_certificates
from held
join core.certificates as certificates
    on certificates.certificate_key = held.certificate_key
left join issuers
    on issuers.issuer = certificates.issuer
