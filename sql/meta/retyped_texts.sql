-- JSON in the place of a text, in an item of the current raw tables: no object with a name or a value, which staging.filled reads as that,
-- and not empty. The first test is cheap and lets nearly all items go.
-- The description and the data of an event may be text or JSON, and are not looked at.
-- grain: one field of one item
-- kind: view
with endpoint_items as (
    select
        account,
        run_id,
        'endpoints.automatable' as resource,
        id,
        inventory_id,
        ip,
        port,
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
        last_discovered,
        certificate_id,
        common_name,
        serial_number,
        thumbprint,
        issuing_ca_name,
        ca_vendor,
        valid_from,
        valid_to,
        key_type,
        key_size,
        signature_algorithm,
        status
    from raw.endpoints_automatable
    union all
    select
        account,
        run_id,
        'endpoints.discovered' as resource,
        id,
        inventory_id,
        ip,
        port,
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
        last_discovered,
        certificate_id,
        common_name,
        serial_number,
        thumbprint,
        issuing_ca_name,
        ca_vendor,
        valid_from,
        valid_to,
        key_type,
        key_size,
        signature_algorithm,
        status
    from raw.endpoints_discovered
    union all
    select
        account,
        run_id,
        'endpoints.unsecured' as resource,
        id,
        inventory_id,
        ip,
        port,
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
        last_discovered,
        certificate_id,
        common_name,
        serial_number,
        thumbprint,
        issuing_ca_name,
        ca_vendor,
        valid_from,
        valid_to,
        key_type,
        key_size,
        signature_algorithm,
        status
    from raw.endpoints_unsecured
),

