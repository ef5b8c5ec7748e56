-- An endpoint as its own items say: merged over the three categories, first non-null in the order automatable, discovered, unsecured, and
-- as received within each. Its business unit (identifier and name) and its certificate are one thing each, from the first item that has one.
-- Nearly every endpoint has at most one item in a category: those are joined, category by category, which spills where memory is short.
-- The others are merged item by item over a window, which spills too; aggregates such as arg_min would hold every text in memory.
-- grain: one endpoint of an account
-- kind: view
with repeated as (
    select endpoint_key
    from staging.endpoints
    group by endpoint_key
    having
        count(*) filter (where category = 'automatable') > 1
        or count(*) filter (where category = 'discovered') > 1
        or count(*) filter (where category = 'unsecured') > 1
),

automatable as (
    select
        items.endpoint_key,
        items.account,
        items.endpoint_id,
        items.inventory_id,
        items.ip,
        items.port,
        items.port_text,
        items.host_name,
        items.domain_name,
        items.os_name,
        items.os_version,
        items.application,
        items.sensor_name,
        items.agent_name,
        items.connector_name,
        items.source,
        items.automation_status,
        items.security_rating,
        items.discovery_status,
        items.discovery_error,
        items.last_discovered_at,
        items.status,
        case
            when coalesce(items.business_unit_id, items.business_unit) is not null
                then {'id': items.business_unit_id, 'name': items.business_unit}
        end as unit,
        items.carries_certificate,
        items.certificate_id,
        items.common_name,
        items.sans,
        items.serial_number,
        items.thumbprint,
        items.issuer,
        items.ca_vendor,
        items.valid_from_at,
        items.valid_to_at,
        items.key_type,
        items.key_size,
        items.signature_algorithm,
        items.tags,
        items.owners,
        items.cert_owner_ids
    from staging.endpoints as items
    left join repeated
        on repeated.endpoint_key = items.endpoint_key
    where items.category = 'automatable' and repeated.endpoint_key is null
),

discovered as (
    select
        items.endpoint_key,
        items.account,
        items.endpoint_id,
        items.inventory_id,
        items.ip,
        items.port,
        items.port_text,
        items.host_name,
        items.domain_name,
        items.os_name,
        items.os_version,
        items.application,
        items.sensor_name,
        items.agent_name,
        items.connector_name,
        items.source,
        items.automation_status,
        items.security_rating,
        items.discovery_status,
        items.discovery_error,
        items.last_discovered_at,
        items.status,
        case
            when coalesce(items.business_unit_id, items.business_unit) is not null
                then {'id': items.business_unit_id, 'name': items.business_unit}
        end as unit,
        items.carries_certificate,
        items.certificate_id,
        items.common_name,
        items.sans,
        items.serial_number,
        items.thumbprint,
        items.issuer,
        items.ca_vendor,
        items.valid_from_at,
        items.valid_to_at,
        items.key_type,
        items.key_size,
        items.signature_algorithm,
        items.tags,
        items.owners,
        items.cert_owner_ids
    from staging.endpoints as items
    left join repeated
        on repeated.endpoint_key = items.endpoint_key
    where items.category = 'discovered' and repeated.endpoint_key is null
),

unsecured as (
    select
        items.endpoint_key,
        items.account,
        items.endpoint_id,
        items.inventory_id,
        items.ip,
        items.port,
        items.port_text,
        items.host_name,
        items.domain_name,
        items.os_name,
        items.os_version,
        items.application,
        items.sensor_name,
        items.agent_name,
        items.connector_name,
        items.source,
        items.automation_status,
        items.security_rating,
        items.discovery_status,
        items.discovery_error,
        items.last_discovered_at,
        items.status,
        case
            when coalesce(items.business_unit_id, items.business_unit) is not null
                then {'id': items.business_unit_id, 'name': items.business_unit}
        end as unit,
        items.carries_certificate,
        items.certificate_id,
        items.common_name,
        items.sans,
        items.serial_number,
        items.thumbprint,
        items.issuer,
        items.ca_vendor,
        items.valid_from_at,
        items.valid_to_at,
        items.key_type,
        items.key_size,
        items.signature_algorithm,
        items.tags,
        items.owners,
        items.cert_owner_ids
    from staging.endpoints as items
    left join repeated
        on repeated.endpoint_key = items.endpoint_key
    where items.category = 'unsecured' and repeated.endpoint_key is null
),

