-- The metrics of every published run, in three scopes: all, each account, each business unit of an account (definitions: rules.metrics).
-- Shares keep numerator and denominator; a share of nothing has value null, a count has no denominator. Zeros are rows: for every account
-- of the run, every unit with an endpoint in it, and every fixed member. Certificates count once in each scope, on endpoints of that scope.
-- A removed endpoint counts in the unit that it had at the baseline; a unit with no endpoint left has the row of its removed ones only.
-- Metrics of certificates, readiness, renewals, audit and findings come from the views mart.metrics_of_*.
-- A unit is as complete as its account; a stale account's completeness has the member `stale`. An account with a list whose total nobody
-- knows has no completeness, and all accounts together have none then.
-- Where an account's audit log was not read, its audit.* and, if a certificate was exchanged meanwhile, movement.unexplained have the
-- numerator null, and so has all that it is part of; only one that left tlm.toml takes no audit.* from all accounts together.
-- The rows of a run are written once: a run that is there already stays as it is.
-- grain: one value of one metric in one scope of one run
-- kind: append
-- key: run_id
-- check: unique(run_id, metric, scope, account, business_unit, dimension, member)
-- check: not_null(run_id, as_of_at, metric, scope, unit, definitions_version)
-- check: holds(numerator is not null or metric = 'movement.unexplained' or metric like 'audit.%')
-- check: accepted(scope, 'all', 'account', 'business_unit')
-- check: holds((numerator >= 0 or unit = 'days') and denominator >= 0)
-- check: holds(metric = 'renewal.workload_weekly' or numerator <= denominator)
with measured as (
    select
        accounts.account,
        endpoints.business_unit,
        endpoints.endpoint_key,
        endpoints.protection,
        endpoints.protection = 'certificate' as has_certificate,
        endpoints.protection in ('none', 'unspecified') as is_open,
        endpoints.automation_state,
        endpoints.automation_state = 'managed' as is_managed,
        endpoints.automation_outcome,
        endpoints.expiry_bucket,
        endpoints.relative_expiry_bucket,
        endpoints.days_left,
        endpoints.last_discovered_at,
        endpoints.last_discovered_at > current_run.as_of_at - interval '7 days'
        and endpoints.last_discovered_at <= current_run.as_of_at as is_fresh,
        core.age_bucket(core.whole_days(endpoints.unsecured_since_at, current_run.as_of_at)) as age_bucket,
        endpoints.is_revoked,
        endpoints.has_undeployed_renewal,
        coalesce(staging.status_word(endpoints.security_rating), 'NOT_RATED') as rating
    from meta.build_accounts as accounts
    cross join meta.current_run as current_run
    left join core.endpoint_measures as endpoints
        on endpoints.account = accounts.account
),

