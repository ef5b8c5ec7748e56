-- One row per pair of security ratings of the endpoints that are in the baseline and in the newest run.
-- grain: a rating at the baseline and a rating now
-- kind: view
-- check: unique(rating_before, rating)
with before as (
    select
        history.endpoint_key,
        coalesce(staging.status_word(history.security_rating), 'NOT_RATED') as rating
    from core.endpoint_history as history
    inner join meta.build_accounts as accounts
        on
            history.account = accounts.account
            and history.from_run_id <= accounts.baseline_run_id
            and (history.to_run_id is null or history.to_run_id > accounts.baseline_run_id)
    where not history.is_removed
)
select
    before.rating as rating_before, -- rating at the baseline; NOT_RATED where there was none
    coalesce(staging.status_word(endpoints.security_rating), 'NOT_RATED') as rating, -- rating now
    count(*) as endpoints -- endpoints with this pair
from before
inner join core.endpoints as endpoints on before.endpoint_key = endpoints.endpoint_key
group by before.rating, coalesce(staging.status_word(endpoints.security_rating), 'NOT_RATED')
