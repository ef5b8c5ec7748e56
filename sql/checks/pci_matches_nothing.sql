-- Lines of pci.csv that name no endpoint that is or ever was, by key, host name, domain name or ip: they say of none how critical it is.
-- Compared as in core.endpoint_criticality. A name is looked up, because trying each on all endpoints is slow; a pattern has to be.
-- severity: warn
-- advice: mend the endpoint (or account) of that line in pci.csv, or remove the line; `tlm query "from core.endpoints"` has the names
with entries as (
    select
        line_no,
        account,
        staging.canonical_ip(endpoint) as name
    from raw.pci_inventory
),

matched as (
    select entries.line_no
    from entries
    join (
        select
            account,
            unnest([lower(endpoint_key), lower(host_name), lower(domain_name), staging.canonical_ip(ip)]) as name
        from core.endpoint_history
    ) as endpoints
        on endpoints.name = entries.name
    where endpoints.account = coalesce(entries.account, endpoints.account)
    union all
    select entries.line_no
    from entries
    join core.endpoint_history as endpoints
        on endpoints.account = coalesce(entries.account, endpoints.account)
        and (
            lower(endpoints.endpoint_key) like core.like_pattern(entries.name) escape '\'
            or lower(endpoints.host_name) like core.like_pattern(entries.name) escape '\'
            or lower(endpoints.domain_name) like core.like_pattern(entries.name) escape '\'
            or staging.canonical_ip(endpoints.ip) like core.like_pattern(entries.name) escape '\'
        )
    where contains(entries.name, '*')
)

select
    entries.line_no,
    entries.account,
    entries.endpoint
from raw.pci_inventory as entries
left join (
    select line_no
    from matched
    group by line_no
) as known
    on known.line_no = entries.line_no
where known.line_no is null