-- all scopes in one pass, each as a whole and by rating
counted as (
    select
        case
            when grouping(measured.account) = 1 then 'all'
            when grouping(measured.business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        measured.account,
        measured.business_unit,
        measured.rating,
        grouping(measured.rating) = 1 as is_whole,
        count(measured.endpoint_key) as endpoints,
        count(measured.last_discovered_at) as discovered,
        count(*) filter (where measured.is_fresh) as fresh,
        count(*) filter (where measured.has_certificate) as with_certificate,
        count(*) filter (where measured.protection = 'none') as protection_none,
        count(*) filter (where measured.protection = 'unspecified') as protection_unspecified,
        count(*) filter (where measured.protection = 'discovery_error') as discovery_errors,
        count(*) filter (where measured.is_managed) as managed,
        count(*) filter (where measured.is_managed and measured.has_certificate) as managed_with_certificate,
        count(*) filter (where measured.automation_state = 'available') as available,
        count(*) filter (where measured.is_managed and measured.automation_outcome in ('failed', 'attention')) as failing,
        count(*) filter (where measured.expiry_bucket = 'expired') as expired,
        count(*) filter (where measured.expiry_bucket = 'd0_7') as d0_7,
        count(*) filter (where measured.expiry_bucket = 'd8_14') as d8_14,
        count(*) filter (where measured.expiry_bucket = 'd15_30') as d15_30,
        count(*) filter (where measured.expiry_bucket = 'd31_60') as d31_60,
        count(*) filter (where measured.expiry_bucket = 'd61_90') as d61_90,
        count(*) filter (where measured.expiry_bucket = 'over_90') as over_90,
        count(*) filter (where measured.expiry_bucket = 'unknown') as expiry_unknown,
        count(*) filter (where measured.has_certificate and measured.relative_expiry_bucket is not null) as relative_known,
        count(*) filter (where measured.has_certificate and measured.relative_expiry_bucket = 'under_10pct') as under_10pct,
        count(*) filter (where measured.has_certificate and measured.relative_expiry_bucket = 'under_third') as under_third,
        count(*) filter (where measured.has_certificate and measured.relative_expiry_bucket = 'under_half') as under_half,
        count(*) filter (where measured.has_certificate and measured.relative_expiry_bucket = 'rest') as relative_rest,
        count(*) filter (where measured.has_certificate and measured.days_left between 0 and 30) as due_30d,
        count(*) filter (
            where measured.has_certificate and measured.days_left between 0 and 30 and not measured.is_managed
        ) as manual_30d,
        count(*) filter (where measured.is_open) as unsecured,
        count(*) filter (where measured.is_open and measured.age_bucket = 'age_0_7') as age_0_7,
        count(*) filter (where measured.is_open and measured.age_bucket = 'age_8_30') as age_8_30,
        count(*) filter (where measured.is_open and measured.age_bucket = 'age_31_90') as age_31_90,
        count(*) filter (where measured.is_open and measured.age_bucket = 'age_over_90') as age_over_90,
        count(*) filter (where measured.has_certificate and measured.is_revoked) as revoked,
        count(*) filter (where measured.has_certificate and measured.has_undeployed_renewal) as renewed_elsewhere
    from measured
    group by grouping sets (
        (),
        (measured.account),
        (measured.account, measured.business_unit),
        (measured.rating),
        (measured.account, measured.rating),
        (measured.account, measured.business_unit, measured.rating)
    )
    having grouping(measured.business_unit) = 1 or measured.business_unit is not null
),

totals as (
    select
        scope,
        account,
        business_unit
    from counted
    where is_whole
),

from_endpoints as (
    select
        scope,
        account,
        business_unit,
        unnest([
            {'metric': 'inventory.endpoints', 'numerator': endpoints, 'denominator': null},
            {'metric': 'inventory.fresh_7d', 'numerator': fresh, 'denominator': discovered},
            {
                'metric': 'coverage.protection',
                'numerator': with_certificate,
                'denominator': with_certificate + protection_none + protection_unspecified
            },
            {'metric': 'coverage.discovery_error', 'numerator': discovery_errors, 'denominator': null},
            {'metric': 'coverage.automation', 'numerator': managed_with_certificate, 'denominator': with_certificate},
            {'metric': 'coverage.adoption', 'numerator': managed, 'denominator': managed + available},
            {'metric': 'coverage.failing', 'numerator': failing, 'denominator': managed},
            {'metric': 'expiry.expired', 'numerator': expired, 'denominator': with_certificate},
            {'metric': 'expiry.d0_7', 'numerator': d0_7, 'denominator': with_certificate},
            {'metric': 'expiry.d8_14', 'numerator': d8_14, 'denominator': with_certificate},
            {'metric': 'expiry.d15_30', 'numerator': d15_30, 'denominator': with_certificate},
            {'metric': 'expiry.d31_60', 'numerator': d31_60, 'denominator': with_certificate},
            {'metric': 'expiry.d61_90', 'numerator': d61_90, 'denominator': with_certificate},
            {'metric': 'expiry.over_90', 'numerator': over_90, 'denominator': with_certificate},
            {'metric': 'expiry.unknown', 'numerator': expiry_unknown, 'denominator': with_certificate},
            {'metric': 'expiry.relative_under_10pct', 'numerator': under_10pct, 'denominator': relative_known},
            {'metric': 'expiry.relative_under_third', 'numerator': under_third, 'denominator': relative_known},
            {'metric': 'expiry.relative_under_half', 'numerator': under_half, 'denominator': relative_known},
            {'metric': 'expiry.relative_rest', 'numerator': relative_rest, 'denominator': relative_known},
            {'metric': 'expiry.manual_30d', 'numerator': manual_30d, 'denominator': due_30d},
            {'metric': 'unsecured.none', 'numerator': protection_none, 'denominator': endpoints},
            {'metric': 'unsecured.discovery_error', 'numerator': discovery_errors, 'denominator': endpoints},
            {'metric': 'unsecured.unspecified', 'numerator': protection_unspecified, 'denominator': endpoints},
            {'metric': 'unsecured.age_0_7', 'numerator': age_0_7, 'denominator': unsecured},
            {'metric': 'unsecured.age_8_30', 'numerator': age_8_30, 'denominator': unsecured},
            {'metric': 'unsecured.age_31_90', 'numerator': age_31_90, 'denominator': unsecured},
            {'metric': 'unsecured.age_over_90', 'numerator': age_over_90, 'denominator': unsecured},
            {'metric': 'deployment.revoked_installed', 'numerator': revoked, 'denominator': with_certificate},
            {
                'metric': 'deployment.renewed_not_deployed',
                'numerator': renewed_elsewhere,
                'denominator': with_certificate
            }
        ]) as measure
    from counted
    where is_whole
),

-- fixed members in every scope, other words only where they occur
rating_members as (
    select
        totals.scope,
        totals.account,
        totals.business_unit,
        ratings.rating,
        0 as endpoints
    from totals
    cross join rules.security_ratings as ratings
    union all
    select
        scope,
        account,
        business_unit,
        rating,
        endpoints
    from counted
    where not is_whole and endpoints > 0
),

-- lists that say a total; the run of an account is its own, which for a stale account is an older one
completeness as (
    select
        accounts.account,
        accounts.is_stale,
        cast(coalesce(sum(lists.rows_received), 0) as bigint) as received,
        cast(coalesce(sum(lists.rows_announced), 0) as bigint) as announced,
        count(lists.resource) > count(lists.rows_announced) as is_unknown
    from meta.build_accounts as accounts
    left join mart.list_totals as lists
        on lists.account = accounts.account
    group by
        accounts.account,
        accounts.is_stale
),

-- endpoints that moved, in the units of the run; there are no rows when no account has a baseline
movements as (
    select
        totals.scope,
        totals.account,
        totals.business_unit,
        replace(catalogue.metric, 'movement.', '') as movement,
        0 as endpoints,
        0 as not_judged
    from totals
    join rules.metrics as catalogue
        on catalogue.area = 'movement'
    cross join (select count(baseline_run_id) as baselines from meta.build_accounts) as known
    where known.baselines > 0
    union all
    select
        case
            when grouping(account) = 1 then 'all'
            when grouping(business_unit) = 1 then 'account'
            else 'business_unit'
        end as scope,
        account,
        business_unit,
        case when movement = 'not_judged' then 'unexplained' else movement end as movement,
        count(*) as endpoints,
        count(*) filter (where movement = 'not_judged') as not_judged
    from mart.changes
    group by grouping sets ((movement), (account, movement), (account, business_unit, movement))
),

all_rows as (
    select
        scope,
        account,
        business_unit,
        measure.metric as metric,
        null as dimension,
        null as member,
        measure.numerator as numerator,
        measure.denominator as denominator
    from from_endpoints
    union all
    select
        scope,
        account,
        business_unit,
        'rating' as metric,
        'security_rating' as dimension,
        rating as member,
        cast(sum(endpoints) as bigint) as numerator,
        null as denominator
    from rating_members
    group by
        scope,
        account,
        business_unit,
        rating
    union all
    select
        scope,
        account,
        business_unit,
        'movement.' || movement as metric,
        null as dimension,
        null as member,
        case when sum(not_judged) = 0 then cast(sum(endpoints) as bigint) end as numerator,
        null as denominator
    from movements
    group by
        scope,
        account,
        business_unit,
        movement
    union all
    select
        'all' as scope,
        null as account,
        null as business_unit,
        'inventory.completeness' as metric,
        null as dimension,
        null as member,
        cast(coalesce(sum(received), 0) as bigint) as numerator,
        cast(coalesce(sum(announced), 0) as bigint) as denominator
    from completeness
    having count(*) filter (where is_unknown) = 0
    union all
    select
        totals.scope,
        totals.account,
        totals.business_unit,
        'inventory.completeness' as metric,
        case when completeness.is_stale then 'state' end as dimension,
        case when completeness.is_stale then 'stale' end as member,
        completeness.received as numerator,
        completeness.announced as denominator
    from totals
    join completeness
        on completeness.account = totals.account
    where not completeness.is_unknown
    union all
    select
        scope,
        account,
        business_unit,
        metric,
        dimension,
        member,
        numerator,
        denominator
    from mart.metrics_of_certificates
    union all
    select
        scope,
        account,
        business_unit,
        metric,
        dimension,
        member,
        numerator,
        denominator
    from mart.metrics_of_readiness
    union all
    select
        scope,
        account,
        business_unit,
        metric,
        dimension,
        member,
        numerator,
        denominator
    from mart.metrics_of_renewals
    union all
    select
        scope,
        account,
        business_unit,
        metric,
        dimension,
        member,
        numerator,
        denominator
    from mart.metrics_of_audit
    union all
    select
        scope,
        account,
        business_unit,
        metric,
        dimension,
        member,
        numerator,
        denominator
    from mart.metrics_of_findings
)

select
    current_run.as_of_at, -- start of the run
    current_run.run_id,
    all_rows.metric, -- name of the metric, as in rules.metrics
    all_rows.scope, -- all, account or business_unit
    all_rows.account, -- set in the scopes account and business_unit
    all_rows.business_unit, -- set in the scope business_unit: the unit's name
    all_rows.dimension, -- what the members are of; null where the metric has none
    all_rows.member, -- member of the dimension
    all_rows.numerator, -- the count, or the numerator of the share; null where it cannot be known
    all_rows.denominator, -- denominator of the share; null for a count
    case
        when all_rows.denominator is not null then all_rows.numerator / nullif(cast(all_rows.denominator as double), 0)
        else cast(all_rows.numerator as double)
    end as value, -- numerator / denominator, null when the denominator is 0; the numerator of a count
    catalogue.unit, -- count, share, rate (a week), days or hours
    '1' as definitions_version -- version of the definitions that gave it
from all_rows
left join rules.metrics as catalogue
    on catalogue.metric = all_rows.metric
cross join meta.current_run as current_run
order by
    all_rows.metric,
    all_rows.scope,
    all_rows.account,
    all_rows.business_unit,
    all_rows.member
