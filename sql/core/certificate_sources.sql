-- What says something of a certificate: an entry of a certificate search, or an endpoint that carries it.
-- First come the searches, accounts by name and entries as received, then the endpoints, accounts by name and endpoints by key:
-- source_no, account, received_no, endpoint_key is that order.
-- grain: one entry of a certificate search, or one endpoint with a certificate
-- kind: view
select
    entries.certificate_key,
    1 as source_no, -- 1: a certificate search, 2: an endpoint
    entries.account,
    entries.received_no, -- of an entry: its position in the order received
    null as endpoint_key, -- of an endpoint: its identity
    entries.has_revocation or coalesce(staging.status_word(entries.status) = 'REVOKED', false) as says_revoked, -- by its status or its revocation
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
    coalesce(entries.business_unit, units.business_unit, entries.business_unit_id) as business_unit, -- name of the business unit
    entries.tags,
    coalesce(entries.owners, entries.cert_owner_ids) is not null as names_owners, -- a list of owners is there
    entries.extended_key_usage,
    entries.profile_id,
    entries.profile_name
from staging.certificates as entries
left join staging.business_units as units
    on units.account = entries.account
    and units.business_unit_id = entries.business_unit_id
union all
select
    certificate_key,
    2 as source_no,
    account,
    null as received_no,
    endpoint_key,
    coalesce(staging.status_word(certificate_status) = 'REVOKED', false) as says_revoked,
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
    certificate_status as status,
    own_business_unit as business_unit,
    tags,
    coalesce(owners, cert_owner_ids) is not null as names_owners,
    null as extended_key_usage,
    null as profile_id,
    null as profile_name
from core.endpoint_state
where certificate_key is not null
