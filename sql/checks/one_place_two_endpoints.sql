-- Places (ip, port and domain name, compared as in endpoint keys) that an account knows under several keys: each of them is counted.
-- severity: warn
-- advice: in the console, delete the entry that no scan sees any more (`tlm export delete --where "endpoint_key in (...)"` lists it)
select
    account,
    staging.canonical_ip(ip) as ip,
    port,
    lower(domain_name) as domain_name,
    count(*) as endpoints,
    min(endpoint_key) as first_key,
    max(endpoint_key) as last_key
from core.endpoints
where ip is not null and port is not null and domain_name is not null
group by
    account,
    staging.canonical_ip(ip),
    port,
    lower(domain_name)
having count(*) > 1
