-- Metrics of the audit log of the last 7 days, for all and each account: an event names no business unit that holds.
-- An account whose log was not read up to this run has no number (numerator null), and all accounts together have none then: 0 would say
-- that nothing happened. Only an account that left tlm.toml takes none from the others: all together are then the events that are known.
-- grain: one value of one metric in one scope
-- kind: view
with counted as (
    select
        case when grouping(accounts.account) = 1 then 'all' else 'account' end as scope,
        accounts.account,
        case
            when grouping(accounts.account) = 1
                then count(*) filter (where not logs.is_read_to_now and coalesce(accounts.is_configured, true))
            else count(*) filter (where not logs.is_read_to_now)
        end as unread_logs,
        cast(coalesce(sum(activity.events), 0) as bigint) as events,
        cast(coalesce(sum(activity.failures), 0) as bigint) as failures,
        cast(coalesce(sum(activity.deletes), 0) as bigint) as deletes,
        cast(coalesce(sum(activity.off_hours), 0) as bigint) as off_hours
    from meta.build_accounts as accounts
    join core.audit_logs as logs
        on logs.account = accounts.account
    left join mart.audit_activity as activity
        on activity.account = accounts.account
    group by grouping sets ((), (accounts.account))
),

measured as (
    select
        scope,
        account,
        unread_logs,
        unnest([
            {'metric': 'audit.events', 'numerator': events},
            {'metric': 'audit.failures', 'numerator': failures},
            {'metric': 'audit.deletes', 'numerator': deletes},
            {'metric': 'audit.off_hours', 'numerator': off_hours}
        ]) as measure
    from counted
)

select
    scope, -- all or account
    account, -- set in the scope account
    cast(null as varchar) as business_unit, -- never set
    measure.metric as metric, -- name of the metric
    cast(null as varchar) as dimension, -- what the members are of
    cast(null as varchar) as member, -- member of the dimension
    case when unread_logs = 0 then measure.numerator end as numerator, -- events; null: a log was not read up to this run
    cast(null as bigint) as denominator -- null: a count
from measured
