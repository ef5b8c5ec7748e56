-- Lines of pci.csv that name no endpoint that is or ever was, by key, host name, domain name or ip: they say of none how critical it is.
-- A name is looked up, a pattern is tried on each endpoint.
-- severity: warn
-- advice: mend the endpoint (or account) of that line in pci.csv, or remove the line; `tlm query "from core.endpoints"` has the names
with matched as (
    select entries.line_no
    from raw.pci_inventory as entries
    join (
        select
            account,
            unnest([lower(endpoint_key), lower(host_name), lower(domain_name), lower(ip)]) as name
        from core.endpoint_history
    ) as endpoints
        on endpoints.name = lower(entries.endpoint)
    where endpoints.account = coalesce(entries.account, endpoints.account)
    union all
    select entries.line_no
    from raw.pci_inventory as entries
    join core.endpoint_history as endpoints
        on endpoints.account = coalesce(entries.account, endpoints.account)
        and (
            lower(endpoints.endpoint_key) like core.like_pattern(entries.endpoint) escape '\'
            or lower(endpoints.host_name) like core.like_pattern(entries.endpoint) escape '\'
            or lower(endpoints.domain_name) like core.like_pattern(entries.endpoint) escape '\'
            or lower(endpoints.ip) like core.like_pattern(entries.endpoint) escape '\'
        )
    where contains(entries.endpoint, '*')
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
