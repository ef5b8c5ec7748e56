-- An endpoint with everything that does not change by the mere passing of time: its own values, its certificate's, its unit.
-- The certificate's columns are the endpoint's own value, else its certificate's; trust, status, key and signature are always the certificate's.
-- The unit is the endpoint's, else its certificate's in that account, else that of the policy's mapping by sensor, agent, connector or
-- network (the smallest network that holds its ip), else (unassigned). core.endpoint_history keeps its versions.
-- grain: one endpoint of the newest snapshot
-- kind: view
with unplaced as (
    select
        endpoint_key,
        staging.ip_digits(ip) as ip_digits
    from core.endpoint_state
    where ip is not null and own_business_unit is null
),

-- networks that hold an ip are nested: the smallest starts last, and of those with one start ends first
networks as (
    select
        unplaced.endpoint_key,
        mapping.business_unit,
        row_number() over (
            partition by unplaced.endpoint_key
            order by mapping.first_ip desc, mapping.last_ip, mapping.business_unit, unplaced.endpoint_key
        ) as network_no
    from unplaced
    join rules.business_unit_mapping as mapping
        on mapping.kind = 'network'
        and unplaced.ip_digits between mapping.first_ip and mapping.last_ip
),

names as (
    select
        kind,
        value,
        min(business_unit) as business_unit
    from rules.business_unit_mapping
    where kind <> 'network'
    group by
        kind,
        value
)

select
    states.account, -- the account's name in the configuration
    states.endpoint_key, -- identity of the endpoint: <account>:<id>, or <account>:@<ip or host name>:<port>/<domain name>
    states.endpoint_id, -- the API's identifier of the endpoint
    states.automation_guid,
    states.ip,
    states.port,
    states.host_name,
    states.domain_name,
    states.is_automatable,
    states.is_unsecured,
    states.is_discovered,
    states.protection,
    states.automation_state,
    states.automation_status,
    states.automation_outcome,
    states.certificate_key, -- identity of its certificate, as in core.certificates
    states.certificate_match,
    coalesce(states.common_name, certificates.common_name) as common_name, -- common name of its certificate
    coalesce(states.serial_number, certificates.serial_number) as serial_number, -- serial of its certificate, upper-case hexadecimal
    coalesce(states.issuer, certificates.issuer) as issuer, -- common name of the issuing CA
    coalesce(states.ca_vendor, certificates.ca_vendor) as ca_vendor, -- display name of the CA's vendor
    certificates.trust, -- of its certificate: public, private or unknown
    case
        when staging.is_forward(
            coalesce(states.valid_from_at, certificates.valid_from_at),
            coalesce(states.valid_to_at, certificates.valid_to_at)
        )
            then coalesce(states.valid_from_at, certificates.valid_from_at)
    end as valid_from_at, -- start of its certificate's validity
    case
        when staging.is_forward(
            coalesce(states.valid_from_at, certificates.valid_from_at),
            coalesce(states.valid_to_at, certificates.valid_to_at)
        )
            then coalesce(states.valid_to_at, certificates.valid_to_at)
    end as valid_to_at, -- end of its certificate's validity
    certificates.key_type, -- of its certificate
    certificates.key_size, -- of its certificate, in bits
    certificates.signature_algorithm, -- of its certificate
    states.security_rating,
    coalesce(
        states.own_business_unit,
        holdings.business_unit,
        sensors.business_unit,
        agents.business_unit,
        connectors.business_unit,
        networks.business_unit,
        '(unassigned)'
    ) as business_unit, -- the endpoint's, else its certificate's, else the mapping's, else (unassigned)
    coalesce(list_sort(list_distinct(states.tags)), holdings.tags) as tags, -- tags of its certificate, sorted
    states.os_name,
    states.sensor_name,
    coalesce(states.certificate_id, holdings.certificate_id) as certificate_id, -- the API's identifier of its certificate
    coalesce(states.thumbprint, certificates.thumbprint) as thumbprint, -- SHA-256 thumbprint of its certificate
    holdings.profile_id as issuing_profile_id, -- profile that issued its certificate
    states.discovery_status,
    states.discovery_error,
    states.os_version,
    states.application,
    states.agent_name,
    states.connector_name,
    states.source,
    coalesce(states.sans, certificates.sans) as sans, -- subject alternative names of its certificate
    certificates.status as certificate_status, -- status of its certificate as received
    coalesce(states.automation_profile_id, holdings.profile_id) as profile_id, -- profile that the automation inventory names, else that of its certificate
    case
        when states.automation_profile_id is null then holdings.profile_name
        else profiles.profile_name
    end as profile_name, -- name of that profile
    holdings.has_owner, -- its certificate has an owner tag or owners; null without a certificate
    certificates.is_revoked, -- a certificate search or an endpoint says that its certificate is revoked
    holdings.has_undeployed_renewal, -- a newer certificate of its name is on no endpoint
    holdings.is_owned -- its certificate has a unit and an owner in this account
from core.endpoint_state as states
left join core.certificates as certificates
    on certificates.certificate_key = states.certificate_key
left join core.certificate_accounts as holdings
    on holdings.account = states.account
    and holdings.certificate_key = states.certificate_key
left join staging.profiles as profiles
    on profiles.account = states.account
    and profiles.profile_id = states.automation_profile_id
left join names as sensors
    on sensors.kind = 'sensor'
    and sensors.value = states.sensor_name
left join names as agents
    on agents.kind = 'agent'
    and agents.value = states.agent_name
left join names as connectors
    on connectors.kind = 'connector'
    and connectors.value = states.connector_name
left join networks
    on networks.endpoint_key = states.endpoint_key
    and networks.network_no = 1
