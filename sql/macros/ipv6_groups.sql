-- The eight groups of an IPv6 address, lower case and without leading zeros, e.g. 2001:db8:0:0:0:0:0:1; an IPv4 tail becomes two groups.
-- Brackets around it, as a URL has them, are no part of it.
-- Empty where the text is no IPv6 address. Each list of one is a step whose result is named, so that it is worked out once.
-- macro: staging.ipv6_groups(value)
list_transform(
    list_transform(
        list_transform(
            [lower(regexp_replace(trim(value), '^\[(.*)\]$', '\1'))],
            lambda given: staging.ipv4_tail_in_groups(given)
        ),
        lambda hexadecimal: staging.ipv6_outer_zero(hexadecimal)
    ),
    lambda closed: regexp_extract(
        regexp_replace(staging.ipv6_filled(closed), '(^|:)0+([0-9a-f])', '\1\2', 'g'),
        '^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$'
    )
)[1]
