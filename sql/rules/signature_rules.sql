-- Signatures that are weak, by the first day of the certificate; compared with the algorithm in upper case, letters and digits only.
-- grain: one period of a pattern
-- kind: table
-- check: unique(pattern, effective_from)
-- check: not_null(pattern, severity, source, clause)
select
    pattern, -- of LIKE
    cast(effective_from as date) as effective_from, -- first day of issue that the rule holds for; null is the beginning of time
    cast(effective_to as date) as effective_to, -- first day that it no longer holds for; null is open
    severity, -- severity of a weak signature
    source, -- the document that says so
    clause -- its clause
from raw.rules_signature_rules
