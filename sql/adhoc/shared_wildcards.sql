-- Wildcard certificates on more than one endpoint: where one stolen key would hurt most.
select
    certificates.common_name,
    certificates.endpoint_count,
    count(distinct endpoints.business_unit) as business_units,
    certificates.valid_to_at,
    certificates.certificate_key
from core.certificates as certificates
join core.endpoints as endpoints
    on endpoints.certificate_key = certificates.certificate_key
where certificates.is_wildcard and certificates.endpoint_count > 1
group by
    certificates.common_name,
    certificates.endpoint_count,
    certificates.valid_to_at,
    certificates.certificate_key
order by
    certificates.endpoint_count desc,
    certificates.certificate_key
