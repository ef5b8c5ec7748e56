-- Findings that are not closed; of a unit also those about certificates on endpoints of it.
-- shows: finding_id, severity, rule, business_unit, reason, first_seen_at, due_on, status, waiver_id
select findings.*
from mart.findings as findings
where findings.status <> 'closed' and true -- units of findings
