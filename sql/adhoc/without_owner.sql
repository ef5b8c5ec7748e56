-- Certificates on endpoints that have no unit or no owner in an account, by the unit of the endpoints that carry them.
select
    account,
    business_unit,
    count(distinct certificate_key) as certificates,
    count(distinct certificate_key) filter (where not is_owned) as without_owner
from core.endpoints
where certificate_key is not null
group by
    account,
    business_unit
order by
    without_owner desc,
    account,
    business_unit
