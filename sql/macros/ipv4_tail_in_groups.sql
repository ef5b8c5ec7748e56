-- An IPv6 text whose tail is written as IPv4 (::ffff:192.0.2.1) with that tail as two groups (::ffff:c000:201); others as they are.
-- macro: staging.ipv4_tail_in_groups(value)
case
    when value like '%:%.%.%.%'
        then regexp_extract(value, '^(.*:)[0-9.]+$', 1)
            || left(staging.ipv4_digits(regexp_extract(value, '([0-9.]+)$', 1)), 4)
            || ':'
            || right(staging.ipv4_digits(regexp_extract(value, '([0-9.]+)$', 1)), 4)
    else value
end
