-- Issuing CAs by certificates on endpoints, with trust: who would have to be replaced if one of them failed.
select
    coalesce(issuer, 'unknown') as issuer,
    coalesce(ca_vendor, 'unknown') as ca_vendor,
    trust,
    count(*) as certificates,
    cast(sum(endpoint_count) as bigint) as endpoints,
    min(valid_to_at) as first_ends_at
from core.certificates
where endpoint_count > 0
group by
    coalesce(issuer, 'unknown'),
    coalesce(ca_vendor, 'unknown'),
    trust
order by
    certificates desc,
    issuer,
    ca_vendor,
    trust
