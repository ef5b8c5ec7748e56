-- Protection and automation of the endpoints of the newest snapshot, by one dimension at a time: all, account, business unit (of an
-- account), issuing CA (its vendor, else the issuer of the certificate) and platform. Only endpoints with a certificate have an
-- issuing CA; one that is not known is the member `unknown`.
-- grain: one member of one dimension; business units are those of an account
-- kind: table
-- check: unique(dimension, account, member)
-- check: holds(endpoints = with_certificate + none + unspecified + discovery_error)
-- check: holds(endpoints = managed + available + not_available)
-- check: holds(with_certificate = managed_with_certificate + available_with_certificate + not_available_with_certificate)
with described as (
    select
        account,
        business_unit,
        case when protection = 'certificate' then coalesce(ca_vendor, issuer, 'unknown') end as issuing_ca,
        platform,
        protection,
        automation_state,
        automation_outcome
    from core.endpoints
)

select
    case
        when grouping(business_unit) = 0 then 'business_unit'
        when grouping(account) = 0 then 'account'
        when grouping(issuing_ca) = 0 then 'issuing_ca'
        when grouping(platform) = 0 then 'platform'
        else 'all'
    end as dimension, -- all, account, business_unit, issuing_ca or platform
    coalesce(business_unit, account, issuing_ca, platform, 'all') as member, -- member of the dimension
    account, -- set for accounts and business units
    count(*) as endpoints, -- endpoints of the member
    count(*) filter (where protection = 'certificate') as with_certificate, -- with a certificate
    count(*) filter (where protection = 'none') as none, -- without a certificate
    count(*) filter (where protection = 'unspecified') as unspecified, -- listed as unsecured without saying why
    count(*) filter (where protection = 'discovery_error') as discovery_error, -- certificate discovery failed
    count(*) filter (where automation_state = 'managed') as managed, -- under managed automation
    count(*) filter (
        where automation_state = 'managed' and protection = 'certificate'
    ) as managed_with_certificate, -- under managed automation, with a certificate
    count(*) filter (where automation_state = 'available') as available, -- available for automation
    count(*) filter (
        where automation_state = 'available' and protection = 'certificate'
    ) as available_with_certificate, -- available for automation, with a certificate
    count(*) filter (where automation_state = 'not_available') as not_available, -- not available for automation
    count(*) filter (
        where automation_state = 'not_available' and protection = 'certificate'
    ) as not_available_with_certificate, -- not available for automation, with a certificate
    count(*) filter (where automation_outcome in ('failed', 'attention')) as failing -- managed, outcome failed or attention
from described
group by grouping sets ((), (account), (account, business_unit), (issuing_ca), (platform))
having count(*) > 0 and (grouping(issuing_ca) = 1 or issuing_ca is not null)
order by
    dimension,
    account,
    member
