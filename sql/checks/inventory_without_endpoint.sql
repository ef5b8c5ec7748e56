-- Entries of the automation inventory that no endpoint carries: they are no endpoints and in no number, and worth a look.
-- severity: warn
-- advice: look them up in the console by their GUID; an entry of an endpoint that is gone can be removed there
select
    entries.account,
    entries.automation_guid,
    entries.location_key,
    entries.automation_status
from staging.automation_inventory as entries
left join core.endpoint_state as states
    on states.account = entries.account
    and states.inventory_entry_no = entries.received_no
where states.endpoint_key is null
