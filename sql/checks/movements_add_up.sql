-- What an account had at the baseline, with what is new or back and without what was removed, is what it has now; so it is with all
-- accounts together, where one without a baseline had nothing. Without any baseline nothing moves. Of an incomplete run that was accepted
-- nothing is recorded as removed, so it cannot add up.
-- severity: stop
-- advice: compare mart.changes with core.endpoint_history for that account; an endpoint moved in no way, or in two that exclude each other
with accounts as (
    select
        account,
        baseline_run_id,
        is_complete
    from meta.build_accounts
),

of_this_run as (
    select
        metrics.scope,
        metrics.account,
        max(metrics.numerator) filter (where metrics.metric = 'inventory.endpoints') as endpoints_now,
        max(metrics.numerator) filter (where metrics.metric = 'movement.new') as new_ones,
        max(metrics.numerator) filter (where metrics.metric = 'movement.reappeared') as reappeared,
        max(metrics.numerator) filter (where metrics.metric = 'movement.removed') as removed
    from mart.metrics as metrics
    join meta.current_run as current_run
        on current_run.run_id = metrics.run_id
    where metrics.scope in ('all', 'account')
    group by
        metrics.scope,
        metrics.account
),

before as (
    select
        accounts.account,
        accounts.is_complete,
        case when accounts.baseline_run_id is null then 0 else max(metrics.numerator) end as endpoints_before
    from accounts
    left join mart.metrics as metrics
        on metrics.account = accounts.account
        and metrics.run_id = accounts.baseline_run_id
        and metrics.scope = 'account'
        and metrics.metric = 'inventory.endpoints'
    group by
        accounts.account,
        accounts.is_complete,
        accounts.baseline_run_id
),

compared as (
    select
        before.account,
        before.endpoints_before,
        of_this_run.new_ones,
        of_this_run.reappeared,
        of_this_run.removed,
        of_this_run.endpoints_now
    from before
    join of_this_run
        on of_this_run.scope = 'account'
        and of_this_run.account = before.account
    where before.is_complete
    union all
    select
        'all' as account,
        befores.endpoints_before,
        of_this_run.new_ones,
        of_this_run.reappeared,
        of_this_run.removed,
        of_this_run.endpoints_now
    from of_this_run
    cross join (
        select
            cast(sum(endpoints_before) as bigint) as endpoints_before,
            count(*) filter (where not is_complete) as incomplete_accounts
        from before
    ) as befores
    where of_this_run.scope = 'all' and befores.incomplete_accounts = 0
)

select
    account,
    endpoints_before,
    new_ones,
    reappeared,
    removed,
    endpoints_now
from compared
where endpoints_before + new_ones + reappeared - removed <> endpoints_now
