-- Which algorithm a key type names: ordered patterns on the type in upper case, letters and digits only; the first that matches decides.
-- A type that none matches is unknown. An object identifier stands here as what is left of it: its digits. The size of a key must be known where it says how strong the key is.
-- grain: one pattern
-- kind: table
-- check: unique(rule_no)
-- check: not_null(rule_no, pattern, algorithm, is_sized, is_quantum_vulnerable)
-- check: accepted(algorithm, 'RSA', 'EC', 'DSA', 'EDDSA', 'PQC')
select
    cast(rule_no as integer) as rule_no, -- order, lowest first
    pattern, -- of LIKE
    algorithm, -- RSA, EC, DSA, EDDSA or PQC (post-quantum)
    cast(is_sized as boolean) as is_sized, -- a key is known only with its size
    cast(is_quantum_vulnerable as boolean) as is_quantum_vulnerable, -- a large quantum computer breaks it
    reason -- why
from raw.rules_key_types
