-- A distinct certificate over all accounts, on an endpoint or only in a certificate search. Facts are the first non-null of the searches,
-- accounts by name, then of the endpoints, accounts by name and endpoints by key; it is revoked when any of them says so.
-- Unit, owner and tags belong to a certificate in an account: see core.certificate_accounts; the tags here are of all its accounts.
-- Trust comes from rules.issuers, ordered patterns on issuer and CA vendor.
-- grain: one certificate
-- kind: table
-- check: unique(certificate_key)
-- check: not_null(certificate_key, account_count, endpoint_count, trust, is_revoked, is_wildcard)
-- check: accepted(trust, 'public', 'private', 'unknown')
-- check: holds(valid_from_at < valid_to_at)
with facts as (
    select
        certificate_key,
        count(distinct account) as account_count,
        cast(sum(endpoint_count) as bigint) as endpoint_count,
        bool_or(says_revoked) as is_revoked,
        list_sort(list_distinct(flatten(list(tags order by source_key) filter (where tags is not null)))) as tags,
        arg_min(common_name, source_key) filter (where common_name is not null) as common_name,
        arg_min(sans, source_key) filter (where sans is not null) as sans,
        arg_min(serial_number, source_key) filter (where serial_number is not null) as serial_number,
        arg_min(thumbprint, source_key) filter (where thumbprint is not null) as thumbprint,
        arg_min(issuer, source_key) filter (where issuer is not null) as issuer,
        arg_min(ca_vendor, source_key) filter (where ca_vendor is not null) as ca_vendor,
        arg_min(valid_from_at, source_key) filter (where valid_from_at is not null) as valid_from_at,
        arg_min(valid_to_at, source_key) filter (where valid_to_at is not null) as valid_to_at,
        arg_min(key_type, source_key) filter (where key_type is not null) as key_type,
        arg_min(key_size, source_key) filter (where key_size is not null) as key_size,
        arg_min(signature_algorithm, source_key) filter (where signature_algorithm is not null) as signature_algorithm,
        arg_min(status, source_key) filter (where status is not null) as status,
        arg_min(extended_key_usage, source_key) filter (where extended_key_usage is not null) as extended_key_usage
    from core.certificate_sources
    group by certificate_key
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
