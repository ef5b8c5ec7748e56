-- One row per account, field and kind of drift in the rows of this report: fields that came, went or changed type, and
-- values that did not parse.
-- grain: an account, a resource, a field and a kind
-- kind: view
select
    drift.account,
    drift.resource,
    drift.field,
    drift.what,
    sum(cast(drift.occurrences as bigint)) as occurrences, -- how often
    min(drift.sample) as sample -- one of them
from meta.drift as drift
join meta.build_accounts as accounts on drift.account = accounts.account and drift.run_id = accounts.run_id
group by drift.account, drift.resource, drift.field, drift.what
