-- Endpoints whose certificate was found by its identifier, while the thumbprint that their own item names is another one.
-- The identifier wins; one of the two is out of date.
-- severity: warn
-- advice: the endpoint was scanned before or after the certificate search; a new extract settles it, else ask the service
select
    account,
    endpoint_key,
    certificate_id,
    thumbprint,
    certificate_key
from core.endpoint_state
where
    certificate_match = 'certificate_id'
    and thumbprint is not null
    and starts_with(certificate_key, 'sha256:')
    and certificate_key <> 'sha256:' || thumbprint
