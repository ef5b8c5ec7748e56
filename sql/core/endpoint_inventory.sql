-- The entry of the automation inventory that is an endpoint, by a ladder: its GUID is the endpoint's inventory id; its GUID or its own
-- identifier is the endpoint's id; it is at the endpoint's place. The first rung that finds something wins, nulls never match, and of several
-- entries the first as received is taken. GUIDs and identifiers are compared in lower case, places as in endpoint keys.
-- Limits: an entry without ip, port or domain name is not found by its place; one entry may serve several endpoints.
-- grain: one endpoint that the inventory knows
-- kind: table
-- check: unique(endpoint_key)
-- check: not_null(endpoint_key, inventory_entry_no)
with entries as (
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
)

select
    merged.endpoint_key,
    entries.received_no as inventory_entry_no, -- the entry: its received_no in the account
    entries.automation_guid, -- its GUID
    entries.automation_status, -- its status as received
    entries.profile_id as automation_profile_id -- profile that it names
from core.endpoint_merged as merged
left join entries_by_guid
    on entries_by_guid.account = merged.account
    and entries_by_guid.name = lower(merged.inventory_id)
left join entries_by_any_id
    on entries_by_any_id.account = merged.account
    and entries_by_any_id.name = lower(merged.endpoint_id)
left join entries_by_location
    on entries_by_location.account = merged.account
    and entries_by_location.location_key = staging.location_key(merged.ip, merged.port_text, merged.domain_name)
join entries
    on entries.account = merged.account
    and entries.received_no = coalesce(
        entries_by_guid.received_no, entries_by_any_id.received_no, entries_by_location.received_no
    )
