-- Whether a value in the place of a list is none, or the text of one: see staging.parse_list.
-- macro: staging.is_no_list(value)
staging.parse_list(value) is null
or (value like '"%[%' and regexp_matches(value, '^"\s*\[') and coalesce(json_valid(value ->> '$'), false))
