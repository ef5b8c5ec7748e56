-- Whether a time is absent, or is one in the API's own form (2026-11-23T04:00:00Z), which staging.parse_time reads as it stands.
-- macro: staging.is_usual_time(value)
value is null
or (
    regexp_full_match(value, '\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z')
    and try_cast(left(value, 19) as timestamp) is not null
)
