-- How critical an endpoint is, by pci.csv: the highest of the entries that name it, by key, host name, domain name or ip; * stands for any text.
-- grain: one endpoint that an entry names
-- kind: view
-- check: unique(endpoint_key)
-- check: accepted(criticality, 'critical', 'high', 'medium', 'low')
with named as (
    select
        endpoints.endpoint_key,
        min(
            case entries.criticality when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end
        ) as criticality_no
    from raw.pci_inventory as entries
    join core.snapshot as endpoints
        on endpoints.account = coalesce(entries.account, endpoints.account)
        and (
            lower(endpoints.endpoint_key) like core.like_pattern(entries.endpoint) escape '\'
            or lower(endpoints.host_name) like core.like_pattern(entries.endpoint) escape '\'
            or lower(endpoints.domain_name) like core.like_pattern(entries.endpoint) escape '\'
            or endpoints.ip like core.like_pattern(entries.endpoint) escape '\'
        )
    group by endpoints.endpoint_key
)

select
    endpoint_key, -- the endpoint
    case criticality_no when 1 then 'critical' when 2 then 'high' when 3 then 'medium' else 'low' end as criticality -- critical, high, medium or low
from named
