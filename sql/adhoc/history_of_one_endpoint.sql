-- Every version of one endpoint; put its domain name (or another condition, such as endpoint_key = '...') in the place of the one below.
select
    from_run_id,
    to_run_id,
    is_removed,
    protection,
    automation_status,
    common_name,
    serial_number,
    valid_to_at,
    business_unit
from core.endpoint_history
where lower(domain_name) = 'www.example.test'
order by
    endpoint_key,
    from_run_id
