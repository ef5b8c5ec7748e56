-- An IP address as 32 hexadecimal digits, IPv4 in its mapped form (::ffff:a.b.c.d): texts that compare as addresses. Null for others.
-- macro: staging.ip_digits(value)
case
    when value like '%:%'
        then lpad(split_part(staging.ipv6_groups(value), ':', 1), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 2), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 3), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 4), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 5), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 6), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 7), 4, '0')
            || lpad(split_part(staging.ipv6_groups(value), ':', 8), 4, '0')
    else '00000000000000000000ffff' || staging.ipv4_digits(trim(value))
end
