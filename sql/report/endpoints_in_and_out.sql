-- One row: the number of endpoints at the baseline and now, and what came and went between.
-- Each account counts with its own baseline, as the movements do, so that the numbers add up; one without a baseline had nothing.
-- grain: the newest run
-- kind: view
with before as (
    select cast(sum(metrics.numerator) as bigint) as endpoints
    from meta.build_accounts as accounts
    join mart.metrics as metrics
        on metrics.run_id = accounts.baseline_run_id
        and metrics.account = accounts.account
    where metrics.metric = 'inventory.endpoints' and metrics.scope = 'account'
)

select
    before.endpoints as endpoints_before, -- at the baseline of each account; null where none has one
    coalesce(max(trend.numerator) filter (where trend.metric = 'movement.new'), 0) as endpoints_new, -- never seen before
    coalesce(
        max(trend.numerator) filter (where trend.metric = 'movement.reappeared'), 0
    ) as endpoints_reappeared, -- seen before, not at the baseline
    coalesce(max(trend.numerator) filter (where trend.metric = 'movement.removed'), 0) as endpoints_removed, -- at the baseline, not now
    max(trend.numerator) filter (where trend.metric = 'inventory.endpoints') as endpoints -- now
from report.trend as trend
cross join before
where trend.weeks_ago = 0
group by before.endpoints
