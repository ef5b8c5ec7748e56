-- The open versions of the history are the endpoints of the snapshot, no fewer, and no more where the account was read to its end:
-- what an incomplete run that was accepted lacks is not recorded as removed.
-- severity: stop
-- advice: the history was changed by hand or by runs out of order; `tlm rebuild` makes it anew from the landing zone
with open_versions as (
    select
        endpoint_key,
        account,
        count(*) as versions
    from core.endpoint_history
    where to_run_id is null and not is_removed
    group by
        endpoint_key,
        account
),

incomplete_accounts as (
    select account
    from meta.build_accounts
    where not is_complete
)

select
    coalesce(endpoints.endpoint_key, open_versions.endpoint_key) as endpoint_key,
    coalesce(open_versions.versions, 0) as open_versions,
    endpoints.endpoint_key is not null as is_in_snapshot
from core.endpoints as endpoints
full outer join open_versions
    on open_versions.endpoint_key = endpoints.endpoint_key
left join incomplete_accounts
    on open_versions.account = incomplete_accounts.account
where (endpoints.endpoint_key is null and incomplete_accounts.account is null)
    or (endpoints.endpoint_key is not null and coalesce(open_versions.versions, 0) <> 1)
