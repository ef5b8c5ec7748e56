-- An endpoint of the newest snapshot with what its own items say: merged over the categories, its automation inventory entry joined,
-- its certificate found among the certificate search of its account. core.endpoints adds the certificate's facts, history and time.
-- Attributes are the first non-null in the order of the items; the certificate's come together from the first item that carries one.
-- Joins are ladders, each rung a hash join: the first rung that finds something wins, nulls never match, and where a rung finds several
-- the first as received is taken. The rungs of the inventory compare GUIDs and identifiers in lower case.
-- A common name with end finds a certificate only when all entries with both are the same certificate.
-- Limits: an inventory entry without ip, port or domain name is not found by location; one entry may serve several endpoints.
-- grain: one endpoint of an account
-- kind: table
-- check: unique(endpoint_key)
-- check: not_null(account, endpoint_key, protection, automation_state)
-- check: accepted(protection, 'certificate', 'none', 'discovery_error', 'unspecified')
-- check: accepted(automation_state, 'managed', 'available', 'not_available')
-- check: accepted(certificate_match, 'certificate_id', 'thumbprint', 'serial_issuer', 'name_valid_to', 'none')
with merged as (
    select
        account,
        endpoint_key,
        min(endpoint_id) as endpoint_id,
        bool_or(category = 'automatable') as is_automatable,
        bool_or(category = 'unsecured') as is_unsecured,
        bool_or(category = 'discovered') as is_discovered,
        bool_or(carries_certificate) as has_certificate,
        arg_min(
            {
                'certificate_id': certificate_id,
                'common_name': common_name,
                'sans': sans,
                'serial_number': serial_number,
                'thumbprint': thumbprint,
                'issuer': issuer,
                'ca_vendor': ca_vendor,
                'valid_from_at': valid_from_at,
                'valid_to_at': valid_to_at,
                'key_type': key_type,
                'key_size': key_size,
                'signature_algorithm': signature_algorithm,
                'status': status,
                'tags': tags,
                'owners': owners,
                'cert_owner_ids': cert_owner_ids
            },
            item_no
        ) filter (where carries_certificate) as carried,
        arg_min(inventory_id, item_no) filter (where inventory_id is not null) as inventory_id,
        arg_min(ip, item_no) filter (where ip is not null) as ip,
        arg_min(port, item_no) filter (where port is not null) as port,
        arg_min(port_text, item_no) filter (where port_text is not null) as port_text,
        arg_min(host_name, item_no) filter (where host_name is not null) as host_name,
        arg_min(domain_name, item_no) filter (where domain_name is not null) as domain_name,
        arg_min(os_name, item_no) filter (where os_name is not null) as os_name,
        arg_min(os_version, item_no) filter (where os_version is not null) as os_version,
        arg_min(application, item_no) filter (where application is not null) as application,
        arg_min(sensor_name, item_no) filter (where sensor_name is not null) as sensor_name,
        arg_min(agent_name, item_no) filter (where agent_name is not null) as agent_name,
        arg_min(connector_name, item_no) filter (where connector_name is not null) as connector_name,
        arg_min(source, item_no) filter (where source is not null) as source,
        arg_min(automation_status, item_no) filter (where automation_status is not null) as automation_status,
        arg_min(security_rating, item_no) filter (where security_rating is not null) as security_rating,
        arg_min(discovery_status, item_no) filter (where discovery_status is not null) as discovery_status,
        arg_min(discovery_error, item_no) filter (where discovery_error is not null) as discovery_error,
        arg_min(last_discovered_at, item_no) filter (where last_discovered_at is not null) as last_discovered_at,
        arg_min(business_unit_id, item_no) filter (where business_unit_id is not null) as business_unit_id,
        arg_min(business_unit, item_no) filter (where business_unit is not null) as business_unit,
        arg_min(status, item_no) filter (where status is not null) as status
    from staging.endpoints
    group by
        account,
        endpoint_key
),

entries as (
    select
        account,
        received_no,
        automation_guid,
        lower(automation_guid) as guid_name,
        lower(entry_id) as entry_name,
        location_key,
        automation_status,
        profile_id
    from staging.automation_inventory
),

-- rungs of the automation inventory: the first entry of an account by each name that it may be found under
entries_by_guid as (
    select
        account,
        guid_name as name,
        min(received_no) as received_no
    from entries
    where guid_name is not null
    group by
        account,
        guid_name
),

