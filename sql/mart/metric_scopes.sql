-- What metrics are given for: all, each account of the run, each business unit of an account that has an endpoint in it.
-- grain: one scope of the run
-- kind: view
-- check: unique(scope, account, business_unit)
select
    'all' as scope, -- all, account or business_unit
    cast(null as varchar) as account, -- set in the scopes account and business_unit
    cast(null as varchar) as business_unit -- set in the scope business_unit: the unit's name
union all
select
    'account' as scope,
    account,
    null as business_unit
from meta.build_accounts
union all
select
    'business_unit' as scope,
    account,
    business_unit
from core.snapshot
group by
    account,
    business_unit
