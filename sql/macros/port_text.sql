-- A port as it stands in keys: the number where it is one, else the text in lower case.
-- macro: staging.port_text(value)
coalesce(cast(staging.whole_number(value) as varchar), lower(trim(value)))
