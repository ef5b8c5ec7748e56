-- Every waiver of waivers.csv with how it stands: also those that have ended, whose findings are open again, and those that cover nothing.
-- grain: one waiver
-- kind: view
-- check: unique(waiver_id)
-- check: accepted(status, 'active', 'expired')
select
    waivers.waiver_id, -- its name
    waivers.rule, -- id in rules.findings
    waivers.scope, -- what it covers
    waivers.reason, -- why the finding is accepted
    waivers.owner, -- who asked for it
    waivers.approver, -- who agreed
    waivers.expires_on, -- last day
    waivers.days_left, -- days from the run to its last day; below 0 it has ended
    case when waivers.is_expired then 'expired' else 'active' end as status, -- active or expired
    count(covered.finding_id) as findings -- findings that it covers; of an expired one those that are open again, or covered by another
from staging.waivers as waivers
left join core.finding_waivers as covered
    on covered.waiver_id = waivers.waiver_id
group by
    waivers.waiver_id,
    waivers.rule,
    waivers.scope,
    waivers.reason,
    waivers.owner,
    waivers.approver,
    waivers.expires_on,
    waivers.days_left,
    waivers.is_expired
