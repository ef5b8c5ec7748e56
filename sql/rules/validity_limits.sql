-- The longest validity of a publicly trusted TLS certificate by its first day; it never applies to private or unknown issuers.
-- grain: one period of issue dates
-- kind: table
-- check: not_null(limit_days, severity, source, clause)
-- check: unique(effective_from)
select
    cast(effective_from as date) as effective_from, -- first day of issue that the limit holds for; null is the beginning of time
    cast(effective_to as date) as effective_to, -- first day that it no longer holds for; null is open
    cast(limit_days as integer) as limit_days, -- longest validity in days, both ends counted
    severity, -- severity of a certificate above the limit
    source, -- the document that says so
    clause -- its clause
from raw.rules_validity_limits
