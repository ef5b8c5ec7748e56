-- An audit event, kept from every run. The endpoint and the certificate that it is about are those of the run that first brought it:
-- by the identifier of the resource (endpoint id, automation GUID, certificate id), and by the thumbprint in the data of the event.
-- grain: one event of an account
-- kind: append
-- key: account, event_id
-- check: unique(account, event_id)
-- check: not_null(account, event_id)
with events as (
    select
        account,
        event_id,
        arg_min(occurred_at, received_no) filter (where occurred_at is not null) as occurred_at,
        arg_min(action, received_no) filter (where action is not null) as action,
        arg_min(status, received_no) filter (where status is not null) as status,
        arg_min(resource_type, received_no) filter (where resource_type is not null) as resource_type,
        arg_min(resource_id, received_no) filter (where resource_id is not null) as resource_id,
        arg_min(actor, received_no) filter (where actor is not null) as actor,
        arg_min(description, received_no) filter (where description is not null) as description,
        arg_min(data, received_no) filter (where data is not null) as data
    from staging.audit_log
    group by
        account,
        event_id
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

endpoint_names as (
    select
        account,
        name,
        min(endpoint_key) as endpoint_key
    from (
        select
            account,
            endpoint_id as name,
            endpoint_key
        from core.endpoint_state
        union all
        select
            account,
            automation_guid as name,
            endpoint_key
        from core.endpoint_state
    ) as names
    where name is not null
    group by
        account,
        name
),

certificate_names as (
    select
        account,
        certificate_id as name,
        min(certificate_key) as certificate_key
    from staging.certificates
    where certificate_id is not null
    group by
        account,
        certificate_id
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
    endpoint_names.endpoint_key, -- the endpoint it is about, where that resolves
    coalesce(certificate_thumbprints.certificate_key, certificate_names.certificate_key) as certificate_key, -- the certificate it is about, where that resolves
    named.data
from named
left join endpoint_names
    on endpoint_names.account = named.account
    and endpoint_names.name = named.resource_id
left join certificate_names
    on certificate_names.account = named.account
    and certificate_names.name = named.resource_id
left join certificate_thumbprints
    on certificate_thumbprints.thumbprint = named.thumbprint
