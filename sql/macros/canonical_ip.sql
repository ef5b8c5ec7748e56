-- An IP address in its canonical form: IPv6 as RFC 5952 writes it (lower case, no leading zeros, the first longest run of zero
-- groups as `::`), IPv4 and anything that is no address in lower case as it is.
-- macro: staging.canonical_ip(value)
case
    when value like '%:%'
        then coalesce(staging.ipv6_shortened(nullif(staging.ipv6_groups(value), '')), lower(trim(value)))
    else lower(trim(value))
end
