-- One row per pair of security ratings of the endpoints that are in the baseline and in the newest run.
-- An endpoint whose version is that of the baseline has the rating of then; only the others are compared with their version of then.
-- grain: a rating at the baseline and a rating now
-- kind: view
-- check: unique(rating_before, rating)
with current_ones as (
    select
        versions.endpoint_key,
        coalesce(staging.status_word(versions.security_rating), 'NOT_RATED') as rating,
        versions.from_run_id,
        accounts.baseline_run_id
    from core.endpoint_history as versions
    inner join meta.build_accounts as accounts on versions.account = accounts.account
    left join core.unread_endpoints as unread on unread.endpoint_key = versions.endpoint_key
    where versions.to_run_id is null and not versions.is_removed and unread.endpoint_key is null
),

pairs as (
    select
        rating as rating_before,
        rating
    from current_ones
    where from_run_id <= baseline_run_id
    union all
    select
        coalesce(staging.status_word(earlier.security_rating), 'NOT_RATED') as rating_before,
        current_ones.rating
    from current_ones
    inner join core.endpoint_history as earlier
        on
            earlier.endpoint_key = current_ones.endpoint_key
            and earlier.from_run_id <= current_ones.baseline_run_id
            and earlier.to_run_id > current_ones.baseline_run_id
    where current_ones.from_run_id > current_ones.baseline_run_id and not earlier.is_removed
)

select
    rating_before, -- rating at the baseline; NOT_RATED where there was none
    rating, -- rating now
    count(*) as endpoints -- endpoints with this pair
from pairs
group by rating_before, rating
