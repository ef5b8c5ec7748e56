-- What expires in the next 30 days, by business unit: how much of it nothing renews by itself, and the first day it bites.
select
    account,
    business_unit,
    count(*) as endpoints,
    count(*) filter (where automation_state <> 'managed') as by_hand,
    min(valid_to_at) as first_ends_at
from core.endpoints
where days_left between 0 and 30
group by
    account,
    business_unit
order by
    by_hand desc,
    account,
    business_unit
