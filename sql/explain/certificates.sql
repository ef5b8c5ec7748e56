-- Certificates on endpoints of the scope, each once; owned in the accounts of the scope.
-- shows: certificate_key, endpoints, common_name, issuer, trust, key_type, key_size, signature_algorithm, lifetime_days, valid_to_at
select
    certificates.*,
    held.endpoints,
    owned.certificate_key is not null as is_owned,
    case
        when certificates.issuer is not null then count(*) over (partition by certificates.issuer)
    end as certificates_of_issuer
from (
    select certificate_key, count(*) as endpoints
    from core.endpoints as endpoints
    where certificate_key is not null and true -- scope of endpoints
    group by certificate_key
) as held
join core.certificates as certificates
    on certificates.certificate_key = held.certificate_key
left join (
    select distinct certificate_key
    from core.certificate_accounts as holdings
    where is_owned and true -- account of holdings
) as owned
    on owned.certificate_key = held.certificate_key
