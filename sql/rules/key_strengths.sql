-- Keys by their strength in bits, and the first day on which that strength no longer does. A draft: dates may move.
-- grain: one period of a strength of an algorithm
-- kind: table
-- check: unique(algorithm, strength_bits, effective_from)
-- check: not_null(algorithm, strength_bits, min_size, max_size, severity, source, clause)
select
    algorithm, -- as in rules.key_types
    cast(strength_bits as integer) as strength_bits, -- classical strength
    cast(effective_from as date) as effective_from, -- first day that a key of this strength may no longer be in use
    cast(effective_to as date) as effective_to, -- first day that the rule no longer holds; null is open
    cast(min_size as integer) as min_size, -- smallest key of this strength, in bits
    cast(max_size as integer) as max_size, -- largest key of this strength, in bits
    severity, -- severity of such a key in use
    source, -- the document that says so
    clause -- its words
from raw.rules_key_strengths
