-- Which findings should be fixed already, gravest and longest due first?
select
    findings.severity,
    findings.due_on,
    findings.rule,
    rules.sentence,
    findings.reason,
    findings.account,
    findings.business_unit,
    coalesce(findings.endpoint_key, findings.certificate_key) as about,
    findings.criticality
from mart.findings as findings
join rules.findings as rules
    on rules.id = findings.rule
where findings.is_overdue
order by
    case findings.severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end,
    findings.due_on,
    findings.finding_id
