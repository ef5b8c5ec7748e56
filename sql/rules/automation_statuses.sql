-- What an automation status says: whether the endpoint is managed or only available, and how it stands. Edit the seed to add one;
-- a status that is not here is managed with outcome unknown. Evidence is of the status word; class and outcome are our reading.
-- grain: one status, upper case with underscores
-- kind: table
-- check: unique(status)
-- check: not_null(status, class, evidence)
-- check: accepted(class, 'managed', 'available')
-- check: accepted(outcome, 'ok', 'running', 'attention', 'failed')
-- check: holds((class = 'managed') = (outcome is not null))
select
    status, -- the word as it is compared
    class, -- managed or available
    outcome, -- of a managed one: ok, running, attention, failed
    evidence -- vendor, client or assumed: how we know the word
from raw.rules_automation_statuses
