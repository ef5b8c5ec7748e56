-- Which waiver covers which finding that is not closed; several may, also some that have ended.
-- A pattern is compared without regard to case with the common name of the certificate that the finding is about or its endpoint carries,
-- as the newest run that saw that certificate gave it: the finding may be held open in a run that did not read its list.
-- A certificate that was known under another key in an earlier run is covered by a waiver of either.
-- A waiver of a unit covers what is of that unit alone: a certificate that other units serve too is not accepted for them.
-- grain: one waiver and one finding
-- kind: table
-- check: unique(finding_id, waiver_id)
select
    findings.finding_id, -- the finding
    waivers.waiver_id, -- the waiver
    waivers.is_expired, -- the waiver has ended
    waivers.days_left -- days to its last day
from staging.waivers as waivers
join core.finding_episodes as findings
    on findings.rule = waivers.rule
left join core.certificate_history as certificates
    on certificates.certificate_key = findings.certificate_key
    and certificates.to_run_id is null
left join core.certificate_aliases as aliases
    on aliases.account = findings.account
    and aliases.certificate_key = findings.certificate_key
where
    findings.closed_at is null
    and (
        waivers.scope = findings.endpoint_key
        or waivers.scope = findings.certificate_key
        or waivers.scope = aliases.other_key
        or findings.business_units = [waivers.scope]
        or lower(certificates.common_name) like core.like_pattern(waivers.scope) escape '\'
    )
