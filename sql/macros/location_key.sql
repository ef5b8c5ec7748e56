-- Where an endpoint listens, compared as in endpoint keys; null unless ip, port and domain name are all known.
-- macro: staging.location_key(ip, port, domain_name)
staging.canonical_ip(ip) || ':' || staging.port_text(port) || '/' || lower(domain_name)
