-- A JSON list as a list of texts, in the order received; a single text is a list of one, an empty list and anything else are null.
-- macro: staging.parse_list(value)
nullif(
    list_filter(
        case
            when value like '[%' then try_cast(value as varchar[])
            when json_type(value) = 'ARRAY' then try_cast(value as varchar[])
            when json_type(value) = 'VARCHAR' then [value ->> '$']
        end,
        lambda item: case when staging.is_plain(item) then true else regexp_matches(item, '\S') end
    ),
    []
)
