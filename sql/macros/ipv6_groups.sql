-- The eight groups of an IPv6 address, lower case and without leading zeros, e.g. 2001:db8:0:0:0:0:0:1; an IPv4 tail becomes two groups.
-- Null where the text is no IPv6 address.
-- macro: staging.ipv6_groups(value)
regexp_extract(
    regexp_replace(
        staging.ipv6_filled(staging.ipv6_outer_zero(staging.ipv4_tail_in_groups(lower(trim(value))))),
        '(^|:)0+([0-9a-f])',
        '\1\2',
        'g'
    ),
    '^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$'
)
