-- A business unit of an account, for names where an item gives only the identifier.
-- grain: one unit of an account
-- kind: view
-- check: unique(account, business_unit_id)
select
    account, -- the account's name in the configuration
    staging.filled(id) as business_unit_id, -- identifier of the unit
    arg_min(staging.filled(name), received_no) filter (where staging.filled(name) is not null) as business_unit -- name of the unit
from raw.business_units
where staging.filled(id) is not null
group by account, staging.filled(id)
