-- Findings that are not closed; of a unit also those about certificates on endpoints of it.
-- shows: finding_id, severity, rule, business_unit, reason, first_seen_at, due_on, status, waiver_id
select findings.*
from mart.findings as findings
where findings.status <> 'closed'
    and findings.finding_id in (
        select finding_id
        from (
            select finding_id, account, unnest(business_units) as business_unit
            from core.finding_episodes
        ) as units
        where true -- scope of units
    )
