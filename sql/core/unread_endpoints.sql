-- An endpoint that an incomplete run did not show, and that is therefore not recorded as removed: its version is open, and it is not in
-- the snapshot. Only where somebody accepted an incomplete run (tlm build --accept-incomplete); in all other builds there is none.
-- grain: one open version of an endpoint that is not in the snapshot
-- kind: table
-- check: unique(endpoint_key)
with incomplete as (
    select account
    from meta.build_accounts
    where not is_complete
),

read as (
    select states.endpoint_key
    from core.endpoint_state as states
    join incomplete
        on incomplete.account = states.account
)

select
    versions.account, -- the account's name in the configuration
    versions.endpoint_key -- identity of the endpoint
from core.endpoint_history as versions
join incomplete
    on incomplete.account = versions.account
left join read
    on read.endpoint_key = versions.endpoint_key
where versions.to_run_id is null and not versions.is_removed and read.endpoint_key is null
