-- Endpoints that had gone from the inventory and came back, newest first: the run that missed them first, and the one that saw them again.
-- A version with is_removed says that the endpoint had gone; it ends with the run that saw it again.
select
    gone.account,
    gone.endpoint_key,
    coalesce(back.host_name, back.domain_name, back.ip) as host,
    gone_runs.as_of_at as missed_at,
    back_runs.as_of_at as back_at,
    back.protection,
    back.certificate_key is not distinct from gone.certificate_key as has_same_certificate
from core.endpoint_history as gone
join core.endpoint_history as back
    on back.endpoint_key = gone.endpoint_key
    and back.from_run_id = gone.to_run_id
left join meta.runs as gone_runs
    on gone_runs.account = gone.account
    and gone_runs.run_id = gone.from_run_id
left join meta.runs as back_runs
    on back_runs.account = back.account
    and back_runs.run_id = back.from_run_id
where gone.is_removed
order by
    back_at desc,
    gone.endpoint_key
