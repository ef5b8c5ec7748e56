-- Every waiver of waivers.csv with how it stands: also those that have ended, whose findings are open again, and those that cover nothing.
-- Unmatched is one that has not ended and whose scope names nothing that is or ever was.
-- grain: one waiver
-- kind: view
-- check: unique(waiver_id)
-- check: accepted(status, 'active', 'expired', 'unmatched')
select
    waivers.waiver_id, -- its name
    waivers.rule, -- id in rules.findings
    waivers.scope, -- what it covers
    waivers.reason, -- why the finding is accepted
    waivers.owner, -- who asked for it
    waivers.approver, -- who agreed
    waivers.expires_on, -- last day
    waivers.days_left, -- days from the run to its last day; below 0 it has ended
    case
        when waivers.is_expired then 'expired'
        when unmatched.waiver_id is not null then 'unmatched'
        else 'active'
    end as status, -- active, expired, or unmatched: what it names is not there
    count(covered.finding_id) as findings -- findings that it covers; of an expired one those that are open again, or covered by another
from staging.waivers as waivers
left join core.finding_waivers as covered
    on covered.waiver_id = waivers.waiver_id
left join core.unmatched_waivers as unmatched
    on unmatched.waiver_id = waivers.waiver_id
group by
    waivers.waiver_id,
    waivers.rule,
    waivers.scope,
    waivers.reason,
    waivers.owner,
    waivers.approver,
    waivers.expires_on,
    waivers.days_left,
    waivers.is_expired,
    unmatched.waiver_id
