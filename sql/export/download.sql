-- Endpoints whose certificate can be downloaded as PEM: any with a certificate.
-- Selected: none; given with --where.
-- Where a serial number stands for several certificates, the download itself resolves it by the thumbprint.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoint_key,
    false as is_selected, -- whether the default selection has it
    'selected with --where: ' || export.expiry_words(days_left) as reason -- why the row is there
from core.endpoints
where protection = 'certificate'
