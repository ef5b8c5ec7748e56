-- A version of the history ends after it begins, and in one run an endpoint begins one version at most: of this run that is looked at, as
-- earlier ones were when they were built.
-- severity: stop
-- advice: the history was changed by hand or by runs out of order; `tlm rebuild` makes it anew from the landing zone
select
    endpoint_key,
    from_run_id,
    to_run_id,
    'ends before it begins' as what
from core.endpoint_history
where to_run_id <= from_run_id
union all
select
    versions.endpoint_key,
    versions.from_run_id,
    max(versions.to_run_id) as to_run_id,
    'begins twice in this run' as what
from core.endpoint_history as versions
join meta.current_run as current_run
    on current_run.run_id = versions.from_run_id
group by
    versions.endpoint_key,
    versions.from_run_id
having count(*) > 1
