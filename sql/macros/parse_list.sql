-- A JSON list as a list of texts, in the order received, without items that say nothing; a single text is a list of one, the text of
-- a list is that list. A list with nothing in it and anything else are null.
-- macro: staging.parse_list(value)
nullif(
    list_filter(
        case
            when value like '[%' then try_cast(value as varchar[])
            when json_type(value) = 'ARRAY' then try_cast(value as varchar[])
            when json_type(value) = 'VARCHAR'
                then list_transform(
                    [value ->> '$'],
                    lambda text: case
                        when staging.is_plain(text) then [text]
                        when regexp_matches(text, '^\s*\[') and json_valid(text) then try_cast(try_cast(text as json) as varchar[])
                        else [text]
                    end
                )[1]
        end,
        lambda item: case
            when staging.is_plain(item) then true
            else regexp_matches(item, '\S') and not regexp_full_match(item, '\s*(\[(\s|,|null|"\s*")*\]|\{\s*\})\s*')
        end
    ),
    []
)
