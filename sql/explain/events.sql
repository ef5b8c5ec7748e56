-- Audit events of the last 7 days; off hours are the policy's, in the configured zone; its days are numbered from Monday (1970-01-05 was one).
-- shows: occurred_at, event_id, action, status, actor, resource_type, resource_id, description
select
    events.*,
    coalesce(staging.status_word(events.status) like 'FAIL%', false) as is_failure,
    coalesce(staging.status_word(events.action) like '%DELETE%', false) as is_delete,
    cast(timezone(current_run.timezone, timezone('UTC', events.occurred_at)) as time) < policy.off_hours_before
    or cast(timezone(current_run.timezone, timezone('UTC', events.occurred_at)) as time) >= policy.off_hours_from
    or list_contains(
        policy.off_days,
        date_diff(
            'day', date '1970-01-05', cast(timezone(current_run.timezone, timezone('UTC', events.occurred_at)) as date)
        ) % 7 + 1
    ) as is_off_hours
from core.audit_events as events
cross join meta.current_run as current_run
cross join rules.policy as policy
where
    events.occurred_at > current_run.as_of_at - interval '7 days'
    and events.occurred_at <= current_run.as_of_at
    and true -- account of events
