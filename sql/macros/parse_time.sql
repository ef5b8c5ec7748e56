-- An API time as naive UTC. Takes `Z`, an offset, a fraction, no zone (UTC) and a bare date (its first second); anything else is null,
-- such as an offset of more than 14 hours, which no zone has.
-- A plain cast would drop the offset, and the cast to an instant would read a time without zone in the session's zone.
-- The first form is the API's own: it costs half of what the others do.
-- macro: staging.parse_time(value)
case
    when regexp_full_match(value, '\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z') then try_cast(left(value, 19) as timestamp)
    when regexp_full_match(upper(trim(value)), '\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.]\d+)?)?Z?)?')
        then try_cast(rtrim(upper(trim(value)), 'Z') as timestamp)
    when regexp_full_match(upper(trim(value)), '\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.]\d+)?)? ?[+-](0\d|1[0-4])(:?[0-5]\d)?')
        then timezone('UTC', try_cast(regexp_replace(upper(trim(value)), ' ([+-])', '\1') as timestamptz))
end
