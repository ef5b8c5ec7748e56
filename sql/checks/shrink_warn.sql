-- An account with far fewer endpoints than the median of its last four runs is worth a look.
-- The share that may be lost is the policy's shrink_warn; a first run has nothing to compare with.
-- severity: warn
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
cross join rules.policy as policy
where
    metrics.metric = 'inventory.endpoints'
    and metrics.scope = 'account'
    and metrics.numerator < usual.endpoints * (1 - policy.shrink_warn)
