-- An endpoint that was seen with a certificate that ends later than the one it carried before. The lead is what was left on the old one
-- in the run that first saw the new one; below 0 it had expired. Runs without a certificate in between do not hide a renewal, nor do runs
-- that did not yet know when the new one ends, or no longer when the old one does, or in which the search did not know a certificate.
-- An endpoint of which no version was ever closed has one version and was not renewed: those, which are most, are left out at once.
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
        coalesce(
            core.is_other_certificate(
                lag(versions.certificate_key) over earlier_versions, lag(versions.thumbprint) over earlier_versions,
                lag(versions.serial_number) over earlier_versions, lag(versions.issuer) over earlier_versions,
                versions.certificate_key, versions.thumbprint, versions.serial_number, versions.issuer
            ),
            true
        ) as is_first
    from core.endpoint_history as versions
    join changed
        on changed.endpoint_key = versions.endpoint_key
    where versions.certificate_key is not null and not versions.is_removed
    window earlier_versions as (
        partition by versions.endpoint_key
        order by versions.from_run_id
    )
),

-- versions one after the other with the same certificate are one stay of it
numbered as (
    select
        account,
        endpoint_key,
        business_unit,
        from_run_id,
        certificate_key,
        valid_to_at,
        is_first,
        sum(case when is_first then 1 else 0 end) over (
            partition by endpoint_key
            order by from_run_id
            rows between unbounded preceding and current row
        ) as stay_no
    from carried
),

dated as (
    select
        account,
        endpoint_key,
        business_unit,
        from_run_id,
        certificate_key,
        is_first,
        first_value(valid_to_at ignore nulls) over (
            partition by endpoint_key, stay_no
            order by from_run_id
            rows between unbounded preceding and unbounded following
        ) as first_valid_to_at,
        last_value(valid_to_at ignore nulls) over (
            partition by endpoint_key, stay_no
            order by from_run_id
            rows between unbounded preceding and unbounded following
        ) as last_valid_to_at
    from numbered
),

stays as (
    select
        account,
        endpoint_key,
        business_unit,
        from_run_id,
        certificate_key,
        first_valid_to_at,
        lag(certificate_key) over (
            partition by endpoint_key
            order by from_run_id
        ) as old_certificate_key,
        lag(last_valid_to_at) over (
            partition by endpoint_key
            order by from_run_id
        ) as old_valid_to_at
    from dated
    where is_first
),

instants as (
    select
        run_id,
        min(as_of_at) as as_of_at
    from meta.runs
    group by run_id
)

select
    stays.account, -- the account's name in the configuration
    stays.endpoint_key, -- identity of the endpoint
    stays.business_unit, -- its unit then
    stays.from_run_id as run_id, -- the run that first saw the new certificate
    instants.as_of_at as first_seen_at, -- start of that run
    stays.old_certificate_key, -- the certificate it carried before
    stays.certificate_key as new_certificate_key, -- the certificate it carries since
    stays.old_valid_to_at, -- end of the old certificate
    core.whole_days(instants.as_of_at, stays.old_valid_to_at) as lead_days -- whole days left on the old one, rounded down
from stays
join instants
    on instants.run_id = stays.from_run_id
where stays.first_valid_to_at > stays.old_valid_to_at
