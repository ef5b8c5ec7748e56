-- A JSON list as a list of texts, in the order received; a single text is a list of one, an empty list and anything else are null.
-- macro: staging.parse_list(value)
nullif(
    list_filter(
        case json_type(value)
            when 'ARRAY' then try_cast(value as varchar[])
            when 'VARCHAR' then [value ->> '$']
        end,
        lambda item: regexp_matches(item, '\S')
    ),
    []
)
