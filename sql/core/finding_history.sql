-- The history of findings: one row per version of one. What a rule no longer finds has a version that says so; it may come back.
-- Of an account whose incomplete run was accepted none opens, changes or closes: a list that nobody read says nothing, so all are held as
-- of its last complete run. An account that never had one opens what is found.
-- grain: one version of a finding
-- kind: versions
-- key: finding_key
-- check: not_null(finding_key, rule, severity, account, business_unit, reason)
-- check: holds((endpoint_key is not null) or (certificate_key is not null))
with held as (
    select accounts.account
    from meta.build_accounts as accounts
    join meta.runs as runs
        on runs.account = accounts.account
        and runs.run_id < accounts.run_id
    where not accounts.is_complete and runs.is_complete
    group by accounts.account
)

select
    found.finding_key,
    found.rule,
    found.severity,
    found.account,
    found.business_unit,
    found.endpoint_key,
    found.certificate_key,
    found.business_units,
    found.reason
from core.finding_state as found
left join held
    on held.account = found.account
where held.account is null
