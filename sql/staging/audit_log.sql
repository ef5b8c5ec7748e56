-- An audit event as received. The same event may stand twice (overlapping windows): core.audit_events keeps one.
-- An event without identifier gets one from its content, after an @, so that it is kept once too. One that has neither identifier nor time,
-- action, resource or description says nothing and is left out.
-- grain: one event as received (account, received_no)
-- kind: view
select
    account, -- the account's name in the configuration
    received_no, -- position in the order received
    coalesce(
        staging.filled(id),
        '@' || md5(
            concat_ws(
                '|', "timestamp", action, status, resource_type, resource_id, description, data, cast("user" as varchar)
            )
        )
    ) as event_id, -- the API's identifier of the event, else @ and a hash of its content
    staging.parse_time("timestamp") as occurred_at, -- when it happened
    staging.filled(action) as action,
    staging.filled(status) as status,
    staging.filled(resource_type) as resource_type,
    staging.filled(resource_id) as resource_id,
    coalesce(staging.name_of("user"), staging.id_of("user")) as actor, -- name of who did it, else the identifier
    staging.any_text(description) as description,
    staging.any_text(data) as data
from raw.audit_log
where coalesce(id, "timestamp", action, resource_id, description) is not null
