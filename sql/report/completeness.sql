-- One row per account and resource of the newest data: what the API announced at the end, and what was stored.
-- grain: an account and a resource
-- kind: view
-- check: unique(account, resource)
select
    accounts.account,
    accounts.is_stale, -- whether the account's rows are older than the newest run
    accounts.as_of_at, -- when the account's rows were read
    extracts.resource,
    extracts.api_total_end, -- the API's own total at the end of the run; null where the call has none
    extracts.rows_received,
    extracts.rows_distinct,
    extracts.requests,
    extracts.retries,
    extracts.status,
    extracts.reason,
    extracts.rows_run_id,
    extracts.rows_as_of_at
from meta.build_accounts as accounts
join meta.extracts as extracts on accounts.account = extracts.account and accounts.run_id = extracts.run_id
