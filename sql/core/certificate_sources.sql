-- What one source in one account says of a certificate: the certificate search, or the endpoints that carry it.
-- Several entries of a search and several endpoints are merged, first non-null as received, endpoints by key.
-- A source says when it calls the certificate revoked, so that one of several entries is enough.
-- grain: one source of one certificate in one account
-- kind: view
with searched as (
    select
        account,
        certificate_key,
        0 as endpoint_count,
        bool_or(staging.status_word(status) = 'REVOKED') as says_revoked,
        arg_min(certificate_id, received_no) filter (where certificate_id is not null) as certificate_id,
        arg_min(common_name, received_no) filter (where common_name is not null) as common_name,
        arg_min(sans, received_no) filter (where sans is not null) as sans,
        arg_min(serial_number, received_no) filter (where serial_number is not null) as serial_number,
        arg_min(thumbprint, received_no) filter (where thumbprint is not null) as thumbprint,
        arg_min(issuer, received_no) filter (where issuer is not null) as issuer,
        arg_min(ca_vendor, received_no) filter (where ca_vendor is not null) as ca_vendor,
        arg_min(valid_from_at, received_no) filter (where valid_from_at is not null) as valid_from_at,
        arg_min(valid_to_at, received_no) filter (where valid_to_at is not null) as valid_to_at,
        arg_min(key_type, received_no) filter (where key_type is not null) as key_type,
        arg_min(key_size, received_no) filter (where key_size is not null) as key_size,
        arg_min(signature_algorithm, received_no) filter (where signature_algorithm is not null) as signature_algorithm,
        arg_min(status, received_no) filter (where status is not null) as status,
        arg_min(business_unit, received_no) filter (where business_unit is not null) as business_unit,
        arg_min(tags, received_no) filter (where tags is not null) as tags,
        arg_min(owners, received_no) filter (where owners is not null) as owners,
        arg_min(cert_owner_ids, received_no) filter (where cert_owner_ids is not null) as cert_owner_ids,
        arg_min(extended_key_usage, received_no) filter (where extended_key_usage is not null) as extended_key_usage,
        arg_min(profile_id, received_no) filter (where profile_id is not null) as profile_id,
        arg_min(profile_name, received_no) filter (where profile_name is not null) as profile_name
    from (
        select
            entries.account,
            entries.received_no,
            entries.certificate_key,
            coalesce(entries.business_unit, units.business_unit, entries.business_unit_id) as business_unit,
            entries.certificate_id,
            entries.common_name,
            entries.sans,
            entries.serial_number,
            entries.thumbprint,
            entries.issuer,
            entries.ca_vendor,
            entries.valid_from_at,
            entries.valid_to_at,
            entries.key_type,
            entries.key_size,
            entries.signature_algorithm,
            entries.status,
            entries.tags,
            entries.owners,
            entries.cert_owner_ids,
            entries.extended_key_usage,
            entries.profile_id,
            entries.profile_name
        from staging.certificates as entries
        left join staging.business_units as units
            on units.account = entries.account
            and units.business_unit_id = entries.business_unit_id
    ) as entries
    group by
        account,
        certificate_key
),

carried as (
    select
        account,
        certificate_key,
        count(*) as endpoint_count,
        bool_or(staging.status_word(certificate_status) = 'REVOKED') as says_revoked,
        arg_min(certificate_id, endpoint_key) filter (where certificate_id is not null) as certificate_id,
        arg_min(common_name, endpoint_key) filter (where common_name is not null) as common_name,
        arg_min(sans, endpoint_key) filter (where sans is not null) as sans,
        arg_min(serial_number, endpoint_key) filter (where serial_number is not null) as serial_number,
        arg_min(thumbprint, endpoint_key) filter (where thumbprint is not null) as thumbprint,
        arg_min(issuer, endpoint_key) filter (where issuer is not null) as issuer,
        arg_min(ca_vendor, endpoint_key) filter (where ca_vendor is not null) as ca_vendor,
        arg_min(valid_from_at, endpoint_key) filter (where valid_from_at is not null) as valid_from_at,
        arg_min(valid_to_at, endpoint_key) filter (where valid_to_at is not null) as valid_to_at,
        arg_min(key_type, endpoint_key) filter (where key_type is not null) as key_type,
        arg_min(key_size, endpoint_key) filter (where key_size is not null) as key_size,
        arg_min(signature_algorithm, endpoint_key) filter (where signature_algorithm is not null) as signature_algorithm,
        arg_min(certificate_status, endpoint_key) filter (where certificate_status is not null) as status,
        arg_min(own_business_unit, endpoint_key) filter (where own_business_unit is not null) as business_unit,
        arg_min(tags, endpoint_key) filter (where tags is not null) as tags,
        arg_min(owners, endpoint_key) filter (where owners is not null) as owners,
        arg_min(cert_owner_ids, endpoint_key) filter (where cert_owner_ids is not null) as cert_owner_ids
    from core.endpoint_state
    where certificate_key is not null
    group by
        account,
        certificate_key
)

select
    account, -- the account's name in the configuration
    certificate_key, -- identity of the certificate
    '1:' || account as source_key, -- order of the sources: searches by account name, then endpoints by account name
    endpoint_count, -- endpoints of the account that carry it
    coalesce(says_revoked, false) as says_revoked, -- an entry has the status revoked
    certificate_id,
    common_name,
    sans,
    serial_number,
    thumbprint,
    issuer,
    ca_vendor,
    valid_from_at,
    valid_to_at,
    key_type,
    key_size,
    signature_algorithm,
    status,
    business_unit,
    tags,
    owners,
    cert_owner_ids,
    extended_key_usage,
    profile_id,
    profile_name
from searched
union all
select
    account,
    certificate_key,
    '2:' || account as source_key,
    endpoint_count,
    coalesce(says_revoked, false) as says_revoked,
    certificate_id,
    common_name,
    sans,
    serial_number,
    thumbprint,
    issuer,
    ca_vendor,
    valid_from_at,
    valid_to_at,
    key_type,
    key_size,
    signature_algorithm,
    status,
    business_unit,
    tags,
    owners,
    cert_owner_ids,
    null as extended_key_usage,
    null as profile_id,
    null as profile_name
from carried
