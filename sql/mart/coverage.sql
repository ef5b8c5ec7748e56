-- Protection and automation of the endpoints of the newest snapshot, by one dimension at a time: all, account, business unit (of an
-- account), CA vendor and platform. Only endpoints with a certificate have a CA vendor; an unknown one is the member `unknown`.
-- grain: one member of one dimension; business units are those of an account
-- kind: view
-- check: unique(dimension, account, member)
-- check: holds(endpoints = with_certificate + none + unspecified + discovery_error)
-- check: holds(endpoints = managed + available + not_available)
with members as (
    select
        'all' as dimension,
        null as account,
        'all' as member,
        endpoint_key
    from core.endpoints
    union all
    select
        'account' as dimension,
        account,
        account as member,
        endpoint_key
    from core.endpoints
    union all
    select
        'business_unit' as dimension,
        account,
        business_unit as member,
        endpoint_key
    from core.endpoints
    union all
    select
        'ca_vendor' as dimension,
        null as account,
        coalesce(ca_vendor, 'unknown') as member,
        endpoint_key
    from core.endpoints
    where protection = 'certificate'
    union all
    select
        'platform' as dimension,
        null as account,
        platform as member,
        endpoint_key
    from core.endpoints
)

select
    members.dimension, -- all, account, business_unit, ca_vendor or platform
    members.member, -- member of the dimension
    members.account, -- set for accounts and business units
    count(*) as endpoints, -- endpoints of the member
    count(*) filter (where endpoints.protection = 'certificate') as with_certificate, -- with a certificate
    count(*) filter (where endpoints.protection = 'none') as none, -- without a certificate
    count(*) filter (where endpoints.protection = 'unspecified') as unspecified, -- listed as unsecured without saying why
    count(*) filter (where endpoints.protection = 'discovery_error') as discovery_error, -- certificate discovery failed
    count(*) filter (where endpoints.automation_state = 'managed') as managed, -- under managed automation
    count(*) filter (
        where endpoints.automation_state = 'managed' and endpoints.protection = 'certificate'
    ) as managed_with_certificate, -- under managed automation, with a certificate
    count(*) filter (where endpoints.automation_state = 'available') as available, -- available for automation
    count(*) filter (where endpoints.automation_state = 'not_available') as not_available, -- not available for automation
    count(*) filter (where endpoints.automation_outcome in ('failed', 'attention')) as failing -- managed, outcome failed or attention
from members
join core.endpoints as endpoints
    on endpoints.endpoint_key = members.endpoint_key
group by
    members.dimension,
    members.member,
    members.account
