-- One row: the number of endpoints at the baseline and now, and what came and went between.
-- grain: the newest run
-- kind: view
select
    max(numerator) filter (where metric = 'inventory.endpoints' and is_baseline) as endpoints_before, -- at the baseline
    coalesce(max(numerator) filter (where metric = 'movement.new' and weeks_ago = 0), 0) as endpoints_new, -- never seen before
    coalesce(max(numerator) filter (where metric = 'movement.reappeared' and weeks_ago = 0), 0) as endpoints_reappeared, -- seen before, not at the baseline
    coalesce(max(numerator) filter (where metric = 'movement.removed' and weeks_ago = 0), 0) as endpoints_removed, -- at the baseline, not now
    max(numerator) filter (where metric = 'inventory.endpoints' and weeks_ago = 0) as endpoints -- now
from report.trend