entries_by_any_id as (
    select
        account,
        name,
        min(received_no) as received_no
    from (
        select
            account,
            guid_name as name,
            received_no
        from entries
        union all
        select
            account,
            entry_name as name,
            received_no
        from entries
    ) as names
    where name is not null
    group by
        account,
        name
),

entries_by_location as (
    select
        account,
        location_key,
        min(received_no) as received_no
    from entries
    where location_key is not null
    group by
        account,
        location_key
),

-- rungs of the certificate search: the first certificate of an account by each of its names
searched as (
    select
        account,
        received_no,
        certificate_key,
        certificate_id,
        thumbprint,
        serial_number,
        issuer,
        common_name,
        valid_to_at
    from staging.certificates
),

searched_by_id as (
    select
        account,
        certificate_id,
        arg_min(certificate_key, received_no) as certificate_key
    from searched
    where certificate_id is not null
    group by
        account,
        certificate_id
),

searched_by_thumbprint as (
    select
        account,
        thumbprint,
        arg_min(certificate_key, received_no) as certificate_key
    from searched
    where thumbprint is not null
    group by
        account,
        thumbprint
),

searched_by_serial as (
    select
        account,
        serial_number,
        issuer,
        arg_min(certificate_key, received_no) as certificate_key
    from searched
    where serial_number is not null and issuer is not null
    group by
        account,
        serial_number,
        issuer
),

searched_by_name as (
    select
        account,
        common_name,
        valid_to_at,
        min(certificate_key) as certificate_key
    from searched
    where common_name is not null and valid_to_at is not null
    group by
        account,
        common_name,
        valid_to_at
    having min(certificate_key) = max(certificate_key)
),

joined as (
    select
        merged.account,
        merged.endpoint_key,
        merged.endpoint_id,
        merged.is_automatable,
        merged.is_unsecured,
        merged.is_discovered,
        entries.received_no is not null as is_in_inventory,
        entries.received_no as inventory_entry_no,
        coalesce(merged.inventory_id, entries.automation_guid) as automation_guid,
        merged.ip,
        merged.port,
        merged.host_name,
        merged.domain_name,
        merged.os_name,
        merged.os_version,
        merged.application,
        merged.sensor_name,
        merged.agent_name,
        merged.connector_name,
        merged.source,
        merged.security_rating,
        merged.discovery_status,
        merged.discovery_error,
        merged.last_discovered_at,
        coalesce(merged.automation_status, entries.automation_status) as automation_status,
        coalesce(merged.business_unit, units.business_unit, merged.business_unit_id) as own_business_unit,
        merged.status as item_status,
        merged.has_certificate,
        entries.profile_id as automation_profile_id,
        merged.carried.certificate_id as certificate_id,
        merged.carried.common_name as common_name,
        merged.carried.sans as sans,
        merged.carried.serial_number as serial_number,
        merged.carried.thumbprint as thumbprint,
        merged.carried.issuer as issuer,
        merged.carried.ca_vendor as ca_vendor,
        merged.carried.valid_from_at as valid_from_at,
        merged.carried.valid_to_at as valid_to_at,
        merged.carried.key_type as key_type,
        merged.carried.key_size as key_size,
        merged.carried.signature_algorithm as signature_algorithm,
        merged.carried.status as certificate_status,
        merged.carried.tags as tags,
        merged.carried.owners as owners,
        merged.carried.cert_owner_ids as cert_owner_ids
    from merged
    left join entries_by_guid
        on entries_by_guid.account = merged.account
        and entries_by_guid.name = lower(merged.inventory_id)
    left join entries_by_any_id
        on entries_by_any_id.account = merged.account
        and entries_by_any_id.name = lower(merged.endpoint_id)
    left join entries_by_location
        on entries_by_location.account = merged.account
        and entries_by_location.location_key
        = staging.location_key(merged.ip, merged.port_text, merged.domain_name)
    left join entries
        on entries.account = merged.account
        and entries.received_no = coalesce(
            entries_by_guid.received_no, entries_by_any_id.received_no, entries_by_location.received_no
        )
    left join staging.business_units as units
        on units.account = merged.account
        and units.business_unit_id = merged.business_unit_id
)

