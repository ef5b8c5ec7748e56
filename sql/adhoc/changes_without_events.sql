-- Certificates exchanged since last week that no audit event explains, with what stood there before and after.
select
    account,
    business_unit,
    coalesce(host_name, domain_name, ip) as host,
    old_serial_number,
    new_serial_number,
    old_valid_to_at,
    new_valid_to_at
from mart.changes
where movement = 'unexplained'
order by endpoint_key
