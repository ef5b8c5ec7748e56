-- An item of one of the three endpoint categories, renamed, typed and identified; the categories are alike, so one view serves all.
-- The same endpoint may stand in several categories, and more than once in one: core.endpoint_merged merges its items.
-- An item that says nothing of where it is stays an endpoint too, one per account (<account>:@:/): unknown is counted, never dropped.
-- A value that does not parse is null here and counted in meta.drift.
-- grain: one item as received (account, category, received_no)
-- kind: table
with typed as (
    select
        account,
        category,
        1000000000000 * category_no + received_no as item_no,
        staging.filled(id) as endpoint_id,
        staging.filled(inventory_id) as inventory_id,
        staging.filled(ip) as ip,
        staging.filled(port) as port_text,
        staging.filled(host_name) as host_name,
        staging.filled(domain_name) as domain_name,
        staging.filled(os_name) as os_name,
        staging.filled(os_version) as os_version,
        staging.filled(application) as application,
        staging.filled(sensor_name) as sensor_name,
        staging.filled(agent_name) as agent_name,
        staging.filled(connector_name) as connector_name,
        staging.filled(source) as source,
        staging.filled(automation_status) as automation_status,
        staging.filled(security_rating) as security_rating,
        staging.filled(discovery_status) as discovery_status,
        staging.filled(discovery_error) as discovery_error,
        staging.parse_time(last_discovered) as last_discovered_at,
        staging.filled(certificate_id) as certificate_id,
        staging.filled(common_name) as common_name,
        staging.parse_list(sans) as sans,
        staging.hexadecimal(serial_number) as serial_number,
        staging.hexadecimal(thumbprint) as thumbprint,
        staging.filled(issuing_ca_name) as issuer,
        staging.filled(ca_vendor) as ca_vendor,
        staging.parse_time(valid_from) as stated_from_at,
        staging.parse_end(valid_to) as stated_to_at,
        staging.filled(key_type) as key_type,
        staging.whole_number(staging.filled(key_size)) as key_size,
        staging.filled(signature_algorithm) as signature_algorithm,
        staging.filled(status) as status,
        staging.id_of(business_unit) as business_unit_id,
        staging.name_of(business_unit) as business_unit,
        staging.parse_list(tags) as tags,
        staging.parse_list(owners) as owners,
        staging.parse_list(cert_owner_ids) as cert_owner_ids
    from staging.endpoint_items
)

select
    account, -- the account's name in the configuration
    category, -- automatable, discovered or unsecured
    item_no, -- order in which items give their values: automatable, discovered, unsecured, and as received within each
    staging.endpoint_key(account, endpoint_id, ip, host_name, port_text, domain_name) as endpoint_key, -- identity of the endpoint
    endpoint_id, -- the API's identifier of the endpoint
    inventory_id,
    ip,
    staging.whole_number(port_text) as port,
    port_text, -- port as received
    host_name,
    domain_name,
    os_name,
    os_version,
    application,
    sensor_name,
    agent_name,
    connector_name,
    source,
    automation_status,
    security_rating,
    discovery_status,
    discovery_error,
    last_discovered_at, -- when a scan last saw it
    business_unit_id, -- identifier of its business unit
    business_unit, -- name of its business unit
    status, -- status of the certificate, or of the discovery
    certificate_id,
    common_name,
    sans,
    serial_number,
    thumbprint,
    issuer, -- common name of the issuing CA
    ca_vendor,
    case when staging.is_forward(stated_from_at, stated_to_at) then stated_from_at end as valid_from_at, -- start of the validity; null with its end where it does not lie before it
    case when staging.is_forward(stated_from_at, stated_to_at) then stated_to_at end as valid_to_at, -- end of the validity
    key_type,
    key_size, -- key size in bits
    signature_algorithm,
    tags,
    owners,
    cert_owner_ids,
    coalesce(
        thumbprint,
        certificate_id,
        serial_number,
        case when staging.is_forward(stated_from_at, stated_to_at) and stated_to_at is not null then common_name end
    ) is not null as carries_certificate -- whether the item names a certificate: thumbprint, identifier, serial number, or common name with end
from typed
