-- An endpoint of the newest snapshot with what its own items say (core.endpoint_merged), its entry of the automation inventory and its
-- certificate (core.endpoint_inventory, core.endpoint_certificates). core.endpoints adds the certificate's facts, history and time.
-- The ladders that find entry and certificate carry names and positions only, each in a model of its own: a chain of joins keeps all its
-- hash tables at once, and where they do not fit it spills the rows that pass.
-- grain: one endpoint of an account
-- kind: table
-- check: unique(endpoint_key)
-- check: not_null(account, endpoint_key, protection, automation_state)
-- check: accepted(protection, 'certificate', 'none', 'discovery_error', 'unspecified')
-- check: accepted(automation_state, 'managed', 'available', 'not_available')
-- check: accepted(certificate_match, 'certificate_id', 'thumbprint', 'serial_issuer', 'name_valid_to', 'none')
with joined as (
    select
        merged.account,
        merged.endpoint_key,
        merged.is_automatable,
        merged.is_unsecured,
        merged.is_discovered,
        merged.endpoint_id,
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
        merged.item_status,
        merged.has_certificate,
        merged.certificate_id,
        merged.common_name,
        merged.sans,
        merged.serial_number,
        merged.thumbprint,
        merged.issuer,
        merged.ca_vendor,
        merged.valid_from_at,
        merged.valid_to_at,
        merged.key_type,
        merged.key_size,
        merged.signature_algorithm,
        merged.certificate_status,
        merged.tags,
        merged.owners,
        merged.cert_owner_ids,
        entries.inventory_entry_no,
        entries.inventory_entry_no is not null as is_in_inventory,
        coalesce(merged.inventory_id, entries.automation_guid) as automation_guid,
        coalesce(merged.automation_status, entries.automation_status) as automation_status,
        entries.automation_profile_id,
        matches.certificate_key,
        matches.certificate_match,
        coalesce(merged.unit.name, units.business_unit, merged.unit.id) as own_business_unit
    from core.endpoint_merged as merged
    left join core.endpoint_inventory as entries
        on entries.endpoint_key = merged.endpoint_key
    left join core.endpoint_certificates as matches
        on matches.endpoint_key = merged.endpoint_key
    left join staging.business_units as units
        on units.account = merged.account
        and units.business_unit_id = merged.unit.id
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
    joined.certificate_key, -- identity of its certificate
    joined.certificate_match, -- rung that found its certificate in the certificate search of its account; none: it is in none
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
