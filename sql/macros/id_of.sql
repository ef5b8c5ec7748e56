-- The identifier in a JSON object such as a profile; null where there is no object.
-- macro: staging.id_of(value)
staging.filled(case when json_type(value) = 'OBJECT' then value ->> '$.id' end)
