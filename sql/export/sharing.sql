-- Who else in the account has the endpoint's certificate: what is done to a certificate's tags happens to all of them.
-- At most ten others are named (a wildcard can be on thousands of endpoints), the rest is counted.
-- grain: one endpoint with a certificate
-- kind: view
-- check: unique(endpoint_key)
with

certificates as (
    select
        account,
        certificate_key,
        count(*) as endpoint_count,
        list_slice(list(endpoint_key order by endpoint_key), 1, 11) as first_keys
    from core.endpoints
    where certificate_key is not null
    group by account, certificate_key
),

positions as (
    select
        endpoints.endpoint_key,
        certificates.endpoint_count,
        certificates.first_keys,
        coalesce(nullif(list_position(certificates.first_keys, endpoints.endpoint_key), 0), 11) as own_position
    from core.endpoints as endpoints
    join certificates
        on endpoints.account = certificates.account and endpoints.certificate_key = certificates.certificate_key
)

select
    endpoint_key,
    endpoint_count, -- endpoints of the account with the certificate, this one included
    nullif(
        array_to_string(
            list_concat(list_slice(first_keys, 1, own_position - 1), list_slice(first_keys, own_position + 1, 11)),
            ';'
        )
        || case when endpoint_count > 11 then ' and ' || (endpoint_count - 11) || ' more' else '' end,
        ''
    ) as shared_with -- the other endpoints, separated by ;
from positions
