-- An account with far fewer endpoints than the median of its last four runs is worth a look.
-- The share that may be lost is the policy's shrink_warn; a first run has nothing to compare with.
-- severity: warn
-- advice: compare the endpoints that went (mart.changes, movement removed) with what was planned
select
    account,
    endpoints,
    median_of_last_four
from mart.shrinkage
where is_smaller
