-- A text of the API; null where it is empty or blank. A JSON value in the place of a text is no text: of an object with `name` or `value`
-- that is the text, all else ({}, [], lists, other objects) is null. A text that only begins like JSON stays.
-- macro: staging.filled(value)
case
    when staging.is_plain(value) then value
    when regexp_matches(value, '^\s*[^\s\[{]') then value
    when json_valid(value)
        then nullif(regexp_extract(coalesce(value ->> '$.name', value ->> '$.value'), '^\s*[^\s\[{](.|\n)*$'), '')
    when regexp_matches(value, '\S') then value
end
