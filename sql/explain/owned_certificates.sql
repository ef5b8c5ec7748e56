-- Certificates on endpoints of the scope, each once; owned in the accounts of the scope.
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
    held.certificate_key in (
        select certificate_key
        from core.certificate_accounts as holdings
        where is_owned and true -- account of holdings
    ) as is_owned
from held
