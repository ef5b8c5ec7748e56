-- The raw tables hold as many rows of an account as the manifest of its run says were received.
-- severity: stop
-- advice: extract again; if it comes again, the landing zone was changed by something else
with loaded as (
    select
        account,
        run_id,
        'endpoints.automatable' as resource
    from raw.endpoints_automatable
    union all
    select
        account,
        run_id,
        'endpoints.discovered' as resource
    from raw.endpoints_discovered
    union all
    select
        account,
        run_id,
        'endpoints.unsecured' as resource
    from raw.endpoints_unsecured
    union all
    select
        account,
        run_id,
        'automation_inventory' as resource
    from raw.automation_inventory
    union all
    select
        account,
        run_id,
        'audit_log' as resource
    from raw.audit_log
    union all
    select
        account,
        run_id,
        'certificates' as resource
    from raw.certificates
    union all
    select
        account,
        run_id,
        'business_units' as resource
    from raw.business_units
    union all
    select
        account,
        run_id,
        'profiles' as resource
    from raw.profiles
    union all
    select
        account,
        run_id,
        'agents' as resource
    from raw.agents
),

counted as (
    select
        account,
        run_id,
        resource,
        count(*) as rows_loaded
    from loaded
    group by
        account,
        run_id,
        resource
)

select
    accounts.account,
    extracts.resource,
    extracts.rows_received,
    coalesce(counted.rows_loaded, 0) as rows_loaded
from meta.build_accounts as accounts
join meta.extracts as extracts
    on extracts.account = accounts.account
    and extracts.run_id = accounts.run_id
left join counted
    on counted.account = accounts.account
    and counted.run_id = accounts.run_id
    and counted.resource = extracts.resource
where
    extracts.status = 'complete'
    and extracts.rows_received <> coalesce(counted.rows_loaded, 0)
