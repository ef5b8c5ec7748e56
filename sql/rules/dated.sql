-- Every dated rule in one list, with the days it holds for, its severity and where it comes from: what `tlm rules show` prints.
-- grain: one period of one demand of a rule
-- kind: view
-- check: unique(rule, demand, effective_from)
-- check: not_null(rule, demand, severity, source, clause)
-- check: found_in(rule, rules.findings.id)
with demands as (
    select
        'validity_over_limit' as rule,
        'public certificates: ' || limit_days || ' days at most' as demand,
        effective_from,
        effective_to,
        severity,
        source,
        clause
    from rules.validity_limits
    union all
    select
        'weak_key' as rule,
        case
            when not is_allowed then algorithm || ': not allowed'
            when sizes is not null then algorithm || ': ' || array_to_string(sizes, ', ') || ' bits'
            else algorithm || ': at least ' || min_size || ' bits, divisible by ' || multiple_of
        end as demand,
        effective_from,
        effective_to,
        severity,
        source,
        clause
    from rules.key_rules
    union all
    select
        'weak_signature' as rule,
        'signature is not ' || replace(pattern, '%', '') as demand,
        effective_from,
        effective_to,
        severity,
        source,
        clause
    from rules.signature_rules
    union all
    select
        'strength_112' as rule,
        algorithm || ' of ' || min_size || ' to ' || max_size || ' bits: not in use' as demand,
        effective_from,
        effective_to,
        severity,
        source,
        clause
    from rules.key_strengths
    union all
    select
        'client_auth' as rule,
        'public certificates of '
        || case when issued_by = '%' then 'every CA' else replace(issued_by, '%', '') end || ': no clientAuth' as demand,
        effective_from,
        effective_to,
        severity,
        source,
        clause
    from rules.client_auth
    union all
    select
        findings.id as rule,
        findings.sentence as demand,
        findings.effective_from,
        findings.effective_to,
        findings.severity,
        findings.source,
        findings.clause
    from rules.findings as findings
    where findings.id not in ('validity_over_limit', 'weak_key', 'weak_signature', 'strength_112', 'client_auth')
),

served as (
    select
        rule,
        string_agg(framework || ' ' || clause, '; ' order by framework, clause) as serves
    from rules.clauses
    group by rule
)

select
    demands.rule, -- id in rules.findings
    demands.demand, -- what the rule asks for
    demands.effective_from, -- first day that it holds for; null is the beginning of time
    demands.effective_to, -- first day that it no longer holds for; null is open
    demands.severity, -- critical, high, medium or low
    demands.source, -- the document that says so
    demands.clause, -- its clause or words
    served.serves -- clauses of frameworks that the rule serves; not that they are met
from demands
left join served
    on served.rule = demands.rule
