-- One row per step that raises protection or automation, with the endpoints that it would add to the numerator; zeros where there is no
-- endpoint at all.
-- grain: a step
-- kind: view
-- check: unique(step)
with counted as (
    select
        coalesce(max(with_certificate), 0) as with_certificate,
        coalesce(max(managed_with_certificate), 0) as managed,
        coalesce(max(available_with_certificate), 0) as available,
        coalesce(max(not_available_with_certificate), 0) as not_available,
        coalesce(max(none), 0) as without,
        coalesce(max(unspecified), 0) as unspecified
    from mart.coverage
    where dimension = 'all'
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
