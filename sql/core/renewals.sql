-- An endpoint that was seen with a certificate that ends later than the one it carried before. The lead is what was left on the old one
-- in the run that first saw the new one; below 0 it had expired. Runs without a certificate in between do not hide a renewal.
-- grain: one renewal of an endpoint
-- kind: view
-- check: unique(endpoint_key, run_id)
with carried as (
    select
        account,
        endpoint_key,
        business_unit,
        from_run_id,
        certificate_key,
        valid_to_at,
        lag(certificate_key) over (partition by endpoint_key order by from_run_id) as old_certificate_key,
        lag(valid_to_at) over (partition by endpoint_key order by from_run_id) as old_valid_to_at
    from core.endpoint_history
    where certificate_key is not null and not is_removed
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
