-- A text, or JSON as received where it may be either (the data of an event); null where it is blank, [] or {}.
-- macro: staging.any_text(value)
case
    when staging.is_plain(value) then value
    when regexp_matches(value, '\S') and not regexp_full_match(value, '\s*(\[\s*\]|\{\s*\})\s*') then value
end
