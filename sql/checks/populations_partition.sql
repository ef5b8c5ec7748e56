-- In every scope of the run each population falls into its parts exactly: the kinds of protection, the expiry buckets, absolute and
-- relative, the ages of the unsecured, the ratings; and what two metrics count alike is alike. Nothing is counted twice or left out.
-- severity: stop
-- advice: a model counts an endpoint twice or not at all; compare mart.metrics with core.endpoints for that scope
with parts as (
    select
        metrics.scope,
        metrics.account,
        metrics.business_unit,
        max(metrics.numerator) filter (where metrics.metric = 'inventory.endpoints') as endpoints,
        max(metrics.denominator) filter (where metrics.metric = 'coverage.automation') as with_certificate,
        cast(sum(metrics.numerator) filter (
            where metrics.metric in ('unsecured.none', 'unsecured.discovery_error', 'unsecured.unspecified')
        ) as bigint) as without_certificate,
        cast(sum(metrics.numerator) filter (
            where metrics.area = 'expiry'
            and metrics.metric <> 'expiry.manual_30d'
            and metrics.metric not like 'expiry.relative%'
        ) as bigint) as in_expiry_buckets,
        max(metrics.denominator) filter (where metrics.metric = 'expiry.relative_rest') as with_relative_expiry,
        cast(sum(metrics.numerator) filter (
            where metrics.metric like 'expiry.relative%'
        ) as bigint) as in_relative_buckets,
        max(metrics.denominator) filter (where metrics.metric = 'unsecured.age_0_7') as with_age,
        cast(sum(metrics.numerator) filter (
            where metrics.metric in ('unsecured.none', 'unsecured.unspecified')
        ) as bigint) as unsecured,
        max(metrics.numerator) filter (where metrics.metric = 'coverage.adoption') as managed,
        max(metrics.denominator) filter (where metrics.metric = 'coverage.failing') as managed_that_may_fail,
        max(metrics.numerator) filter (where metrics.metric = 'coverage.discovery_error') as discovery_errors,
        max(metrics.numerator) filter (where metrics.metric = 'unsecured.discovery_error') as unread,
        cast(sum(metrics.numerator) filter (where metrics.metric like 'unsecured.age%') as bigint) as in_age_buckets,
        cast(sum(metrics.numerator) filter (where metrics.metric = 'rating') as bigint) as rated
    from (
        select
            mart.metrics.scope,
            mart.metrics.account,
            mart.metrics.business_unit,
            mart.metrics.metric,
            catalogue.area,
            mart.metrics.numerator,
            mart.metrics.denominator
        from mart.metrics
        join meta.current_run as current_run
            on current_run.run_id = mart.metrics.run_id
        join rules.metrics as catalogue
            on catalogue.metric = mart.metrics.metric
        where catalogue.area <> 'movement'
    ) as metrics
    group by
        metrics.scope,
        metrics.account,
        metrics.business_unit
)

select
    scope,
    account,
    business_unit,
    endpoints,
    with_certificate,
    without_certificate,
    in_expiry_buckets,
    with_relative_expiry,
    in_relative_buckets,
    with_age,
    in_age_buckets,
    unsecured,
    managed,
    managed_that_may_fail,
    discovery_errors,
    unread,
    rated
from parts
where
    endpoints <> with_certificate + without_certificate
    or with_certificate <> in_expiry_buckets
    or with_relative_expiry <> in_relative_buckets
    or with_age <> in_age_buckets
    or with_age <> unsecured
    or managed <> managed_that_may_fail
    or discovery_errors <> unread
    or endpoints <> rated
