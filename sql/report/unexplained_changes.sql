-- One row per endpoint whose certificate differs from the baseline's while no audit event or job target names the endpoint,
-- a thumbprint or a serial of either. Those whose new certificate ends soonest come first, and before
-- them those whose new end nobody knows.
-- grain: an endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    row_number() over (order by changes.new_valid_to_at nulls first, changes.host_name, changes.endpoint_key) as list_no, -- order of the list
    changes.account,
    changes.endpoint_key,
    coalesce(changes.host_name, changes.domain_name, changes.ip) as name, -- host name, else domain name, else address
    changes.port,
    changes.business_unit,
    changes.old_serial_number,
    changes.new_serial_number,
    coalesce(endpoints.ca_vendor, endpoints.issuer) as issuing_ca, -- vendor of the CA, else the issuer
    changes.new_valid_to_at
from mart.changes as changes
join meta.current_run as current_run on changes.run_id = current_run.run_id
left join core.endpoints as endpoints on changes.endpoint_key = endpoints.endpoint_key
where changes.movement = 'unexplained'
