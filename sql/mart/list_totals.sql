-- A list that says a total, of the newest run of each account: how many rows arrived, and how many the service announced. What arrived and
-- went away while a list was read counts in its total. A list that broke off before it said one counts with the total that it gave in the
-- newest earlier run; where no earlier run knows it, what was announced is null.
-- grain: a list of an account
-- kind: view
-- check: unique(account, resource)
with earlier as (
    select
        accounts.account,
        extracts.resource,
        arg_max(extracts.api_total_end, extracts.run_id) filter (where extracts.api_total_end is not null) as last_total,
        count(*) filter (where extracts.status = 'complete') as complete_runs
    from meta.build_accounts as accounts
    join meta.extracts as extracts
        on extracts.account = accounts.account
        and extracts.run_id < accounts.run_id
    where not accounts.is_complete
    group by
        accounts.account,
        extracts.resource
)

select
    accounts.account, -- the account's name in the configuration
    extracts.resource, -- the list
    extracts.status,
    extracts.rows_received,
    case
        when coalesce(extracts.api_total_end, earlier.last_total) is not null
            then greatest(coalesce(extracts.api_total_end, earlier.last_total), extracts.rows_received)
    end as rows_announced -- the list's total; null: unknown
from meta.build_accounts as accounts
join meta.extracts as extracts
    on extracts.account = accounts.account
    and extracts.run_id = accounts.run_id
left join earlier
    on earlier.account = extracts.account
    and earlier.resource = extracts.resource
where
    extracts.status <> 'skipped'
    and (
        extracts.api_total_end is not null
        or (
            -- of the audit log each run reads another span of time, so no earlier total is one of this run; a list that was once
            -- complete without saying a total never says one
            extracts.status = 'incomplete'
            and extracts.resource <> 'audit_log'
            and (earlier.last_total is not null or coalesce(earlier.complete_runs, 0) = 0)
        )
    )
