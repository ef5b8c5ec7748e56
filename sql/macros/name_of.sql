-- The name in a JSON object such as a business unit; a plain text is the name itself, anything else is null.
-- macro: staging.name_of(value)
staging.filled(
    case json_type(value)
        when 'OBJECT' then value ->> '$.name'
        when 'VARCHAR' then value ->> '$'
    end
)
