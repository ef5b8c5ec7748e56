-- Lists that say a total, of the newest run of each account; a unit is as complete as its account.
-- shows: account, resource, rows_received, api_total_end, status
select extracts.*
from meta.extracts as extracts
join meta.build_accounts as accounts
    on accounts.account = extracts.account
    and accounts.run_id = extracts.run_id
where extracts.status <> 'skipped' and extracts.api_total_end is not null and true -- account of extracts
