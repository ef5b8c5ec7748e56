-- An audit event, kept from every run. The endpoint and the certificate that it is about are those of the run that first brought it:
-- by the identifier of the resource (endpoint id, automation GUID, certificate id), and by the thumbprint in the data of the event.
-- Identifiers are compared in lower case, as in core.endpoint_inventory; one that is the same to the letter goes before, then the first key.
-- An event that stands several times (overlapping windows) is merged, first non-null as received. Limit: each run reads from a day before
-- the last one on, so an event that the service shows more than a day late is not read.
-- grain: one event of an account
-- kind: append
-- key: account, event_id
-- check: unique(account, event_id)
-- check: not_null(account, event_id)
with repeated as (
    select
        account,
        event_id
    from staging.audit_log
    group by
        account,
        event_id
    having count(*) > 1
),

several as (
    select
        entries.account,
        entries.event_id,
        row_number() over all_entries as row_no,
        first_value(entries.occurred_at ignore nulls) over all_entries as occurred_at,
        first_value(entries.action ignore nulls) over all_entries as action,
        first_value(entries.status ignore nulls) over all_entries as status,
        first_value(entries.resource_type ignore nulls) over all_entries as resource_type,
        first_value(entries.resource_id ignore nulls) over all_entries as resource_id,
        first_value(entries.actor ignore nulls) over all_entries as actor,
        first_value(entries.description ignore nulls) over all_entries as description,
        first_value(entries.data ignore nulls) over all_entries as data
    from staging.audit_log as entries
    join repeated
        on repeated.account = entries.account
        and repeated.event_id = entries.event_id
    window all_entries as (
        partition by entries.account, entries.event_id
        order by entries.received_no
        rows between unbounded preceding and unbounded following
    )
),

events as (
    select
        entries.account,
        entries.event_id,
        entries.occurred_at,
        entries.action,
        entries.status,
        entries.resource_type,
        entries.resource_id,
        entries.actor,
        entries.description,
        entries.data
    from staging.audit_log as entries
    left join repeated
        on repeated.account = entries.account
        and repeated.event_id = entries.event_id
    where repeated.event_id is null
    union all
    select
        account,
        event_id,
        occurred_at,
        action,
        status,
        resource_type,
        resource_id,
        actor,
        description,
        data
    from several
    where row_no = 1
),

named as (
    select
        account,
        event_id,
        occurred_at,
        action,
        status,
        resource_type,
        resource_id,
        actor,
        description,
        data,
        staging.hexadecimal(case when json_valid(data) then json_extract_string(data, '$.thumbprint') end) as thumbprint
    from events
),

resources as (
    select
        account,
        resource_id
    from staging.audit_log
    where resource_id is not null
    group by
        account,
        resource_id
),

endpoint_names as (
    select
        resources.account,
        resources.resource_id,
        min({'is_spelt_otherwise': names.name <> resources.resource_id, 'endpoint_key': names.endpoint_key}) as nearest
    from resources
    join (
        select
            account,
            endpoint_id as name,
            endpoint_key
        from core.endpoint_state
        where endpoint_id is not null
        union all
        select
            account,
            automation_guid as name,
            endpoint_key
        from core.endpoint_state
        where automation_guid is not null
    ) as names
        on names.account = resources.account
        and lower(names.name) = lower(resources.resource_id)
    group by
        resources.account,
        resources.resource_id
),

certificate_names as (
    select
        resources.account,
        resources.resource_id,
        min(
            {'is_spelt_otherwise': entries.certificate_id <> resources.resource_id, 'certificate_key': entries.certificate_key}
        ) as nearest
    from resources
    join staging.certificates as entries
        on entries.account = resources.account
        and lower(entries.certificate_id) = lower(resources.resource_id)
    group by
        resources.account,
        resources.resource_id
),

-- one certificate of a thumbprint: the one that it is the key of (sha256: sorts last), also where another has it as a fact of an endpoint
certificate_thumbprints as (
    select
        thumbprint,
        max(certificate_key) as certificate_key
    from core.certificates
    where thumbprint is not null
    group by thumbprint
)

select
    named.event_id,
    named.account, -- the account's name in the configuration
    named.occurred_at, -- when it happened; null when its time does not parse
    named.action,
    named.status,
    named.resource_type,
    named.resource_id,
    named.actor, -- name of who did it, else the identifier
    named.description,
    endpoint_names.nearest.endpoint_key as endpoint_key, -- the endpoint it is about, where that resolves
    coalesce(certificate_thumbprints.certificate_key, certificate_names.nearest.certificate_key) as certificate_key, -- the certificate it is about, where that resolves
    named.data,
    loaded.run_id -- the run that first brought it
from named
join meta.build_accounts as loaded
    on loaded.account = named.account
left join endpoint_names
    on endpoint_names.account = named.account
    and endpoint_names.resource_id = named.resource_id
left join certificate_names
    on certificate_names.account = named.account
    and certificate_names.resource_id = named.resource_id
left join certificate_thumbprints
    on certificate_thumbprints.thumbprint = named.thumbprint
