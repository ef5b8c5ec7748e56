-- Lists that say a total, of the newest run of each account; a unit is as complete as its account.
-- shows: account, resource, rows_received, rows_announced, status
select extracts.*
from mart.list_totals as extracts
where true -- account of extracts
