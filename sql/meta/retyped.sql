-- JSON in the place of a text, in an item of the current raw tables: no object with a name or a value, which staging.filled reads as that,
-- and not empty. So in a list or an object (business unit, profile, user): what staging.parse_list, staging.name_of and staging.id_of make
-- nothing of, although it says something. The tests in front are cheap and let nearly all items go.
-- The description and the data of an event may be text or JSON, and are not looked at.
-- grain: one field of one item
-- kind: view
with texts as (
    select
        account,
        run_id,
        'endpoints.' || category as resource,
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
    from staging.endpoint_items
    where
        not staging.is_plain(id) or not staging.is_plain(inventory_id) or not staging.is_plain(ip)
        or not staging.is_plain(port) or not staging.is_plain(host_name) or not staging.is_plain(domain_name)
        or not staging.is_plain(os_name) or not staging.is_plain(os_version) or not staging.is_plain(application)
        or not staging.is_plain(sensor_name) or not staging.is_plain(agent_name) or not staging.is_plain(connector_name)
        or not staging.is_plain(source) or not staging.is_plain(automation_status)
        or not staging.is_plain(security_rating) or not staging.is_plain(discovery_status)
        or not staging.is_plain(discovery_error) or not staging.is_plain(last_discovered)
        or not staging.is_plain(certificate_id) or not staging.is_plain(common_name)
        or not staging.is_plain(serial_number) or not staging.is_plain(thumbprint)
        or not staging.is_plain(issuing_ca_name) or not staging.is_plain(ca_vendor) or not staging.is_plain(valid_from)
        or not staging.is_plain(valid_to) or not staging.is_plain(key_type) or not staging.is_plain(key_size)
        or not staging.is_plain(signature_algorithm) or not staging.is_plain(status)
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
        not staging.is_plain(id) or not staging.is_plain(common_name) or not staging.is_plain(serial_number)
        or not staging.is_plain(thumbprint) or not staging.is_plain(issuing_ca_name) or not staging.is_plain(ca_vendor)
        or not staging.is_plain(status) or not staging.is_plain(valid_from) or not staging.is_plain(valid_to)
        or not staging.is_plain(key_type) or not staging.is_plain(key_size) or not staging.is_plain(signature_algorithm)
        or not staging.is_plain(extended_key_usage)
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
        not staging.is_plain(id) or not staging.is_plain(guid) or not staging.is_plain(inventory_id)
        or not staging.is_plain(common_name) or not staging.is_plain(ip) or not staging.is_plain(port)
        or not staging.is_plain(domain_name) or not staging.is_plain(automation_status)
        or not staging.is_plain(profile_id) or not staging.is_plain(agent_id) or not staging.is_plain(connector_id)
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
        not staging.is_plain(id) or not staging.is_plain("timestamp") or not staging.is_plain(action)
        or not staging.is_plain(status) or not staging.is_plain(resource_type) or not staging.is_plain(resource_id)
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
    where not staging.is_plain(id) or not staging.is_plain(name)
    union all
    select
        account,
        run_id,
        'profiles' as resource,
        unnest([
            {'field': 'id', 'value': id},
            {'field': 'name', 'value': name},
            {'field': 'renewal_period_days', 'value': renewal_period_days},
            {'field': 'renewal_window_days', 'value': renewal_window_days}
        ]) as text
    from raw.profiles
    where
        not staging.is_plain(id) or not staging.is_plain(name) or not staging.is_plain(renewal_period_days)
        or not staging.is_plain(renewal_window_days)
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
        not staging.is_plain(id) or not staging.is_plain(name) or not staging.is_plain(host_name)
        or not staging.is_plain(status) or not staging.is_plain(os_name)
),

nested as (
    select
        account,
        run_id,
        'endpoints.' || category as resource,
        unnest([
            case when staging.is_no_list(sans) then {'field': 'sans', 'value': sans} end,
            case when staging.is_nameless(business_unit) then {'field': 'business_unit', 'value': business_unit} end,
            case when staging.is_no_list(tags) then {'field': 'tags', 'value': tags} end,
            case when staging.is_no_list(owners) then {'field': 'owners', 'value': owners} end,
            case when staging.is_no_list(cert_owner_ids) then {'field': 'cert_owner_ids', 'value': cert_owner_ids} end
        ]) as item
    from staging.endpoint_items
    where
        not starts_with(sans, '[') or not starts_with(tags, '[') or not starts_with(owners, '[')
        or not starts_with(cert_owner_ids, '[') or staging.is_nameless(business_unit)
    union all
    select
        account,
        run_id,
        'certificates' as resource,
        unnest([
            case when staging.is_no_list(sans) then {'field': 'sans', 'value': sans} end,
            case when staging.is_nameless(business_unit) then {'field': 'business_unit', 'value': business_unit} end,
            case when staging.is_nameless(profile) then {'field': 'profile', 'value': profile} end,
            case when not staging.is_revocation(revocation) then {'field': 'revocation', 'value': revocation} end,
            case when staging.is_no_list(tags) then {'field': 'tags', 'value': tags} end,
            case when staging.is_no_list(owners) then {'field': 'owners', 'value': owners} end,
            case when staging.is_no_list(cert_owner_ids) then {'field': 'cert_owner_ids', 'value': cert_owner_ids} end
        ]) as item
    from raw.certificates
    where
        not starts_with(sans, '[') or not starts_with(tags, '[') or not starts_with(owners, '[')
        or not starts_with(cert_owner_ids, '[') or staging.is_nameless(business_unit) or staging.is_nameless(profile)
        or (revocation is not null and not staging.is_revocation(revocation))
    union all
    select
        account,
        run_id,
        'audit_log' as resource,
        {'field': 'user', 'value': "user"} as item
    from raw.audit_log
    where staging.is_nameless("user")
)

select
    account, -- the account's name in the configuration
    run_id,
    resource, -- the list that the value stood in
    text.field as field, -- the API's name of the field
    text.value as value -- the JSON as received
from texts
where staging.is_retyped(text.value)
union all
select
    account,
    run_id,
    resource,
    item.field as field,
    cast(item.value as varchar) as value
from nested
where
    item is not null
    and not regexp_full_match(
        item.value, '\s*(\[(\s|,|null|"\s*"|\{\s*\})*\]|\{(\s|,|"[^"]*"\s*:\s*(null|"\s*"))*\}|null|"\s*")\s*'
    )
