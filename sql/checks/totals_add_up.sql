-- What is counted by endpoint adds up: the accounts of a run to all, and the units of an account to the account; and what a part has, the
-- whole has too.
-- Certificates are not in it: one on endpoints of two scopes counts in each of them, and so do findings about it in units (those add up from
-- accounts to all); nor are percentiles, batches, and events, which have no unit.
-- severity: stop
-- advice: a metric is counted differently in two scopes; compare mart.metrics with core.endpoints for that scope
with counted as (
    select
        metrics.scope,
        coalesce(metrics.account, '') as account,
        metrics.metric,
        coalesce(metrics.member, '') as member,
        metrics.numerator,
        coalesce(metrics.denominator, 0) as denominator
    from mart.metrics as metrics
    join meta.current_run as current_run
        on current_run.run_id = metrics.run_id
    where
        metrics.metric not in ('inventory.certificates', 'inventory.ownership', 'inventory.completeness')
        and metrics.metric <> 'mass_replacement.hours'
        and split_part(metrics.metric, '.', 1) not in ('renewal', 'validity', 'crypto', 'trust', 'blast', 'audit')
),

wholes as (
    select
        'all' as whole,
        '' as account,
        metric,
        member,
        numerator,
        denominator
    from counted
    where scope = 'all'
    union all
    select
        'account' as whole,
        account,
        metric,
        member,
        numerator,
        denominator
    from counted
    where scope = 'account'
),

sums as (
    select
        'all' as whole,
        '' as account,
        metric,
        member,
        cast(sum(numerator) as bigint) as numerator,
        cast(sum(denominator) as bigint) as denominator
    from counted
    where scope = 'account'
    group by
        metric,
        member
    union all
    select
        'account' as whole,
        account,
        metric,
        member,
        cast(sum(numerator) as bigint) as numerator,
        cast(sum(denominator) as bigint) as denominator
    from counted
    where scope = 'business_unit'
    group by
        account,
        metric,
        member
)

select
    coalesce(wholes.whole, sums.whole) as scope,
    coalesce(wholes.account, sums.account) as account,
    coalesce(wholes.metric, sums.metric) as metric,
    coalesce(wholes.member, sums.member) as member,
    wholes.numerator,
    sums.numerator as sum_of_numerators,
    wholes.denominator,
    sums.denominator as sum_of_denominators
from wholes
full outer join sums
    on sums.whole = wholes.whole
    and sums.account = wholes.account
    and sums.metric = wholes.metric
    and sums.member = wholes.member
where
    (
        wholes.metric is null
        or wholes.numerator <> coalesce(sums.numerator, 0)
        or wholes.denominator <> coalesce(sums.denominator, 0)
    )
    and (coalesce(wholes.whole, sums.whole) = 'all' or not starts_with(coalesce(wholes.metric, sums.metric), 'findings.'))
