-- Values that did not parse in a run, validities that do not run forward, and JSON that is no text, list or object as it should be:
-- all are null in staging, and counted here. Lists that are empty say nothing and are not counted.
-- grain: one field of one resource of one account in one run
-- kind: append
-- key: run_id, account, resource, field, what
-- check: unique(run_id, account, resource, field, what)
-- check: not_null(run_id, account, resource, field, what, occurrences)
with typed_values as (
    select
        account,
        run_id,
        'endpoints.' || category as resource,
        port,
        last_discovered,
        valid_from,
        valid_to,
        key_size
    from staging.endpoint_items
    union all
    select
        account,
        run_id,
        'certificates' as resource,
        null as port,
        null as last_discovered,
        valid_from,
        valid_to,
        key_size
    from raw.certificates
),

-- nearly all values are as they should be; the rest is looked at one by one
unusual as (
    select
        account,
        run_id,
        resource,
        port,
        last_discovered,
        valid_from,
        valid_to,
        key_size
    from typed_values
    where not (
        coalesce(regexp_full_match(port, '\d{1,9}'), true)
        and coalesce(regexp_full_match(key_size, '\d{1,9}'), true)
        and staging.is_usual_time(last_discovered)
        and staging.is_usual_time(valid_from)
        and staging.is_usual_time(valid_to)
        and coalesce(valid_from < valid_to, true)
    )
),

failures as (
    select
        account,
        run_id,
        resource,
        unnest([
            case
                when staging.whole_number(staging.filled(port)) is null and staging.filled(port) is not null
                    then {'field': 'port', 'what': 'unparsed', 'value': port}
            end,
            case
                when staging.parse_time(last_discovered) is null and staging.filled(last_discovered) is not null
                    then {'field': 'last_discovered', 'what': 'unparsed', 'value': last_discovered}
            end,
            case
                when staging.parse_time(valid_from) is null and staging.filled(valid_from) is not null
                    then {'field': 'valid_from', 'what': 'unparsed', 'value': valid_from}
            end,
            case
                when staging.parse_end(valid_to) is null and staging.filled(valid_to) is not null
                    then {'field': 'valid_to', 'what': 'unparsed', 'value': valid_to}
            end,
            case
                when staging.whole_number(staging.filled(key_size)) is null and staging.filled(key_size) is not null
                    then {'field': 'key_size', 'what': 'unparsed', 'value': key_size}
            end,
            case
                when not staging.is_forward(staging.parse_time(valid_from), staging.parse_end(valid_to))
                    then {'field': 'valid_from', 'what': 'reversed', 'value': valid_from || ' to ' || valid_to}
            end
        ]) as failure
    from unusual
    union all
    select
        account,
        run_id,
        'audit_log' as resource,
        {'field': 'timestamp', 'what': 'unparsed', 'value': "timestamp"} as failure
    from raw.audit_log
    where staging.parse_time("timestamp") is null and staging.filled("timestamp") is not null
    union all
    select
        account,
        run_id,
        'profiles' as resource,
        unnest([
            case
                when staging.whole_number(staging.filled(renewal_period_days)) is null
                    and staging.filled(renewal_period_days) is not null
                    then {'field': 'renewal_period_days', 'what': 'unparsed', 'value': renewal_period_days}
            end,
            case
                when staging.whole_number(staging.filled(renewal_window_days)) is null
                    and staging.filled(renewal_window_days) is not null
                    then {'field': 'renewal_window_days', 'what': 'unparsed', 'value': renewal_window_days}
            end
        ]) as failure
    from raw.profiles
    union all
    select
        account,
        run_id,
        resource,
        {'field': field, 'what': 'retyped', 'value': value} as failure
    from meta.retyped
)

select
    run_id,
    account, -- the account's name in the configuration
    resource, -- the list that the value stood in
    failure.field as field, -- the API's name of the field
    failure.what as what, -- unparsed, retyped (JSON that is not of the field's kind), or reversed (a validity whose start is not before its end)
    count(*) as occurrences, -- how many values
    min(left(failure.value, 200)) as sample -- one of them, cut to 200 characters
from failures
where failure is not null
group by
    run_id,
    account,
    resource,
    failure.field,
    failure.what
