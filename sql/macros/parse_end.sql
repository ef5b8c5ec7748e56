-- An API time that ends a validity: as parse_time, but a bare date means the last second of that day.
-- macro: staging.parse_end(value)
case
    when value like '%Z' then staging.parse_time(value)
    when regexp_full_match(trim(value), '\d{4}-\d{2}-\d{2}')
        then staging.parse_time(value) + interval '86399 seconds'
    else staging.parse_time(value)
end
