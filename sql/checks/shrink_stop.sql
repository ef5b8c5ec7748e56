-- An account with far fewer endpoints than the median of its last four runs stops the build: the list may have been cut short upstream.
-- The share that may be lost is the policy's shrink_stop. `tlm build --accept-shrink` lets one build pass, and the report says so.
-- severity: stop
-- advice: if so many were really removed, build with --accept-shrink
select
    account,
    endpoints,
    median_of_last_four
from mart.shrinkage
where is_far_smaller and not is_shrink_accepted
