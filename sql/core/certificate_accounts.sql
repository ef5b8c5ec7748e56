-- A certificate in one account: its unit, tags, owner and profile there, and whether a newer one waits to be deployed.
-- First non-null of the account's certificate search, then of its endpoints by key. Owned is a certificate with a unit and an owner:
-- a tag that begins with the policy's prefix, or a list of owners (assumed fields).
-- A newer certificate has the same common name, starts and ends later, is not revoked, in the search of the account, and on no endpoint at all.
-- grain: one certificate in one account
-- kind: table
-- check: unique(account, certificate_key)
-- check: not_null(account, certificate_key, endpoint_count, has_owner, is_owned, has_undeployed_renewal)
with shared as (
    select
        account,
        certificate_key
    from core.certificate_sources
    group by
        account,
        certificate_key
    having count(*) filter (where source_no = 1) > 1 or count(*) filter (where source_no = 2) > 1
),

searched as (
    select
        sources.account,
        sources.certificate_key,
        sources.names_owners,
        sources.business_unit,
        sources.tags,
        sources.certificate_id,
        sources.profile_id,
        sources.profile_name
    from core.certificate_sources as sources
    left join shared
        on shared.account = sources.account
        and shared.certificate_key = sources.certificate_key
    where sources.source_no = 1 and shared.certificate_key is null
),

carried as (
    select
        sources.account,
        sources.certificate_key,
        sources.names_owners,
        sources.business_unit,
        sources.tags,
        sources.certificate_id
    from core.certificate_sources as sources
    left join shared
        on shared.account = sources.account
        and shared.certificate_key = sources.certificate_key
    where sources.source_no = 2 and shared.certificate_key is null
),

several as (
    select
        sources.account,
        sources.certificate_key,
        row_number() over all_sources as row_no,
        count(sources.endpoint_key) over all_sources as endpoint_count,
        bool_or(sources.source_no = 1) over all_sources as is_searched,
        bool_or(sources.names_owners) over all_sources as names_owners,
        first_value(sources.business_unit ignore nulls) over all_sources as business_unit,
        first_value(sources.tags ignore nulls) over all_sources as tags,
        first_value(sources.certificate_id ignore nulls) over all_sources as certificate_id,
        first_value(sources.profile_id ignore nulls) over all_sources as profile_id,
        first_value(sources.profile_name ignore nulls) over all_sources as profile_name
    from core.certificate_sources as sources
    join shared
        on shared.account = sources.account
        and shared.certificate_key = sources.certificate_key
    window all_sources as (
        partition by sources.account, sources.certificate_key
        order by sources.source_no, sources.received_no, sources.endpoint_key
        rows between unbounded preceding and unbounded following
    )
),

merged as (
    select
        coalesce(searched.account, carried.account) as account,
        coalesce(searched.certificate_key, carried.certificate_key) as certificate_key,
        case when carried.certificate_key is null then 0 else 1 end as endpoint_count,
        searched.certificate_key is not null as is_searched,
        coalesce(searched.names_owners or carried.names_owners, searched.names_owners, carried.names_owners) as names_owners,
        coalesce(searched.business_unit, carried.business_unit) as business_unit,
        coalesce(searched.tags, carried.tags) as tags,
        coalesce(searched.certificate_id, carried.certificate_id) as certificate_id,
        searched.profile_id,
        searched.profile_name
    from searched
    full outer join carried
        on carried.account = searched.account
        and carried.certificate_key = searched.certificate_key
    union all
    select
        account,
        certificate_key,
        endpoint_count,
        is_searched,
        names_owners,
        business_unit,
        tags,
        certificate_id,
        profile_id,
        profile_name
    from several
    where row_no = 1
),

described as (
    select
        merged.account,
        merged.certificate_key,
        merged.endpoint_count,
        merged.is_searched,
        merged.business_unit,
        list_sort(list_distinct(merged.tags)) as tags,
        merged.names_owners
        or coalesce(
            list_filter(merged.tags, lambda tag: starts_with(tag, policy.owner_tag_prefix)) <> [], false
        ) as has_owner,
        merged.certificate_id,
        merged.profile_id,
        merged.profile_name,
        certificates.common_name,
        certificates.valid_from_at,
        certificates.valid_to_at,
        case
            when merged.is_searched and certificates.endpoint_count = 0 and not certificates.is_revoked
                then certificates.valid_to_at
        end as waiting_to_at
    from merged
    join core.certificates as certificates
        on certificates.certificate_key = merged.certificate_key
    cross join rules.policy as policy
),

-- per name, the latest end of what starts at each instant and waits to be deployed, then the latest of all that start later
starts as (
    select
        account,
        common_name,
        valid_from_at,
        max(waiting_to_at) as waiting_to_at
    from described
    where common_name is not null and valid_from_at is not null
    group by
        account,
        common_name,
        valid_from_at
),

newer as (
    select
        account,
        common_name,
        valid_from_at,
        max(waiting_to_at) over (
            partition by account, common_name
            order by valid_from_at desc
            rows between unbounded preceding and 1 preceding
        ) as newer_to_at
    from starts
)

select
    described.account, -- the account's name in the configuration
    described.certificate_key, -- identity of the certificate
    described.endpoint_count, -- endpoints of the account that carry it
    described.is_searched, -- in the account's certificate search
    described.business_unit, -- its unit in this account
    described.tags, -- its tags in this account, sorted
    described.has_owner, -- an owner tag or a list of owners in this account
    described.has_owner and described.business_unit is not null as is_owned, -- a unit and an owner in this account
    described.certificate_id,
    described.profile_id, -- profile that issued it
    coalesce(profiles.profile_name, described.profile_name) as profile_name, -- name of that profile
    coalesce(newer.newer_to_at > described.valid_to_at, false) as has_undeployed_renewal -- a newer certificate of its name is on no endpoint
from described
left join newer
    on newer.account = described.account
    and newer.common_name = described.common_name
    and newer.valid_from_at = described.valid_from_at
left join staging.profiles as profiles
    on profiles.account = described.account
    and profiles.profile_id = described.profile_id
