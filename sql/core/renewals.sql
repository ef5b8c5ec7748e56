-- An endpoint that was seen with a certificate that ends later than the one it carried before. The lead is what was left on the old one
-- in the run that first saw the new one; below 0 it had expired. Runs without a certificate in between do not hide a renewal.
-- Of an endpoint that has more than one version, one is closed: the others were not renewed.
-- grain: one renewal of an endpoint
-- kind: view
-- check: unique(endpoint_key, run_id)
with changed as (
    select endpoint_key
    from core.endpoint_history
    where to_run_id is not null
    group by endpoint_key
),

carried as (
    select
        versions.account,
        versions.endpoint_key,
        versions.business_unit,
        versions.from_run_id,
        versions.certificate_key,
        versions.valid_to_at,
        lag(versions.certificate_key) over (
            partition by versions.endpoint_key
            order by versions.from_run_id
        ) as old_certificate_key,
        lag(versions.valid_to_at) over (
            partition by versions.endpoint_key
            order by versions.from_run_id
        ) as old_valid_to_at
    from core.endpoint_history as versions
    join changed
        on changed.endpoint_key = versions.endpoint_key
    where versions.certificate_key is not null and not versions.is_removed
),

instants as (
    select
        run_id,
        min(as_of_at) as as_of_at
    from meta.runs
    group by run_id
)

select
    carried.account, -- the account's name in the configuration
    carried.endpoint_key, -- identity of the endpoint
    carried.business_unit, -- its unit then
    carried.from_run_id as run_id, -- the run that first saw the new certificate
    instants.as_of_at as first_seen_at, -- start of that run
    carried.old_certificate_key, -- the certificate it carried before
    carried.certificate_key as new_certificate_key, -- the certificate it carries since
    carried.old_valid_to_at, -- end of the old certificate
    core.whole_days(instants.as_of_at, carried.old_valid_to_at) as lead_days -- whole days left on the old one, rounded down
from carried
join instants
    on instants.run_id = carried.from_run_id
where carried.certificate_key <> carried.old_certificate_key and carried.valid_to_at > carried.old_valid_to_at
