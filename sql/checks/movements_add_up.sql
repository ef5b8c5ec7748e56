-- What an account had at the baseline, with what is new or back and without what was removed, is what it has now.
-- An account without a baseline moves nothing; of an incomplete run that was accepted nothing is recorded as removed, so it cannot add up.
-- severity: stop
-- advice: compare mart.changes with core.endpoint_history for that account; an endpoint moved in no way, or in two that exclude each other
with accounts as (
    select
        account,
        baseline_run_id
    from meta.build_accounts
    where baseline_run_id is not null and is_complete
),

counted as (
    select
        accounts.account,
        max(metrics.numerator) filter (
            where metrics.run_id = accounts.baseline_run_id and metrics.metric = 'inventory.endpoints'
        ) as endpoints_before,
        max(metrics.numerator) filter (
            where metrics.run_id = current_run.run_id and metrics.metric = 'inventory.endpoints'
        ) as endpoints_now,
        max(metrics.numerator) filter (
            where metrics.run_id = current_run.run_id and metrics.metric = 'movement.new'
        ) as new_ones,
        max(metrics.numerator) filter (
            where metrics.run_id = current_run.run_id and metrics.metric = 'movement.reappeared'
        ) as reappeared,
        max(metrics.numerator) filter (
            where metrics.run_id = current_run.run_id and metrics.metric = 'movement.removed'
        ) as removed
    from accounts
    cross join meta.current_run as current_run
    join mart.metrics as metrics
        on metrics.account = accounts.account
    where metrics.scope = 'account'
    group by accounts.account
)

select
    account,
    endpoints_before,
    new_ones,
    reappeared,
    removed,
    endpoints_now
from counted
where endpoints_before + new_ones + reappeared - removed <> endpoints_now
