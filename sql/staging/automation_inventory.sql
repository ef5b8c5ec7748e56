-- An entry of the automation inventory: an endpoint that managed automation can work on, with the GUID to target.
-- The GUID is read under both names that are known for it, `guid` first.
-- grain: one entry as received (account, received_no)
-- kind: view
select
    account, -- the account's name in the configuration
    received_no, -- position in the order received
    coalesce(staging.filled(guid), staging.filled(inventory_id)) as automation_guid, -- the GUID that automation requests target
    staging.filled(id) as entry_id, -- identifier of the entry
    staging.location_key(
        staging.filled(ip), staging.filled(port), staging.filled(domain_name)
    ) as location_key, -- ip, port and domain name as compared; null unless all are known
    staging.filled(common_name) as common_name,
    staging.filled(automation_status) as automation_status,
    staging.filled(profile_id) as profile_id,
    staging.filled(agent_id) as agent_id,
    staging.filled(connector_id) as connector_id
from raw.automation_inventory
