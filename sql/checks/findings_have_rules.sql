-- Every finding that is open is of a rule that rules.findings has, with a severity for which the policy has days.
-- severity: stop
-- advice: a rule was taken out of sql/rules/findings.csv while findings of it are open; put its line back, with effective_to as its end
select
    findings.rule,
    findings.severity,
    findings.finding_key
from core.finding_history as findings
left join rules.findings as rules
    on rules.id = findings.rule
where
    findings.to_run_id is null
    and not findings.is_removed
    and (rules.id is null or findings.severity not in ('critical', 'high', 'medium', 'low'))
