-- The open versions of the history are the endpoints of the snapshot, no more and no fewer.
-- severity: stop
with open_versions as (
    select
        endpoint_key,
        count(*) as versions
    from core.endpoint_history
    where to_run_id is null and not is_removed
    group by endpoint_key
)

select
    coalesce(endpoints.endpoint_key, open_versions.endpoint_key) as endpoint_key,
    coalesce(open_versions.versions, 0) as open_versions,
    endpoints.endpoint_key is not null as is_in_snapshot
from core.endpoints as endpoints
full outer join open_versions
    on open_versions.endpoint_key = endpoints.endpoint_key
where endpoints.endpoint_key is null or coalesce(open_versions.versions, 0) <> 1
