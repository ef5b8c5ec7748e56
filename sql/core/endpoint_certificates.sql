-- The certificate that an endpoint carries, by a ladder over the certificate search of its account: certificate id, thumbprint, serial
-- number with issuer, common name with end. The first rung that finds something wins, nulls never match, and of several entries the first as
-- received is taken; a common name with end finds a certificate only when all entries with both are the same certificate. Leading zeros of a
-- serial number do not count.
-- An endpoint whose certificate is in no search is its own witness: the key comes from what its item says.
-- grain: one endpoint with a certificate
-- kind: table
-- check: unique(endpoint_key)
-- check: not_null(endpoint_key, certificate_key, certificate_match)
-- check: accepted(certificate_match, 'certificate_id', 'thumbprint', 'serial_issuer', 'name_valid_to', 'none')
with searched as (
    select
        account,
        received_no,
        certificate_key,
        certificate_id,
        thumbprint,
        serial_number,
        issuer,
        common_name,
        valid_to_at
    from staging.certificates
),

searched_by_id as (
    select
        account,
        certificate_id,
        min(received_no) as received_no
    from searched
    where certificate_id is not null
    group by
        account,
        certificate_id
),

searched_by_thumbprint as (
    select
        account,
        thumbprint,
        min(received_no) as received_no
    from searched
    where thumbprint is not null
    group by
        account,
        thumbprint
),

searched_by_serial as (
    select
        account,
        core.serial_digits(serial_number) as serial_digits,
        issuer,
        min(received_no) as received_no
    from searched
    where serial_number is not null and issuer is not null
    group by
        account,
        core.serial_digits(serial_number),
        issuer
),

-- certificates that stand more than once, by their first entry
searched_again as (
    select
        account,
        certificate_key,
        min(received_no) as first_no
    from searched
    group by
        account,
        certificate_key
    having count(*) > 1
),

searched_by_name as (
    select
        searched.account,
        searched.common_name,
        searched.valid_to_at,
        min(searched.received_no) as received_no
    from searched
    left join searched_again
        on searched_again.account = searched.account
        and searched_again.certificate_key = searched.certificate_key
    where searched.common_name is not null and searched.valid_to_at is not null
    group by
        searched.account,
        searched.common_name,
        searched.valid_to_at
    having
        min(coalesce(searched_again.first_no, searched.received_no))
        = max(coalesce(searched_again.first_no, searched.received_no))
)

select
    merged.endpoint_key,
    coalesce(
        searched.certificate_key,
        staging.certificate_key(
            merged.account,
            merged.thumbprint,
            merged.serial_number,
            merged.issuer,
            merged.certificate_id,
            merged.common_name,
            merged.valid_to_at
        )
    ) as certificate_key, -- identity of its certificate
    case
        when searched_by_id.received_no is not null then 'certificate_id'
        when searched_by_thumbprint.received_no is not null then 'thumbprint'
        when searched_by_serial.received_no is not null then 'serial_issuer'
        when searched_by_name.received_no is not null then 'name_valid_to'
        else 'none'
    end as certificate_match -- rung that found its certificate in the certificate search of its account; none: it is in none
from core.endpoint_merged as merged
left join searched_by_id
    on searched_by_id.account = merged.account
    and searched_by_id.certificate_id = merged.certificate_id
left join searched_by_thumbprint
    on searched_by_thumbprint.account = merged.account
    and searched_by_thumbprint.thumbprint = merged.thumbprint
left join searched_by_serial
    on searched_by_serial.account = merged.account
    and searched_by_serial.serial_digits = core.serial_digits(merged.serial_number)
    and searched_by_serial.issuer = merged.issuer
left join searched_by_name
    on searched_by_name.account = merged.account
    and searched_by_name.common_name = merged.common_name
    and searched_by_name.valid_to_at = merged.valid_to_at
left join searched
    on searched.account = merged.account
    and searched.received_no = coalesce(
        searched_by_id.received_no,
        searched_by_thumbprint.received_no,
        searched_by_serial.received_no,
        searched_by_name.received_no
    )
where merged.has_certificate
