-- Whether the JSON about a certificate's revocation says that there was one: a reason or a date.
-- macro: staging.is_revocation(value)
coalesce(
    json_type(value) = 'OBJECT'
    and coalesce(staging.filled(value ->> '$.reason'), staging.filled(value ->> '$.revocation_date')) is not null,
    false
)
