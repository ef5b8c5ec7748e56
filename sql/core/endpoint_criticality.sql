-- How critical an endpoint is, by pci.csv: the highest of the entries that name it, by key, host name, domain name or ip; * stands for any text.
-- Names are compared in lower case, addresses as in endpoint keys (2001:DB8::1 is 2001:0db8:0:0::1). Endpoints that no entry names are not here.
-- A name is looked up, a pattern is tried on each endpoint.
-- grain: one endpoint that an entry names
-- kind: table
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
entries as (
    select
        account,
        staging.canonical_ip(endpoint) as name,
        core.like_pattern(staging.canonical_ip(endpoint)) as pattern,
        contains(endpoint, '*') as is_pattern,
        case criticality when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end as criticality_no
    from raw.pci_inventory
),

found as (
    select
        names.endpoint_key,
        entries.criticality_no
    from entries
    join (
        select
            account,
            endpoint_key,
            unnest([key_name, host_name, domain_name, ip]) as name
        from places
    ) as names
        on names.name = entries.name
    where
        not entries.is_pattern
        and names.account = coalesce(entries.account, names.account)
    union all
    select
        places.endpoint_key,
        entries.criticality_no
    from entries
    join places
        on places.account = coalesce(entries.account, places.account)
        and (
            places.key_name like entries.pattern escape '\'
            or places.host_name like entries.pattern escape '\'
            or places.domain_name like entries.pattern escape '\'
            or places.ip like entries.pattern escape '\'
        )
    where entries.is_pattern
),

named as (
    select
        endpoint_key,
        min(criticality_no) as criticality_no
    from found
    group by endpoint_key
)

select
    endpoint_key, -- the endpoint
    case criticality_no when 1 then 'critical' when 2 then 'high' when 3 then 'medium' else 'low' end as criticality -- critical, high, medium or low
from named
