-- What a key must be so as not to be weak, by algorithm and the first day of its certificate. Algorithms that are not here are never weak.
-- The rules are made for public certificates; a weak key is weak in a private one too, so they are applied to all.
-- grain: one period of an algorithm
-- kind: table
-- check: unique(algorithm, effective_from)
-- check: not_null(algorithm, is_allowed, severity, source, clause)
select
    algorithm, -- as in rules.key_types
    cast(effective_from as date) as effective_from, -- first day of issue that the rule holds for; null is the beginning of time
    cast(effective_to as date) as effective_to, -- first day that it no longer holds for; null is open
    cast(is_allowed as boolean) as is_allowed, -- false: every key of the algorithm is weak
    cast(min_size as integer) as min_size, -- fewest bits
    cast(multiple_of as integer) as multiple_of, -- the size is divisible by
    cast(string_split(sizes, ' ') as integer[]) as sizes, -- the only sizes; null is any
    severity, -- severity of a weak key
    source, -- the document that says so
    clause -- its clause
from raw.rules_key_rules
