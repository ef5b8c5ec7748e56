-- One row per step that raises protection or automation, with the endpoints that it would add to the numerator.
-- grain: a step
-- kind: view
-- check: unique(step)
with counted as (
    select
        count(*) filter (where protection = 'certificate') as with_certificate,
        count(*) filter (where protection = 'certificate' and automation_state = 'managed') as managed,
        count(*) filter (where protection = 'certificate' and automation_state = 'available') as available,
        count(*) filter (where protection = 'certificate' and automation_state = 'not_available') as not_available,
        count(*) filter (where protection = 'none') as without,
        count(*) filter (where protection = 'unspecified') as unspecified
    from core.endpoints
)
select
    'coverage.automation' as metric, -- the share that the step raises
    'enrol' as step, -- enrol, reach, certify or find_out
    available as endpoints, -- endpoints that the step would add
    managed as numerator, -- the share's numerator today
    with_certificate as denominator -- the share's denominator today
from counted
union all
select
    'coverage.automation' as metric,
    'reach' as step,
    not_available as endpoints,
    managed as numerator,
    with_certificate as denominator
from counted
union all
select
    'coverage.protection' as metric,
    'certify' as step,
    without as endpoints,
    with_certificate as numerator,
    with_certificate + without + unspecified as denominator
from counted
union all
select
    'coverage.protection' as metric,
    'find_out' as step,
    unspecified as endpoints,
    with_certificate as numerator,
    with_certificate + without + unspecified as denominator
from counted