several as (
    select
        items.endpoint_key,
        items.account,
        items.item_no,
        min(items.item_no) over all_items as first_item_no,
        bool_or(items.category = 'automatable') over all_items as is_automatable,
        bool_or(items.category = 'discovered') over all_items as is_discovered,
        bool_or(items.category = 'unsecured') over all_items as is_unsecured,
        first_value(items.endpoint_id ignore nulls) over all_items as endpoint_id,
        first_value(items.inventory_id ignore nulls) over all_items as inventory_id,
        first_value(items.ip ignore nulls) over all_items as ip,
        first_value(items.port ignore nulls) over all_items as port,
        first_value(items.port_text ignore nulls) over all_items as port_text,
        first_value(items.host_name ignore nulls) over all_items as host_name,
        first_value(items.domain_name ignore nulls) over all_items as domain_name,
        first_value(items.os_name ignore nulls) over all_items as os_name,
        first_value(items.os_version ignore nulls) over all_items as os_version,
        first_value(items.application ignore nulls) over all_items as application,
        first_value(items.sensor_name ignore nulls) over all_items as sensor_name,
        first_value(items.agent_name ignore nulls) over all_items as agent_name,
        first_value(items.connector_name ignore nulls) over all_items as connector_name,
        first_value(items.source ignore nulls) over all_items as source,
        first_value(items.automation_status ignore nulls) over all_items as automation_status,
        first_value(items.security_rating ignore nulls) over all_items as security_rating,
        first_value(items.discovery_status ignore nulls) over all_items as discovery_status,
        first_value(items.discovery_error ignore nulls) over all_items as discovery_error,
        first_value(items.last_discovered_at ignore nulls) over all_items as last_discovered_at,
        first_value(items.status ignore nulls) over all_items as item_status,
        first_value(
            case
                when coalesce(items.business_unit_id, items.business_unit) is not null
                    then {'id': items.business_unit_id, 'name': items.business_unit}
            end ignore nulls
        ) over all_items as unit,
        bool_or(items.carries_certificate) over all_items as has_certificate,
        min(case when items.carries_certificate then items.item_no end) over all_items as carrier_item_no
    from staging.endpoints as items
    join repeated
        on repeated.endpoint_key = items.endpoint_key
    window all_items as (
        partition by items.endpoint_key
        order by items.item_no
        rows between unbounded preceding and unbounded following
    )
)

