-- A distinct certificate over all accounts, on an endpoint or only in a certificate search. Facts are the first non-null of the searches,
-- accounts by name, then of the endpoints, accounts by name and endpoints by key; it is revoked when any of them says so.
-- Unit, owner and tags belong to a certificate in an account: see core.certificate_accounts; the tags here are of all its accounts.
-- Most certificates have at most one entry and one endpoint: those are joined; the others are merged over a window. Both spill.
-- Trust comes from rules.issuers, ordered patterns on issuer and CA vendor.
-- grain: one certificate
-- kind: table
-- check: unique(certificate_key)
-- check: not_null(certificate_key, account_count, endpoint_count, trust, is_revoked, is_wildcard)
-- check: accepted(trust, 'public', 'private', 'unknown')
-- check: holds(valid_from_at < valid_to_at)
with shared as (
    select certificate_key
    from core.certificate_sources
    group by certificate_key
    having count(*) filter (where source_no = 1) > 1 or count(*) filter (where source_no = 2) > 1
),

searched as (
    select
        sources.certificate_key,
        sources.account,
        sources.says_revoked,
        sources.tags,
        sources.common_name,
        sources.sans,
        sources.serial_number,
        sources.thumbprint,
        sources.issuer,
        sources.ca_vendor,
        sources.valid_from_at,
        sources.valid_to_at,
        sources.key_type,
        sources.key_size,
        sources.signature_algorithm,
        sources.status,
        sources.extended_key_usage
    from core.certificate_sources as sources
    left join shared
        on shared.certificate_key = sources.certificate_key
    where sources.source_no = 1 and shared.certificate_key is null
),

carried as (
    select
        sources.certificate_key,
        sources.account,
        sources.says_revoked,
        sources.tags,
        sources.common_name,
        sources.sans,
        sources.serial_number,
        sources.thumbprint,
        sources.issuer,
        sources.ca_vendor,
        sources.valid_from_at,
        sources.valid_to_at,
        sources.key_type,
        sources.key_size,
        sources.signature_algorithm,
        sources.status
    from core.certificate_sources as sources
    left join shared
        on shared.certificate_key = sources.certificate_key
    where sources.source_no = 2 and shared.certificate_key is null
),

several as (
    select
        sources.certificate_key,
        sources.source_no,
        sources.account,
        sources.says_revoked,
        sources.tags,
        row_number() over all_sources as row_no,
        first_value(sources.common_name ignore nulls) over all_sources as common_name,
        first_value(sources.sans ignore nulls) over all_sources as sans,
        first_value(sources.serial_number ignore nulls) over all_sources as serial_number,
        first_value(sources.thumbprint ignore nulls) over all_sources as thumbprint,
        first_value(sources.issuer ignore nulls) over all_sources as issuer,
        first_value(sources.ca_vendor ignore nulls) over all_sources as ca_vendor,
        first_value(sources.valid_from_at ignore nulls) over all_sources as valid_from_at,
        first_value(sources.valid_to_at ignore nulls) over all_sources as valid_to_at,
        first_value(sources.key_type ignore nulls) over all_sources as key_type,
        first_value(sources.key_size ignore nulls) over all_sources as key_size,
        first_value(sources.signature_algorithm ignore nulls) over all_sources as signature_algorithm,
        first_value(sources.status ignore nulls) over all_sources as status,
        first_value(sources.extended_key_usage ignore nulls) over all_sources as extended_key_usage
    from core.certificate_sources as sources
    join shared
        on shared.certificate_key = sources.certificate_key
    window all_sources as (
        partition by sources.certificate_key
        order by sources.source_no, sources.account, sources.received_no, sources.endpoint_key
        rows between unbounded preceding and unbounded following
    )
),

several_counts as (
    select
        certificate_key,
        count(distinct account) as account_count,
        count(*) filter (where source_no = 2) as endpoint_count,
        bool_or(says_revoked) as is_revoked
    from several
    group by certificate_key
),

several_tags as (
    select
        certificate_key,
        list(tag order by tag) as tags
    from (
        select distinct
            certificate_key,
            unnest(tags) as tag
        from several
    ) as tagged
    group by certificate_key
),

