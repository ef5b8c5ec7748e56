-- A waiver of waivers.csv. It holds through its last day, in the configured zone.
-- grain: one waiver
-- kind: view
-- check: unique(waiver_id)
-- check: not_null(waiver_id, rule, scope, owner, approver, expires_on)
-- check: found_in(rule, rules.findings.id)
select
    waivers.waiver_id, -- its name
    waivers.rule, -- id in rules.findings
    waivers.scope, -- an endpoint_key, a certificate_key, a business unit, or a common name in which * stands for any text
    waivers.reason, -- why the finding is accepted
    waivers.owner, -- who asked for it
    waivers.approver, -- who agreed, another person
    cast(waivers.expires_on as date) as expires_on, -- last day
    cast(waivers.expires_on as date)
    < cast(timezone(current_run.timezone, timezone('UTC', current_run.as_of_at)) as date) as is_expired, -- over before the run
    date_diff(
        'day',
        cast(timezone(current_run.timezone, timezone('UTC', current_run.as_of_at)) as date),
        cast(waivers.expires_on as date)
    ) as days_left, -- days from the run to its last day
    waivers.line_no -- its line in the file
from raw.waivers as waivers
cross join meta.current_run as current_run
