-- What stands more than once in one list of an account: endpoints, certificates by identifier, automation entries by GUID. They are merged
-- into one, the first value first, or the first entry counts. The service itself says the same thing twice here, or a row that moved while
-- the list was read was received at both places.
-- severity: warn
-- advice: compare the items in the raw table of that list; where they differ, the first as received has won
select
    account,
    'endpoints.' || category as resource,
    endpoint_key as name,
    count(*) as items
from staging.endpoints
group by
    account,
    category,
    endpoint_key
having count(*) > 1
union all
select
    account,
    'certificates' as resource,
    certificate_id as name,
    count(*) as items
from staging.certificates
where certificate_id is not null
group by
    account,
    certificate_id
having count(*) > 1
union all
select
    account,
    'automation_inventory' as resource,
    automation_guid as name,
    count(*) as items
from staging.automation_inventory
where automation_guid is not null
group by
    account,
    automation_guid
having count(*) > 1
