-- An IP address as 32 hexadecimal digits, IPv4 in its mapped form (::ffff:a.b.c.d): texts that compare as addresses. Null for others.
-- macro: staging.ip_digits(value)
case
    when value like '%:%'
        then array_to_string(
            list_transform(
                string_split(nullif(staging.ipv6_groups(value), ''), ':'), lambda part: lpad(part, 4, '0')
            ),
            ''
        )
    else '00000000000000000000ffff' || staging.ipv4_digits(trim(value))
end
