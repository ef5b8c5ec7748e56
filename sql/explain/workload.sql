-- Public certificates on endpoints of the scope, for each limit that is or will be.
-- shows: limit_days, days_between, certificate_key
select
    cast(limits.limit_days as varchar) as limit_days,
    limits.limit_days - least(policy.lead_days, limits.limit_days // 3) as days_between,
    held.certificate_key
from rules.validity_limits as limits
cross join rules.policy as policy
left join (
    select distinct endpoints.certificate_key
    from core.endpoints as endpoints
    join core.certificates as certificates
        on certificates.certificate_key = endpoints.certificate_key
    where certificates.trust = 'public' and true -- scope of endpoints
) as held
    on true
where limits.effective_from is not null
