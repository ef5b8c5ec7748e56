-- Which findings should be fixed already, gravest and longest due first?
-- A rule may have several periods: its sentence is that of the one in force.
select
    findings.severity,
    findings.due_on,
    findings.rule,
    rules.sentence,
    findings.reason,
    findings.account,
    findings.business_units,
    coalesce(findings.endpoint_key, findings.certificate_key) as about,
    findings.criticality
from mart.findings as findings
cross join meta.current_run as current_run
left join rules.findings as rules
    on rules.id = findings.rule
    and cast(current_run.as_of_at as date) >= coalesce(rules.effective_from, date '0001-01-01')
    and cast(current_run.as_of_at as date) < coalesce(rules.effective_to, date '9999-12-31')
where findings.is_overdue
order by
    core.severity_no(findings.severity),
    findings.due_on,
    findings.finding_id
