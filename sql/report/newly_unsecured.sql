-- One row per endpoint that had a certificate at the baseline and has none now, without a discovery error. No certificate
-- comes before unspecified, and then the certificate that would have ended first.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (order by endpoints.protection, changes.old_valid_to_at, changes.host_name, changes.endpoint_key) as list_no, -- order of the list
    changes.account,
    changes.endpoint_key,
    coalesce(changes.host_name, changes.domain_name, changes.ip) as name, -- host name, else domain name, else address
    changes.port,
    changes.business_unit,
    endpoints.protection,
    changes.old_serial_number,
    changes.old_valid_to_at
from mart.changes as changes
join meta.current_run as current_run on changes.run_id = current_run.run_id
join core.endpoints as endpoints on changes.endpoint_key = endpoints.endpoint_key
where changes.movement = 'newly_unsecured'
