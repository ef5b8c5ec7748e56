-- How critical an endpoint is, by pci.csv: the highest of the entries that name it, by key, host name, domain name or ip; * stands for any text.
-- Names are compared in lower case, addresses as in endpoint keys (2001:DB8::1 is 2001:0db8:0:0::1). Endpoints that no entry names are not here.
-- grain: one endpoint that an entry names
-- kind: view
-- check: unique(endpoint_key)
-- check: accepted(criticality, 'critical', 'high', 'medium', 'low')
with places as (
    select
        account,
        endpoint_key,
        lower(endpoint_key) as key_name,
        lower(host_name) as host_name,
        lower(domain_name) as domain_name,
        staging.canonical_ip(ip) as ip
    from core.snapshot
),

-- an address as it is compared; all else is only in lower case then
patterns as (
    select
        account,
        core.like_pattern(staging.canonical_ip(endpoint)) as pattern,
        case criticality when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end as criticality_no
    from raw.pci_inventory
),

named as (
    select
        places.endpoint_key,
        min(patterns.criticality_no) as criticality_no
    from patterns
    join places
        on places.account = coalesce(patterns.account, places.account)
        and (
            places.key_name like patterns.pattern escape '\'
            or places.host_name like patterns.pattern escape '\'
            or places.domain_name like patterns.pattern escape '\'
            or places.ip like patterns.pattern escape '\'
        )
    group by places.endpoint_key
)

select
    endpoint_key, -- the endpoint
    case criticality_no when 1 then 'critical' when 2 then 'high' when 3 then 'medium' else 'low' end as criticality -- critical, high, medium or low
from named