bracketed as (
    select
        account,
        run_id,
        resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'inventory_id', 'value': inventory_id},
            {'field': 'ip', 'value': ip},
            {'field': 'port', 'value': port},
            {'field': 'host_name', 'value': host_name},
            {'field': 'domain_name', 'value': domain_name},
            {'field': 'os_name', 'value': os_name},
            {'field': 'os_version', 'value': os_version},
            {'field': 'application', 'value': application},
            {'field': 'sensor_name', 'value': sensor_name},
            {'field': 'agent_name', 'value': agent_name},
            {'field': 'connector_name', 'value': connector_name},
            {'field': 'source', 'value': source},
            {'field': 'automation_status', 'value': automation_status},
            {'field': 'security_rating', 'value': security_rating},
            {'field': 'discovery_status', 'value': discovery_status},
            {'field': 'discovery_error', 'value': discovery_error},
            {'field': 'last_discovered', 'value': last_discovered},
            {'field': 'certificate_id', 'value': certificate_id},
            {'field': 'common_name', 'value': common_name},
            {'field': 'serial_number', 'value': serial_number},
            {'field': 'thumbprint', 'value': thumbprint},
            {'field': 'issuing_ca_name', 'value': issuing_ca_name},
            {'field': 'ca_vendor', 'value': ca_vendor},
            {'field': 'valid_from', 'value': valid_from},
            {'field': 'valid_to', 'value': valid_to},
            {'field': 'key_type', 'value': key_type},
            {'field': 'key_size', 'value': key_size},
            {'field': 'signature_algorithm', 'value': signature_algorithm},
            {'field': 'status', 'value': status}
        ]) as text
    from endpoint_items
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with(inventory_id, '[') or starts_with(inventory_id, '{')
        or starts_with(ip, '[') or starts_with(ip, '{')
        or starts_with(port, '[') or starts_with(port, '{')
        or starts_with(host_name, '[') or starts_with(host_name, '{')
        or starts_with(domain_name, '[') or starts_with(domain_name, '{')
        or starts_with(os_name, '[') or starts_with(os_name, '{')
        or starts_with(os_version, '[') or starts_with(os_version, '{')
        or starts_with(application, '[') or starts_with(application, '{')
        or starts_with(sensor_name, '[') or starts_with(sensor_name, '{')
        or starts_with(agent_name, '[') or starts_with(agent_name, '{')
        or starts_with(connector_name, '[') or starts_with(connector_name, '{')
        or starts_with(source, '[') or starts_with(source, '{')
        or starts_with(automation_status, '[') or starts_with(automation_status, '{')
        or starts_with(security_rating, '[') or starts_with(security_rating, '{')
        or starts_with(discovery_status, '[') or starts_with(discovery_status, '{')
        or starts_with(discovery_error, '[') or starts_with(discovery_error, '{')
        or starts_with(last_discovered, '[') or starts_with(last_discovered, '{')
        or starts_with(certificate_id, '[') or starts_with(certificate_id, '{')
        or starts_with(common_name, '[') or starts_with(common_name, '{')
        or starts_with(serial_number, '[') or starts_with(serial_number, '{')
        or starts_with(thumbprint, '[') or starts_with(thumbprint, '{')
        or starts_with(issuing_ca_name, '[') or starts_with(issuing_ca_name, '{')
        or starts_with(ca_vendor, '[') or starts_with(ca_vendor, '{')
        or starts_with(valid_from, '[') or starts_with(valid_from, '{')
        or starts_with(valid_to, '[') or starts_with(valid_to, '{')
        or starts_with(key_type, '[') or starts_with(key_type, '{')
        or starts_with(key_size, '[') or starts_with(key_size, '{')
        or starts_with(signature_algorithm, '[') or starts_with(signature_algorithm, '{')
        or starts_with(status, '[') or starts_with(status, '{')
    union all
    select
        account,
        run_id,
        'certificates' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'common_name', 'value': common_name},
            {'field': 'serial_number', 'value': serial_number},
            {'field': 'thumbprint', 'value': thumbprint},
            {'field': 'issuing_ca_name', 'value': issuing_ca_name},
            {'field': 'ca_vendor', 'value': ca_vendor},
            {'field': 'status', 'value': status},
            {'field': 'valid_from', 'value': valid_from},
            {'field': 'valid_to', 'value': valid_to},
            {'field': 'key_type', 'value': key_type},
            {'field': 'key_size', 'value': key_size},
            {'field': 'signature_algorithm', 'value': signature_algorithm},
            {'field': 'extended_key_usage', 'value': extended_key_usage}
        ]) as text
    from raw.certificates
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with(common_name, '[') or starts_with(common_name, '{')
        or starts_with(serial_number, '[') or starts_with(serial_number, '{')
        or starts_with(thumbprint, '[') or starts_with(thumbprint, '{')
        or starts_with(issuing_ca_name, '[') or starts_with(issuing_ca_name, '{')
        or starts_with(ca_vendor, '[') or starts_with(ca_vendor, '{')
        or starts_with(status, '[') or starts_with(status, '{')
        or starts_with(valid_from, '[') or starts_with(valid_from, '{')
        or starts_with(valid_to, '[') or starts_with(valid_to, '{')
        or starts_with(key_type, '[') or starts_with(key_type, '{')
        or starts_with(key_size, '[') or starts_with(key_size, '{')
        or starts_with(signature_algorithm, '[') or starts_with(signature_algorithm, '{')
        or starts_with(extended_key_usage, '[') or starts_with(extended_key_usage, '{')
    union all
    select
        account,
        run_id,
        'automation_inventory' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'guid', 'value': guid},
            {'field': 'inventory_id', 'value': inventory_id},
            {'field': 'common_name', 'value': common_name},
            {'field': 'ip', 'value': ip},
            {'field': 'port', 'value': port},
            {'field': 'domain_name', 'value': domain_name},
            {'field': 'automation_status', 'value': automation_status},
            {'field': 'profile_id', 'value': profile_id},
            {'field': 'agent_id', 'value': agent_id},
            {'field': 'connector_id', 'value': connector_id}
        ]) as text
    from raw.automation_inventory
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with(guid, '[') or starts_with(guid, '{')
        or starts_with(inventory_id, '[') or starts_with(inventory_id, '{')
        or starts_with(common_name, '[') or starts_with(common_name, '{')
        or starts_with(ip, '[') or starts_with(ip, '{')
        or starts_with(port, '[') or starts_with(port, '{')
        or starts_with(domain_name, '[') or starts_with(domain_name, '{')
        or starts_with(automation_status, '[') or starts_with(automation_status, '{')
        or starts_with(profile_id, '[') or starts_with(profile_id, '{')
        or starts_with(agent_id, '[') or starts_with(agent_id, '{')
        or starts_with(connector_id, '[') or starts_with(connector_id, '{')
    union all
    select
        account,
        run_id,
        'audit_log' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'timestamp', 'value': "timestamp"},
            {'field': 'action', 'value': action},
            {'field': 'status', 'value': status},
            {'field': 'resource_type', 'value': resource_type},
            {'field': 'resource_id', 'value': resource_id}
        ]) as text
    from raw.audit_log
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with("timestamp", '[') or starts_with("timestamp", '{')
        or starts_with(action, '[') or starts_with(action, '{')
        or starts_with(status, '[') or starts_with(status, '{')
        or starts_with(resource_type, '[') or starts_with(resource_type, '{')
        or starts_with(resource_id, '[') or starts_with(resource_id, '{')
    union all
    select
        account,
        run_id,
        'business_units' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'name', 'value': name}
        ]) as text
    from raw.business_units
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with(name, '[') or starts_with(name, '{')
    union all
    select
        account,
        run_id,
        'profiles' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'name', 'value': name}
        ]) as text
    from raw.profiles
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with(name, '[') or starts_with(name, '{')
    union all
    select
        account,
        run_id,
        'agents' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'name', 'value': name},
            {'field': 'host_name', 'value': host_name},
            {'field': 'status', 'value': status},
            {'field': 'os_name', 'value': os_name}
        ]) as text
    from raw.agents
    where
        starts_with(id, '[') or starts_with(id, '{')
        or starts_with(name, '[') or starts_with(name, '{')
        or starts_with(host_name, '[') or starts_with(host_name, '{')
        or starts_with(status, '[') or starts_with(status, '{')
        or starts_with(os_name, '[') or starts_with(os_name, '{')
)

select
    account, -- the account's name in the configuration
    run_id,
    resource, -- the list that the value stood in
    text.field as field, -- the API's name of the field
    text.value as value -- the JSON as received
from bracketed
where staging.is_retyped(text.value)
