-- One row per pair of security ratings of the endpoints that are in the baseline and in the newest run.
-- An endpoint whose version is that of the baseline has the rating of then; only the others are compared with their version of then.
-- Ratings are counted as received and worded afterwards: a handful of words instead of all endpoints.
-- grain: a rating at the baseline and a rating now
-- kind: table
-- check: unique(rating_before, rating)
with counted as (
    select
        versions.security_rating as rating_before,
        versions.security_rating as rating,
        count(*) as endpoints
    from core.endpoint_history as versions
    join meta.build_accounts as accounts on versions.account = accounts.account
    left join core.unread_endpoints as unread on unread.endpoint_key = versions.endpoint_key
    where
        versions.to_run_id is null
        and not versions.is_removed
        and versions.from_run_id <= accounts.baseline_run_id
        and unread.endpoint_key is null
    group by versions.security_rating
    union all
    select
        earlier.security_rating as rating_before,
        versions.security_rating as rating,
        count(*) as endpoints
    from core.endpoint_history as versions
    join meta.build_accounts as accounts on versions.account = accounts.account
    left join core.unread_endpoints as unread on unread.endpoint_key = versions.endpoint_key
    join core.endpoint_history as earlier
        on
            earlier.endpoint_key = versions.endpoint_key
            and earlier.from_run_id <= accounts.baseline_run_id
            and earlier.to_run_id > accounts.baseline_run_id
    where
        versions.to_run_id is null
        and not versions.is_removed
        and versions.from_run_id > accounts.baseline_run_id
        and unread.endpoint_key is null
        and not earlier.is_removed
    group by
        earlier.security_rating,
        versions.security_rating
)

select
    coalesce(staging.status_word(rating_before), 'NOT_RATED') as rating_before, -- rating at the baseline; NOT_RATED where there was none
    coalesce(staging.status_word(rating), 'NOT_RATED') as rating, -- rating now
    cast(sum(endpoints) as bigint) as endpoints -- endpoints with this pair
from counted
group by
    coalesce(staging.status_word(rating_before), 'NOT_RATED'),
    coalesce(staging.status_word(rating), 'NOT_RATED')
