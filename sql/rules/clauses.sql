-- Which clause of which framework a rule serves, for a column in the report. It does not say that a framework is met.
-- grain: one clause of a framework that a rule serves
-- kind: table
-- check: unique(rule, framework, clause)
-- check: not_null(rule, framework, clause, evidence)
-- check: found_in(rule, rules.findings.id)
select
    rule, -- id in rules.findings
    framework, -- the framework
    clause, -- its clause
    evidence -- what the findings of the rule are evidence of
from raw.rules_clauses
