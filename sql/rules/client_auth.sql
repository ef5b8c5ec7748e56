-- From when public certificates are no longer issued for client authentication. It never applies to private or unknown issuers.
-- grain: one period of a CA
-- kind: table
-- check: unique(issued_by, effective_from)
-- check: not_null(issued_by, effective_from, severity, source, clause)
select
    issued_by, -- LIKE pattern on issuer and CA vendor in lower case; % is everyone
    cast(effective_from as date) as effective_from, -- first day of issue that the rule holds for
    cast(effective_to as date) as effective_to, -- first day that it no longer holds for; null is open
    severity, -- severity of a certificate that needs another way before it ends
    source, -- the document that says so
    clause -- its words
from raw.rules_client_auth
