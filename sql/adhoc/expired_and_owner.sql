-- Endpoints whose certificate has expired, the most critical first (pci.csv): since when, and who owns it: what stands in its owner tags,
-- else the owners that the certificate search or the endpoint's own item names. Expired since is the end of the certificate.
with named_owners as (
    select
        account,
        certificate_key,
        string_agg(owner, ', ' order by owner) as owners
    from (
        select distinct
            account,
            certificate_key,
            unnest(coalesce(owners, cert_owner_ids)) as owner
        from staging.certificates
    ) as named
    group by
        account,
        certificate_key
)

select
    criticalities.criticality,
    endpoints.valid_to_at as expired_since_at,
    -endpoints.days_left - 1 as full_days_ago,
    endpoints.account,
    endpoints.business_unit,
    coalesce(endpoints.host_name, endpoints.domain_name, endpoints.ip) as host,
    endpoints.port,
    endpoints.common_name,
    coalesce(
        nullif(
            array_to_string(list_filter(endpoints.tags, lambda tag: starts_with(tag, policy.owner_tag_prefix)), ', '), ''
        ),
        named_owners.owners
    ) as owner
from core.endpoints as endpoints
cross join rules.policy as policy
left join core.endpoint_criticality as criticalities
    on criticalities.endpoint_key = endpoints.endpoint_key
left join named_owners
    on named_owners.account = endpoints.account
    and named_owners.certificate_key = endpoints.certificate_key
where endpoints.expiry_bucket = 'expired'
order by
    core.severity_no(criticalities.criticality),
    endpoints.valid_to_at,
    endpoints.endpoint_key
