-- Every metric of the catalogue has a row of this run over all accounts, and every account has the row of what it holds.
-- Some have rows only where there is something to say of: movements need a baseline, completeness the total of
-- each list, percentiles of renewals a renewal, unapproved CAs
-- a policy that approves some, a mass replacement a known issuer; and of your own metrics nobody knows what they need.
-- severity: stop
-- advice: look at the views mart.metrics_of_* and mart.metrics for the metric that is named; a metric of rules.metrics needs a row
with of_this_run as (
    select
        metrics.metric,
        metrics.scope,
        metrics.account
    from mart.metrics as metrics
    join meta.current_run as current_run
        on current_run.run_id = metrics.run_id
),

over_all as (
    select metric
    from of_this_run
    where scope = 'all'
    group by metric
),

counted as (
    select account
    from of_this_run
    where scope = 'account' and metric = 'inventory.endpoints'
    group by account
),

unknown as (
    select count(*) as lists
    from mart.list_totals
    where rows_announced is null
),

baselines as (
    select count(baseline_run_id) as accounts
    from meta.build_accounts
)

select
    catalogue.metric,
    null as account,
    'a metric without a row' as what
from rules.metrics as catalogue
cross join baselines
cross join rules.policy as policy
cross join unknown
left join over_all
    on over_all.metric = catalogue.metric
where
    over_all.metric is null
    and not (catalogue.area = 'movement' and baselines.accounts = 0)
    and not (catalogue.metric = 'inventory.completeness' and unknown.lists > 0)
    and not (catalogue.metric = 'trust.unapproved_ca' and length(policy.approved_cas) = 0)
    and catalogue.metric not like 'renewal.lead_days%'
    and catalogue.area not in ('mass_replacement', 'custom')
union all
select
    'inventory.endpoints' as metric,
    accounts.account,
    'an account without a row' as what
from meta.build_accounts as accounts
left join counted
    on counted.account = accounts.account
where counted.account is null
