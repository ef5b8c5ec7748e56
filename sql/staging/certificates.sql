-- A certificate of an account's certificate search, renamed, typed and identified.
-- Entries that name no certificate (no thumbprint, serial number, identifier, or common name with end) are left out.
-- A certificate may stand more than once; core.certificates merges
-- them. A value that does not parse is null and counted in meta.drift.
-- grain: one entry as received (account, received_no)
-- kind: table
with typed as (
    select
        account,
        received_no,
        staging.filled(id) as certificate_id,
        staging.filled(common_name) as common_name,
        staging.parse_list(sans) as sans,
        staging.hexadecimal(serial_number) as serial_number,
        staging.hexadecimal(thumbprint) as thumbprint,
        staging.filled(issuing_ca_name) as issuer,
        staging.filled(ca_vendor) as ca_vendor,
        staging.filled(status) as status,
        staging.is_revocation(revocation) as has_revocation,
        staging.parse_time(valid_from) as stated_from_at,
        staging.parse_end(valid_to) as stated_to_at,
        staging.filled(key_type) as key_type,
        staging.whole_number(staging.filled(key_size)) as key_size,
        staging.filled(signature_algorithm) as signature_algorithm,
        staging.filled(extended_key_usage) as extended_key_usage,
        staging.id_of(business_unit) as business_unit_id,
        staging.name_of(business_unit) as business_unit,
        staging.id_of(profile) as profile_id,
        staging.name_of(profile) as profile_name,
        staging.parse_list(tags) as tags,
        staging.parse_list(owners) as owners,
        staging.parse_list(cert_owner_ids) as cert_owner_ids
    from raw.certificates
),

dated as (
    select
        account,
        received_no,
        certificate_id,
        common_name,
        sans,
        serial_number,
        thumbprint,
        issuer,
        ca_vendor,
        status,
        has_revocation,
        case when staging.is_forward(stated_from_at, stated_to_at) then stated_from_at end as valid_from_at,
        case when staging.is_forward(stated_from_at, stated_to_at) then stated_to_at end as valid_to_at,
        key_type,
        key_size,
        signature_algorithm,
        extended_key_usage,
        business_unit_id,
        business_unit,
        profile_id,
        profile_name,
        tags,
        owners,
        cert_owner_ids
    from typed
),

identified as (
    select
        account,
        received_no,
        staging.certificate_key(
            account, thumbprint, serial_number, issuer, certificate_id, common_name, valid_to_at
        ) as certificate_key,
        certificate_id,
        common_name,
        sans,
        serial_number,
        thumbprint,
        issuer,
        ca_vendor,
        status,
        has_revocation,
        valid_from_at,
        valid_to_at,
        key_type,
        key_size,
        signature_algorithm,
        extended_key_usage,
        business_unit_id,
        business_unit,
        profile_id,
        profile_name,
        tags,
        owners,
        cert_owner_ids
    from dated
)

select
    account, -- the account's name in the configuration
    received_no, -- position in the order received
    certificate_key, -- identity of the certificate
    certificate_id, -- the API's identifier of the certificate in this account
    common_name,
    sans,
    serial_number,
    thumbprint,
    issuer, -- common name of the issuing CA
    ca_vendor,
    status,
    has_revocation, -- it says why or when it was revoked
    valid_from_at, -- start of the validity; null with its end where it does not lie before it
    valid_to_at, -- end of the validity
    key_type,
    key_size, -- key size in bits
    signature_algorithm,
    extended_key_usage,
    business_unit_id, -- identifier of its business unit
    business_unit, -- name of its business unit
    profile_id, -- identifier of the profile that issued it
    profile_name, -- name of the profile that issued it
    tags,
    owners,
    cert_owner_ids
from identified
where certificate_key is not null
