-- One row per kind of movement of the newest run against its baseline, with the baseline's own number for comparison.
-- No rows where there is no baseline.
-- grain: a movement
-- kind: view
-- check: unique(movement)
select
    substr(metric, 10) as movement, -- new, removed, reappeared, renewed, ...
    max(numerator) filter (where weeks_ago = 0) as endpoints, -- endpoints that moved so since the baseline
    max(numerator) filter (where is_baseline) as endpoints_before -- the same number in the baseline's own report
from report.trend
where metric like 'movement.%' and (weeks_ago = 0 or is_baseline)
group by metric
having count(*) filter (where weeks_ago = 0) > 0
