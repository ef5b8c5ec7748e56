-- Certificates on endpoints of the scope, each once; owned in the accounts of the scope.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
select
    certificates.*,
    held.endpoints,
    certificates.certificate_key in (
        select certificate_key
        from core.certificate_accounts as holdings
        where is_owned and true -- account of holdings
    ) as is_owned
from (
    select
        certificate_key,
        count(*) as endpoints
    from core.endpoints as endpoints
    where certificate_key is not null and true -- scope of endpoints
    group by certificate_key
) as held
join core.certificates as certificates
    on certificates.certificate_key = held.certificate_key
