-- How many endpoints an account of the run has against the median of its last four runs, for the checks that stop or warn when a list may
-- have been cut short upstream. A first run has nothing to compare with and no row. An incomplete run that somebody accepted is not
-- far smaller, whatever it lacks: that is why it had to be accepted; nor does it count among the last four. A shrink that was accepted is the
-- new measure: what was before it is not counted any more.
-- grain: an account of the run that was in an earlier run
-- kind: view
-- check: unique(account)
with accepted as (
    select
        runs.account,
        max(runs.run_id) as run_id
    from meta.runs as runs
    join meta.current_run as current_run
        on runs.run_id < current_run.run_id
    where runs.is_shrink_accepted
    group by runs.account
),

earlier as (
    select
        metrics.account,
        metrics.numerator as endpoints,
        row_number() over (partition by metrics.account order by metrics.run_id desc) as run_no
    from mart.metrics as metrics
    join meta.current_run as current_run
        on metrics.run_id < current_run.run_id
    left join accepted
        on accepted.account = metrics.account
    left join meta.runs as runs
        on runs.run_id = metrics.run_id
        and runs.account = metrics.account
    where
        metrics.metric = 'inventory.endpoints'
        and metrics.scope = 'account'
        and metrics.run_id >= coalesce(accepted.run_id, '')
        and coalesce(runs.is_complete, true)
),

usual as (
    select
        account,
        cast(median(endpoints) as decimal(18, 1)) as endpoints
    from earlier
    where run_no <= 4
    group by account
),

-- as decimals: 150 * (1 - 0.18) of floating numbers is a little more than 123, so that 123 of 150 would be beyond 18 %
shares as (
    select
        cast(shrink_warn as decimal(9, 6)) as shrink_warn,
        cast(shrink_stop as decimal(9, 6)) as shrink_stop
    from rules.policy
)

select
    metrics.account,
    metrics.numerator as endpoints, -- how many it has in this run
    cast(usual.endpoints as double) as median_of_last_four, -- median of its last four runs, or of fewer where there are not so many
    metrics.numerator < usual.endpoints * (1 - shares.shrink_warn) as is_smaller, -- beyond the policy's shrink_warn
    runs.is_complete and metrics.numerator < usual.endpoints * (1 - shares.shrink_stop) as is_far_smaller, -- beyond shrink_stop
    coalesce(runs.is_shrink_accepted, false) as is_shrink_accepted
from mart.metrics as metrics
join meta.current_run as current_run
    on current_run.run_id = metrics.run_id
join usual
    on usual.account = metrics.account
join meta.build_accounts as accounts
    on accounts.account = metrics.account
join meta.runs as runs
    on runs.account = accounts.account
    and runs.run_id = accounts.run_id
cross join shares
where
    metrics.metric = 'inventory.endpoints'
    and metrics.scope = 'account'
