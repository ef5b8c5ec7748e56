-- Public certificates on endpoints of the scope, for each limit that is or will be.
-- shows: limit_days, days_between, certificate_key
with held as (
    select
        certificates.*,
        certificates.endpoint_count as endpoints
    from core.certificates as certificates
    where certificates.endpoint_count > 0
)

select
    cast(limits.limit_days as varchar) as limit_days,
    limits.limit_days - least(policy.lead_days, limits.limit_days // 3) as days_between,
    held.certificate_key
from rules.validity_limits as limits
cross join rules.policy as policy
left join held
    on held.trust = 'public'
where limits.effective_from is not null
