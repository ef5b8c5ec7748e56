-- An account with far fewer endpoints than the median of its last four runs stops the build: the list may have been cut short upstream.
-- The share that may be lost is the policy's shrink_stop; a first run has nothing to compare with,
-- and an incomplete run that somebody accepted is not measured: that it lacks rows is why it had to be accepted.
-- severity: stop
with earlier as (
    select
        metrics.account,
        metrics.numerator as endpoints,
        row_number() over (partition by metrics.account order by metrics.run_id desc) as run_no
    from mart.metrics as metrics
    join meta.current_run as current_run
        on metrics.run_id < current_run.run_id
    where metrics.metric = 'inventory.endpoints' and metrics.scope = 'account'
),

usual as (
    select
        account,
        median(endpoints) as endpoints
    from earlier
    where run_no <= 4
    group by account
),

complete_accounts as (
    select accounts.account
    from meta.build_accounts as accounts
    join meta.runs as runs
        on accounts.account = runs.account and accounts.run_id = runs.run_id
    where runs.is_complete
)

select
    metrics.account,
    metrics.numerator as endpoints,
    usual.endpoints as median_of_last_four
from mart.metrics as metrics
join meta.current_run as current_run
    on current_run.run_id = metrics.run_id
join usual
    on usual.account = metrics.account
join complete_accounts
    on complete_accounts.account = metrics.account
cross join rules.policy as policy
where
    metrics.metric = 'inventory.endpoints'
    and metrics.scope = 'account'
    and metrics.numerator < usual.endpoints * (1 - policy.shrink_stop)
