-- Endpoints that the service lists as unsecured and of which a list names a certificate all the same: they count as protected.
-- To stand in several lists is common; this is where the lists contradict each other.
-- severity: warn
-- advice: look at the endpoints in the console; where the certificate is gone, a new scan takes it off the other list
select
    account,
    endpoint_key,
    is_automatable,
    is_discovered,
    certificate_key
from core.endpoints
where is_unsecured and protection = 'certificate'
