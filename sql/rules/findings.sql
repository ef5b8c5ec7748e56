-- Every rule that makes findings: what it is about, how grave it is, and what it says. A rule that is not in force makes none, and what
-- it found is closed; dates here switch a rule on and off, the dates of what a rule demands are in the other tables.
-- grain: one period of a rule
-- kind: table
-- check: unique(id, effective_from)
-- check: not_null(id, object, severity, sentence, source, clause)
-- check: accepted(object, 'endpoint', 'certificate')
-- check: accepted(severity, 'critical', 'high', 'medium', 'low')
select
    id, -- name of the rule; waivers.csv names it
    cast(effective_from as date) as effective_from, -- first day of a run that the rule holds for; null is the beginning of time
    cast(effective_to as date) as effective_to, -- first day that it no longer holds for; null is open
    object, -- endpoint or certificate: what one finding is about
    severity, -- critical, high, medium or low; policy.toml says how many days each gives
    sentence, -- what is wrong, for people
    source, -- the document that the rule comes from; policy: policy.toml and the metric
    clause -- its clause, or the setting or metric
from raw.rules_findings