select
    coalesce(automatable.endpoint_key, discovered.endpoint_key, unsecured.endpoint_key) as endpoint_key,
    coalesce(automatable.account, discovered.account, unsecured.account) as account,
    automatable.endpoint_key is not null as is_automatable, -- seen in the category automatable
    discovered.endpoint_key is not null as is_discovered, -- seen in the category discovered
    unsecured.endpoint_key is not null as is_unsecured, -- seen in the category unsecured
    coalesce(automatable.endpoint_id, discovered.endpoint_id, unsecured.endpoint_id) as endpoint_id,
    coalesce(automatable.inventory_id, discovered.inventory_id, unsecured.inventory_id) as inventory_id,
    coalesce(automatable.ip, discovered.ip, unsecured.ip) as ip,
    coalesce(automatable.port, discovered.port, unsecured.port) as port,
    coalesce(automatable.port_text, discovered.port_text, unsecured.port_text) as port_text,
    coalesce(automatable.host_name, discovered.host_name, unsecured.host_name) as host_name,
    coalesce(automatable.domain_name, discovered.domain_name, unsecured.domain_name) as domain_name,
    coalesce(automatable.os_name, discovered.os_name, unsecured.os_name) as os_name,
    coalesce(automatable.os_version, discovered.os_version, unsecured.os_version) as os_version,
    coalesce(automatable.application, discovered.application, unsecured.application) as application,
    coalesce(automatable.sensor_name, discovered.sensor_name, unsecured.sensor_name) as sensor_name,
    coalesce(automatable.agent_name, discovered.agent_name, unsecured.agent_name) as agent_name,
    coalesce(automatable.connector_name, discovered.connector_name, unsecured.connector_name) as connector_name,
    coalesce(automatable.source, discovered.source, unsecured.source) as source,
    coalesce(automatable.automation_status, discovered.automation_status, unsecured.automation_status) as automation_status,
    coalesce(automatable.security_rating, discovered.security_rating, unsecured.security_rating) as security_rating,
    coalesce(automatable.discovery_status, discovered.discovery_status, unsecured.discovery_status) as discovery_status,
    coalesce(automatable.discovery_error, discovered.discovery_error, unsecured.discovery_error) as discovery_error,
    coalesce(automatable.last_discovered_at, discovered.last_discovered_at, unsecured.last_discovered_at) as last_discovered_at,
    coalesce(automatable.status, discovered.status, unsecured.status) as item_status, -- status of the certificate or of the discovery, of any item
    coalesce(automatable.unit, discovered.unit, unsecured.unit) as unit, -- business unit: identifier and name, of the first item with either
    coalesce(
        automatable.carries_certificate or discovered.carries_certificate or unsecured.carries_certificate, false
    ) as has_certificate, -- an item names a certificate: the columns that follow are those of the first one that does
    case
        when automatable.carries_certificate then automatable.certificate_id
        when discovered.carries_certificate then discovered.certificate_id
        when unsecured.carries_certificate then unsecured.certificate_id
    end as certificate_id,
    case
        when automatable.carries_certificate then automatable.common_name
        when discovered.carries_certificate then discovered.common_name
        when unsecured.carries_certificate then unsecured.common_name
    end as common_name,
    case
        when automatable.carries_certificate then automatable.sans
        when discovered.carries_certificate then discovered.sans
        when unsecured.carries_certificate then unsecured.sans
    end as sans,
    case
        when automatable.carries_certificate then automatable.serial_number
        when discovered.carries_certificate then discovered.serial_number
        when unsecured.carries_certificate then unsecured.serial_number
    end as serial_number,
    case
        when automatable.carries_certificate then automatable.thumbprint
        when discovered.carries_certificate then discovered.thumbprint
        when unsecured.carries_certificate then unsecured.thumbprint
    end as thumbprint,
    case
        when automatable.carries_certificate then automatable.issuer
        when discovered.carries_certificate then discovered.issuer
        when unsecured.carries_certificate then unsecured.issuer
    end as issuer,
    case
        when automatable.carries_certificate then automatable.ca_vendor
        when discovered.carries_certificate then discovered.ca_vendor
        when unsecured.carries_certificate then unsecured.ca_vendor
    end as ca_vendor,
    case
        when automatable.carries_certificate then automatable.valid_from_at
        when discovered.carries_certificate then discovered.valid_from_at
        when unsecured.carries_certificate then unsecured.valid_from_at
    end as valid_from_at,
    case
        when automatable.carries_certificate then automatable.valid_to_at
        when discovered.carries_certificate then discovered.valid_to_at
        when unsecured.carries_certificate then unsecured.valid_to_at
    end as valid_to_at,
    case
        when automatable.carries_certificate then automatable.key_type
        when discovered.carries_certificate then discovered.key_type
        when unsecured.carries_certificate then unsecured.key_type
    end as key_type,
    case
        when automatable.carries_certificate then automatable.key_size
        when discovered.carries_certificate then discovered.key_size
        when unsecured.carries_certificate then unsecured.key_size
    end as key_size,
    case
        when automatable.carries_certificate then automatable.signature_algorithm
        when discovered.carries_certificate then discovered.signature_algorithm
        when unsecured.carries_certificate then unsecured.signature_algorithm
    end as signature_algorithm,
    case
        when automatable.carries_certificate then automatable.status
        when discovered.carries_certificate then discovered.status
        when unsecured.carries_certificate then unsecured.status
    end as certificate_status, -- status of the certificate, of the item that carries it
    case
        when automatable.carries_certificate then automatable.tags
        when discovered.carries_certificate then discovered.tags
        when unsecured.carries_certificate then unsecured.tags
    end as tags,
    case
        when automatable.carries_certificate then automatable.owners
        when discovered.carries_certificate then discovered.owners
        when unsecured.carries_certificate then unsecured.owners
    end as owners,
    case
        when automatable.carries_certificate then automatable.cert_owner_ids
        when discovered.carries_certificate then discovered.cert_owner_ids
        when unsecured.carries_certificate then unsecured.cert_owner_ids
    end as cert_owner_ids
from automatable
full outer join discovered
    on discovered.endpoint_key = automatable.endpoint_key
full outer join unsecured
    on unsecured.endpoint_key = coalesce(automatable.endpoint_key, discovered.endpoint_key)
union all
select
    several.endpoint_key,
    several.account,
    several.is_automatable,
    several.is_discovered,
    several.is_unsecured,
    several.endpoint_id,
    several.inventory_id,
    several.ip,
    several.port,
    several.port_text,
    several.host_name,
    several.domain_name,
    several.os_name,
    several.os_version,
    several.application,
    several.sensor_name,
    several.agent_name,
    several.connector_name,
    several.source,
    several.automation_status,
    several.security_rating,
    several.discovery_status,
    several.discovery_error,
    several.last_discovered_at,
    several.item_status,
    several.unit,
    several.has_certificate,
    carriers.certificate_id,
    carriers.common_name,
    carriers.sans,
    carriers.serial_number,
    carriers.thumbprint,
    carriers.issuer,
    carriers.ca_vendor,
    carriers.valid_from_at,
    carriers.valid_to_at,
    carriers.key_type,
    carriers.key_size,
    carriers.signature_algorithm,
    carriers.status as certificate_status,
    carriers.tags,
    carriers.owners,
    carriers.cert_owner_ids
from several
left join staging.endpoints as carriers
    on carriers.endpoint_key = several.endpoint_key
    and carriers.item_no = several.carrier_item_no
where several.item_no = several.first_item_no