facts as (
    select
        coalesce(searched.certificate_key, carried.certificate_key) as certificate_key,
        case when searched.account <> carried.account then 2 else 1 end as account_count,
        case when carried.certificate_key is null then 0 else 1 end as endpoint_count,
        coalesce(searched.says_revoked or carried.says_revoked, searched.says_revoked, carried.says_revoked) as is_revoked,
        nullif(list_sort(list_distinct(list_concat(searched.tags, carried.tags))), []) as tags,
        coalesce(searched.common_name, carried.common_name) as common_name,
        coalesce(searched.sans, carried.sans) as sans,
        coalesce(searched.serial_number, carried.serial_number) as serial_number,
        coalesce(searched.thumbprint, carried.thumbprint) as thumbprint,
        coalesce(searched.issuer, carried.issuer) as issuer,
        coalesce(searched.ca_vendor, carried.ca_vendor) as ca_vendor,
        coalesce(searched.valid_from_at, carried.valid_from_at) as valid_from_at,
        coalesce(searched.valid_to_at, carried.valid_to_at) as valid_to_at,
        coalesce(searched.key_type, carried.key_type) as key_type,
        coalesce(searched.key_size, carried.key_size) as key_size,
        coalesce(searched.signature_algorithm, carried.signature_algorithm) as signature_algorithm,
        coalesce(searched.status, carried.status) as status,
        searched.extended_key_usage
    from searched
    full outer join carried
        on carried.certificate_key = searched.certificate_key
    union all
    select
        several.certificate_key,
        several_counts.account_count,
        several_counts.endpoint_count,
        several_counts.is_revoked,
        several_tags.tags,
        several.common_name,
        several.sans,
        several.serial_number,
        several.thumbprint,
        several.issuer,
        several.ca_vendor,
        several.valid_from_at,
        several.valid_to_at,
        several.key_type,
        several.key_size,
        several.signature_algorithm,
        several.status,
        several.extended_key_usage
    from several
    join several_counts
        on several_counts.certificate_key = several.certificate_key
    left join several_tags
        on several_tags.certificate_key = several.certificate_key
    where several.row_no = 1
),

described as (
    select
        certificate_key,
        account_count,
        endpoint_count,
        is_revoked,
        tags,
        common_name,
        sans,
        serial_number,
        thumbprint,
        issuer,
        ca_vendor,
        case when staging.is_forward(valid_from_at, valid_to_at) then valid_from_at end as valid_from_at,
        case when staging.is_forward(valid_from_at, valid_to_at) then valid_to_at end as valid_to_at,
        key_type,
        key_size,
        signature_algorithm,
        status,
        extended_key_usage,
        coalesce(issuer = common_name, false)
        or coalesce(regexp_full_match(lower(ca_vendor), 'self[ _-]?signed'), false) as is_self_signed,
        lower(coalesce(issuer, '')) as issuer_name,
        lower(coalesce(ca_vendor, '')) as vendor_name
    from facts
),

names as (
    select
        issuer_name,
        vendor_name,
        is_self_signed
    from described
    group by
        issuer_name,
        vendor_name,
        is_self_signed
),

trusts as (
    select
        names.issuer_name,
        names.vendor_name,
        names.is_self_signed,
        arg_min(issuers.trust, issuers.rule_no) as trust
    from names
    join rules.issuers as issuers
        on (issuers.matches = 'self_signed' and names.is_self_signed)
        or (
            issuers.matches = 'name'
            and (names.issuer_name like issuers.pattern or names.vendor_name like issuers.pattern)
        )
    group by
        names.issuer_name,
        names.vendor_name,
        names.is_self_signed
)

select
    described.certificate_key, -- sha256:<thumbprint>, serial:<account>/<serial>/<issuer>, id:<account>/<id> or name:<account>/<common name>/<end>
    described.account_count, -- accounts in which it is known
    described.endpoint_count, -- endpoints that carry it, over all accounts; 0: only in a certificate search
    described.common_name,
    described.serial_number,
    described.thumbprint,
    described.issuer, -- common name of the issuing CA
    described.ca_vendor,
    coalesce(trusts.trust, 'unknown') as trust, -- public, private or unknown, by rules.issuers
    described.status,
    described.is_revoked, -- a certificate search or an endpoint says revoked
    described.valid_from_at, -- start of the validity
    described.valid_to_at, -- end of the validity
    core.whole_days(current_run.as_of_at, described.valid_to_at) as days_left, -- whole days from the run to its end, rounded down
    core.lifetime_days(described.valid_from_at, described.valid_to_at) as lifetime_days, -- days of its validity, both ends counted
    described.key_type,
    described.key_size, -- key size in bits
    described.signature_algorithm,
    described.sans,
    coalesce(described.common_name like '*.%', false)
    or coalesce(' ' || array_to_string(described.sans, ' ') like '% *.%', false) as is_wildcard, -- a wildcard as common name or among the SANs
    described.tags, -- tags of all its accounts, sorted
    described.is_self_signed, -- issuer is the subject, or the CA vendor says self-signed
    described.extended_key_usage
from described
cross join meta.current_run as current_run
left join trusts
    on trusts.issuer_name = described.issuer_name
    and trusts.vendor_name = described.vendor_name
    and trusts.is_self_signed = described.is_self_signed
order by
    described.valid_to_at,
    described.certificate_key
