-- The text as received; null where it is empty or blank.
-- macro: staging.filled(value)
case when regexp_matches(value, '\S') then value end
