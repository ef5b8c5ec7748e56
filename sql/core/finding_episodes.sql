-- A finding from the run that first saw it to the run that no longer did. One that comes back after it was closed is another one, so that
-- the time to fix is known of each. Its words are those of the newest run that saw it.
-- Most findings have one version, which is the whole episode; where there are more, one of them is closed.
-- grain: one finding, from open to closed
-- kind: view
-- check: unique(finding_id)
with changed as (
    select finding_key
    from core.finding_history
    where to_run_id is not null
    group by finding_key
),

told as (
    select
        versions.finding_key,
        versions.rule,
        versions.severity,
        versions.account,
        versions.business_unit,
        versions.endpoint_key,
        versions.certificate_key,
        coalesce(versions.business_units, [versions.business_unit]) as business_units,
        versions.reason,
        versions.from_run_id,
        versions.is_removed,
        not versions.is_removed and coalesce(
            lag(versions.is_removed) over (partition by versions.finding_key order by versions.from_run_id), true
        ) as is_opening
    from core.finding_history as versions
    join changed
        on changed.finding_key = versions.finding_key
),

numbered as (
    select
        finding_key,
        rule,
        severity,
        account,
        business_unit,
        endpoint_key,
        certificate_key,
        business_units,
        reason,
        from_run_id,
        is_removed,
        sum(case when is_opening then 1 else 0 end) over (
            partition by finding_key
            order by from_run_id
            rows between unbounded preceding and current row
        ) as episode_no
    from told
),

episodes as (
    select
        finding_key,
        episode_no,
        min(from_run_id) as first_run_id,
        max(case when is_removed then from_run_id end) as closed_run_id,
        arg_max(rule, from_run_id) as rule,
        arg_max(severity, from_run_id) as severity,
        arg_max(account, from_run_id) as account,
        arg_max(business_unit, from_run_id) as business_unit,
        arg_max(endpoint_key, from_run_id) as endpoint_key,
        arg_max(certificate_key, from_run_id) as certificate_key,
        arg_max(business_units, from_run_id) as business_units,
        arg_max(reason, from_run_id) as reason
    from numbered
    group by
        finding_key,
        episode_no
    union all
    select
        versions.finding_key,
        1 as episode_no,
        versions.from_run_id as first_run_id,
        null as closed_run_id,
        versions.rule,
        versions.severity,
        versions.account,
        versions.business_unit,
        versions.endpoint_key,
        versions.certificate_key,
        coalesce(versions.business_units, [versions.business_unit]) as business_units,
        versions.reason
    from core.finding_history as versions
    left join changed
        on changed.finding_key = versions.finding_key
    where changed.finding_key is null
),

-- a day of a time zone costs more than all else of a finding, so it is worked out once a run
instants as (
    select
        run_id,
        as_of_at,
        cast(timezone(timezone, timezone('UTC', as_of_at)) as date) as local_day
    from (
        select
            runs.run_id,
            current_run.timezone,
            min(runs.as_of_at) as as_of_at
        from meta.runs as runs
        cross join meta.current_run as current_run
        group by
            runs.run_id,
            current_run.timezone
    ) as runs
)

select
    episodes.finding_key || '|' || episodes.first_run_id as finding_id, -- rule, what it is about, and the run that first saw it
    episodes.rule, -- id in rules.findings
    episodes.severity, -- critical, high, medium or low
    episodes.account, -- the account's name in the configuration
    episodes.business_unit, -- the endpoint's unit; of a certificate that of its first endpoint by key
    episodes.endpoint_key, -- the endpoint; null for a finding about a certificate
    episodes.certificate_key, -- the certificate, also the one that an endpoint of a finding carries
    episodes.business_units, -- units that it counts in, sorted: of a certificate those of all endpoints of the account that carry it
    episodes.reason, -- what was found
    opened.as_of_at as first_seen_at, -- start of the run that first saw it
    opened.local_day as first_seen_on, -- day of that in the configured zone
    closed.as_of_at as closed_at -- start of the run that no longer saw it; null while it is there
from episodes
join instants as opened
    on opened.run_id = episodes.first_run_id
left join instants as closed
    on closed.run_id = episodes.closed_run_id
