-- Lists that were read to their end with another number of different rows than the service announced: counted as they came, and how
-- that was settled stands in the reason.
-- severity: warn
-- advice: read the reason in meta.extracts; an extract at a quieter time should agree with the total
select
    extracts.account,
    extracts.resource,
    extracts.api_total_end,
    extracts.rows_distinct,
    extracts.reason
from meta.build_accounts as accounts
join meta.extracts as extracts
    on extracts.account = accounts.account
    and extracts.run_id = accounts.run_id
where extracts.status = 'complete' and extracts.api_total_end <> extracts.rows_distinct
