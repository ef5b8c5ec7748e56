-- The identity of an endpoint item: <account>:<id>, without an id <account>:@<ip or host name>:<port>/<domain name> in lower case,
-- the ip in canonical form, missing parts empty.
-- Limit: the engine has one small letter for each capital, so the Turkish dotted capital I becomes a plain i.
-- macro: staging.endpoint_key(account, id, ip, host_name, port, domain_name)
account || ':' || coalesce(
    id,
    '@' || coalesce(staging.canonical_ip(ip), lower(host_name), '')
    || ':' || coalesce(staging.port_text(port), '')
    || '/' || coalesce(lower(domain_name), '')
)
