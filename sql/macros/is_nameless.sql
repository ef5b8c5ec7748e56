-- Whether a value in the place of an object such as a business unit is there and gives neither an identifier nor a name.
-- macro: staging.is_nameless(value)
value is not null and staging.id_of(value) is null and staging.name_of(value) is null
