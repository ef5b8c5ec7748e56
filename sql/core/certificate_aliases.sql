-- A certificate that endpoints of an account carry under two keys over the runs: by serial number and issuer where the certificate search
-- did not know it, by its thumbprint where it did (as core.is_other_certificate judges two runs). One row each way.
-- Findings go on under the key that was first, and a waiver of either key holds. Which pair a key belongs to never changes with
-- later runs: of several thumbprints with one serial number and issuer it is the one that was first. Limit: a serial number that is written
-- with other zeros from one run to the next makes two certificates where none of the runs knows a thumbprint.
-- grain: one certificate of an account under one of its two keys
-- kind: table
-- check: unique(account, certificate_key)
with by_serial as (
    select
        account,
        certificate_key,
        serial_number,
        issuer,
        min(from_run_id) as first_run_id
    from core.endpoint_history
    where starts_with(certificate_key, 'serial:') and serial_number is not null and issuer is not null
    group by
        account,
        certificate_key,
        serial_number,
        issuer
),

pairs as (
    select
        by_serial.account,
        by_serial.certificate_key as serial_key,
        by_serial.first_run_id as serial_run_id,
        versions.certificate_key as thumbprint_key,
        min(versions.from_run_id) as thumbprint_run_id
    from by_serial
    join core.endpoint_history as versions
        on versions.account = by_serial.account
        and core.serial_digits(versions.serial_number) = core.serial_digits(by_serial.serial_number)
        and versions.issuer = by_serial.issuer
    where starts_with(versions.certificate_key, 'sha256:')
    group by
        by_serial.account,
        by_serial.certificate_key,
        by_serial.first_run_id,
        versions.certificate_key
),

chosen as (
    select
        account,
        serial_key,
        thumbprint_key,
        thumbprint_run_id <= serial_run_id as is_thumbprint_first,
        row_number() over (
            partition by account, serial_key
            order by thumbprint_run_id, thumbprint_key
        ) as thumbprint_no,
        row_number() over (
            partition by account, thumbprint_key
            order by serial_run_id, serial_key
        ) as serial_no
    from pairs
),

named as (
    select
        account,
        serial_key as certificate_key,
        thumbprint_key as other_key,
        is_thumbprint_first as is_other_first
    from chosen
    where thumbprint_no = 1 and serial_no = 1
    union all
    select
        account,
        thumbprint_key as certificate_key,
        serial_key as other_key,
        not is_thumbprint_first as is_other_first
    from chosen
    where thumbprint_no = 1 and serial_no = 1
),

carried as (
    select
        versions.account,
        versions.certificate_key
    from core.endpoint_history as versions
    join named
        on named.account = versions.account
        and named.other_key = versions.certificate_key
    where versions.to_run_id is null and not versions.is_removed
    group by
        versions.account,
        versions.certificate_key
)

select
    named.account, -- the account's name in the configuration
    named.certificate_key, -- one of its two keys
    named.other_key, -- its other key
    named.is_other_first and carried.certificate_key is null as is_renamed -- its findings go on under the other key: that was first, and no endpoint carries it now
from named
left join carried
    on carried.account = named.account
    and carried.certificate_key = named.other_key
