-- Whether the audit log of an account was read in the run that its rows are of: without that, no event proves nothing. It was not where the
-- service refused it, where it broke off or was not asked for; of a stale account it was read up to that earlier run only.
-- grain: an account of the run
-- kind: view
-- check: unique(account)
select
    accounts.account, -- the account's name in the configuration
    coalesce(extracts.status = 'complete', false) as is_read, -- up to the run that the account's rows are of
    coalesce(extracts.status = 'complete', false) and not accounts.is_stale as is_read_to_now -- up to the newest run
from meta.build_accounts as accounts
left join meta.extracts as extracts
    on extracts.run_id = accounts.run_id
    and extracts.account = accounts.account
    and extracts.resource = 'audit_log'
