-- An IPv4 address as eight hexadecimal digits; null where the text is none (a part with a leading zero is none: some read it as octal).
-- macro: staging.ipv4_digits(value)
case
    when regexp_full_match(value, '((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)([.]|$)){4}')
        then lpad(
            lower(
                to_hex(
                    cast(split_part(value, '.', 1) as bigint) * 16777216
                    + cast(split_part(value, '.', 2) as bigint) * 65536
                    + cast(split_part(value, '.', 3) as bigint) * 256
                    + cast(split_part(value, '.', 4) as bigint)
                )
            ),
            8,
            '0'
        )
end
