-- Findings that are not closed.
-- shows: finding_id, severity, rule, business_unit, reason, first_seen_at, due_on, status, waiver_id
select findings.*
from mart.findings as findings
where findings.status <> 'closed' and true -- scope of findings
