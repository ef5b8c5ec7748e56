-- Findings, open, waived and closed: what a rule found, since when, and by when the policy wants it fixed.
-- A waiver that has ended waives nothing: its findings are open again, and due when they were before.
-- Of an account whose incomplete run was accepted they are as of its last complete run (core.finding_history).
-- A finding about a certificate is one row, in business_unit by its first endpoint, and counts in each of business_units.
-- grain: one finding, from open to closed
-- kind: view
-- check: unique(finding_id)
-- check: not_null(finding_id, rule, severity, account, business_unit, business_units, first_seen_at, due_on, status)
-- check: accepted(status, 'open', 'waived', 'closed')
-- check: holds((status = 'closed') = (closed_at is not null))
-- check: holds((status = 'waived') = (waiver_id is not null))
with covers as (
    select
        finding_id,
        waiver_id,
        days_left,
        row_number() over (partition by finding_id order by days_left desc, waiver_id) as cover_no
    from core.finding_waivers
    where not is_expired
),

today as (
    select cast(timezone(timezone, timezone('UTC', as_of_at)) as date) as local_day
    from meta.current_run
),

severities as (
    select
        unnest([
            {'severity': 'critical', 'sla_days': sla_critical_days},
            {'severity': 'high', 'sla_days': sla_high_days},
            {'severity': 'medium', 'sla_days': sla_medium_days},
            {'severity': 'low', 'sla_days': sla_low_days}
        ]) as allowed
    from rules.policy
),

certificate_criticalities as (
    select
        endpoints.account,
        endpoints.certificate_key,
        min(
            {'severity_no': core.severity_no(criticalities.criticality), 'criticality': criticalities.criticality}
        ) as highest
    from core.endpoint_criticality as criticalities
    join core.snapshot as endpoints
        on endpoints.endpoint_key = criticalities.endpoint_key
    where endpoints.certificate_key is not null
    group by
        endpoints.account,
        endpoints.certificate_key
)

select
    findings.finding_id, -- rule, what it is about, and the run that first saw it
    findings.rule, -- id in rules.findings
    findings.severity, -- critical, high, medium or low
    findings.account, -- the account's name in the configuration
    findings.business_unit, -- the endpoint's unit; of a certificate that of its first endpoint by key
    findings.endpoint_key, -- the endpoint; null for a finding about a certificate
    findings.certificate_key, -- the certificate, also the one that an endpoint of a finding carries
    findings.business_units, -- units that it counts in, sorted: of a certificate those of all endpoints of the account that carry it
    findings.reason, -- what was found
    findings.first_seen_at, -- start of the run that first saw it
    findings.first_seen_on + cast(severities.allowed.sla_days as integer) as due_on, -- local day by which today's policy wants it fixed, or would have wanted it
    case
        when findings.closed_at is not null then 'closed'
        when covers.waiver_id is not null then 'waived'
        else 'open'
    end as status, -- open, waived or closed
    findings.closed_at, -- start of the run that no longer saw it
    covers.waiver_id, -- the waiver that covers it, of several the one that holds longest
    covers.days_left as waiver_days_left, -- days to the last day of that waiver
    findings.closed_at is null and covers.waiver_id is null
    and findings.first_seen_on + cast(severities.allowed.sla_days as integer) < today.local_day as is_overdue, -- open after the day it was due
    coalesce(
        criticalities.criticality, certificate_criticalities.highest.criticality
    ) as criticality -- of the endpoint, by pci.csv; of a certificate the highest of its endpoints in the account; null where none is named
from core.finding_episodes as findings
cross join today
join severities
    on severities.allowed.severity = findings.severity
left join covers
    on covers.finding_id = findings.finding_id
    and covers.cover_no = 1
left join core.endpoint_criticality as criticalities
    on criticalities.endpoint_key = findings.endpoint_key
left join certificate_criticalities
    on findings.endpoint_key is null
    and certificate_criticalities.account = findings.account
    and certificate_criticalities.certificate_key = findings.certificate_key