select
    joined.account, -- the account's name in the configuration
    joined.endpoint_key, -- identity of the endpoint: <account>:<id>, or <account>:@<ip or host name>:<port>/<domain name>
    joined.endpoint_id, -- the API's identifier of the endpoint
    joined.automation_guid, -- the GUID that automation requests target, of the endpoint, else of its inventory entry
    joined.ip,
    joined.port,
    joined.host_name,
    joined.domain_name,
    joined.is_automatable, -- seen in the category automatable
    joined.is_unsecured, -- seen in the category unsecured
    joined.is_discovered, -- seen in the category discovered
    joined.is_in_inventory, -- an entry of the automation inventory is this endpoint
    joined.inventory_entry_no, -- that entry: its received_no in the account
    case
        when joined.has_certificate then 'certificate'
        when
            joined.discovery_error is not null
            or regexp_matches(staging.status_word(joined.discovery_status), 'ERROR|FAIL')
            or regexp_matches(staging.status_word(joined.item_status), 'ERROR|FAIL')
            then 'discovery_error'
        when staging.status_word(joined.discovery_status) = 'NO_CERTIFICATE' or not joined.is_unsecured then 'none'
        else 'unspecified'
    end as protection, -- certificate, none, discovery_error or unspecified (in the unsecured category without saying why)
    case
        when not joined.is_automatable and not joined.is_in_inventory then 'not_available'
        when joined.automation_status is null or statuses.class = 'available' then 'available'
        else 'managed'
    end as automation_state, -- managed, available for automation, or not_available
    joined.automation_status, -- as received, of the endpoint, else of its inventory entry
    case
        when
            (joined.is_automatable or joined.is_in_inventory)
            and joined.automation_status is not null
            and coalesce(statuses.class, 'managed') = 'managed'
            then coalesce(statuses.outcome, 'unknown')
    end as automation_outcome, -- of a managed endpoint: ok, running, attention, failed, or unknown for a status of no rule
    joined.automation_profile_id, -- profile that the automation inventory names
    joined.own_business_unit, -- unit that the endpoint's own items name
    joined.security_rating,
    joined.discovery_status,
    joined.discovery_error,
    joined.last_discovered_at, -- when a scan last saw it
    joined.os_name,
    joined.os_version,
    joined.application,
    joined.sensor_name,
    joined.agent_name,
    joined.connector_name,
    joined.source,
    case
        when joined.has_certificate
            then coalesce(
                searched_by_id.certificate_key,
                searched_by_thumbprint.certificate_key,
                searched_by_serial.certificate_key,
                searched_by_name.certificate_key,
                staging.certificate_key(
                    joined.account,
                    joined.thumbprint,
                    joined.serial_number,
                    joined.issuer,
                    joined.certificate_id,
                    joined.common_name,
                    joined.valid_to_at
                )
            )
    end as certificate_key, -- identity of its certificate
    case
        when searched_by_id.certificate_key is not null then 'certificate_id'
        when searched_by_thumbprint.certificate_key is not null then 'thumbprint'
        when searched_by_serial.certificate_key is not null then 'serial_issuer'
        when searched_by_name.certificate_key is not null then 'name_valid_to'
        when joined.has_certificate then 'none'
    end as certificate_match, -- rung that found its certificate in the certificate search of its account; none: it is in none
    joined.certificate_id,
    joined.common_name,
    joined.sans,
    joined.serial_number,
    joined.thumbprint,
    joined.issuer,
    joined.ca_vendor,
    joined.valid_from_at,
    joined.valid_to_at,
    joined.key_type,
    joined.key_size,
    joined.signature_algorithm,
    joined.certificate_status, -- status of its certificate, as its own item says
    joined.tags,
    joined.owners,
    joined.cert_owner_ids
from joined
left join rules.automation_statuses as statuses
    on statuses.status = staging.status_word(joined.automation_status)
left join searched_by_id
    on searched_by_id.account = joined.account
    and searched_by_id.certificate_id = joined.certificate_id
left join searched_by_thumbprint
    on searched_by_thumbprint.account = joined.account
    and searched_by_thumbprint.thumbprint = joined.thumbprint
left join searched_by_serial
    on searched_by_serial.account = joined.account
    and searched_by_serial.serial_number = joined.serial_number
    and searched_by_serial.issuer = joined.issuer
left join searched_by_name
    on searched_by_name.account = joined.account
    and searched_by_name.common_name = joined.common_name
    and searched_by_name.valid_to_at = joined.valid_to_at
