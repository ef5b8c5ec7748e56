-- Dates that a person should look at: a certificate that began more than a day after the run, lives for more than 40 years or ends as
-- far from the run, a scan or an event more than a day after the run. They are counted as they are.
-- severity: warn
-- advice: compare the dates with the certificate itself and with the clock of the scanner
select
    'certificate begins after the run' as what,
    certificates.certificate_key as name,
    certificates.valid_from_at as instant_at
from core.certificates as certificates
cross join meta.current_run as current_run
where certificates.valid_from_at > current_run.as_of_at + interval '1 day'
union all
select
    'certificate lives for more than 40 years' as what,
    certificate_key as name,
    valid_to_at as instant_at
from core.certificates
where lifetime_days > 14610 -- 40 years
union all
select
    'certificate ends more than 40 years from the run' as what,
    certificate_key as name,
    valid_to_at as instant_at
from core.certificates
where abs(days_left) > 14610 and coalesce(lifetime_days <= 14610, true) -- else it is above
union all
select
    'scan after the run' as what,
    endpoints.endpoint_key as name,
    endpoints.last_discovered_at as instant_at
from core.endpoints as endpoints
cross join meta.current_run as current_run
where endpoints.last_discovered_at > current_run.as_of_at + interval '1 day'
union all
select
    'event after the run' as what,
    events.account || ':' || events.event_id as name,
    events.occurred_at as instant_at
from core.audit_events as events
cross join meta.current_run as current_run
where events.occurred_at > current_run.as_of_at + interval '1 day'
