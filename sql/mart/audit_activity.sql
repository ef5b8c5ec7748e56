-- What happened in an account within the 7 days up to the run: its audit events by what was done, by whom, and how it ended.
-- The 7 days end with the run's own second and begin after that of a week before, so that weekly runs count each event once.
-- Off hours are the policy's, in the configured zone; its days are numbered 1 (Monday) to 7, counted from a Monday (1970-01-05). Events
-- whose time does not parse are not here. An account whose audit log was not read has no rows: meta.extracts says whether it was.
-- Failures are events whose status begins with FAIL, deletes those whose action names a delete; other words of the API are kept as they are.
-- grain: one action, resource type, actor and status of an account
-- kind: view
-- check: unique(account, action, resource_type, actor, status)
-- check: holds(failures <= events and deletes <= events and off_hours <= events)
with recent as (
    select
        events.account,
        events.action,
        events.resource_type,
        events.actor,
        events.status,
        events.occurred_at,
        timezone(current_run.timezone, timezone('UTC', events.occurred_at)) as local_at
    from core.audit_events as events
    cross join meta.current_run as current_run
    where
        events.occurred_at > current_run.as_of_at - interval '7 days'
        and events.occurred_at <= current_run.as_of_at
)

select
    recent.account, -- the account's name in the configuration
    recent.action,
    recent.resource_type,
    recent.actor, -- who did it
    recent.status,
    count(*) as events, -- events
    count(*) filter (where staging.status_word(recent.status) like 'FAIL%') as failures, -- of them failed
    count(*) filter (where staging.status_word(recent.action) like '%DELETE%') as deletes, -- of them deletes
    count(*) filter (
        where
            cast(recent.local_at as time) < policy.off_hours_before
            or cast(recent.local_at as time) >= policy.off_hours_from
            or list_contains(
                policy.off_days, date_diff('day', date '1970-01-05', cast(recent.local_at as date)) % 7 + 1
            )
    ) as off_hours, -- of them outside the policy's hours
    min(recent.occurred_at) as first_at, -- when the first of them happened
    max(recent.occurred_at) as last_at -- when the last of them happened
from recent
cross join rules.policy as policy
group by
    recent.account,
    recent.action,
    recent.resource_type,
    recent.actor,
    recent.status
