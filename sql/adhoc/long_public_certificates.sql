-- Until when public certificates on endpoints that live longer than a limit last, were none of them reissued: after these weeks all that
-- is left is within it. Those whose dates are not known are not here.
select
    limits.limit_days,
    count(*) as certificates,
    cast(sum(certificates.endpoint_count) as bigint) as endpoints,
    max(certificates.valid_to_at) as last_ends_at,
    greatest(max(certificates.days_left) // 7 + 1, 0) as weeks
from core.certificates as certificates
join rules.validity_limits as limits
    on certificates.lifetime_days > limits.limit_days
where certificates.endpoint_count > 0 and certificates.trust = 'public'
group by limits.limit_days
order by limits.limit_days desc
