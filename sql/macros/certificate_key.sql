-- The identity of a certificate, by the first rung whose parts are all known: SHA-256 thumbprint; serial number and issuer; identifier;
-- common name and end; serial number alone. All but the thumbprint hold within an account only.
-- macro: staging.certificate_key(account, thumbprint, serial_number, issuer, id, common_name, valid_to_at)
coalesce(
    'sha256:' || thumbprint,
    'serial:' || account || '/' || serial_number || '/' || issuer,
    'id:' || account || '/' || id,
    'name:' || account || '/' || common_name || '/' || strftime(valid_to_at, '%Y-%m-%dT%H:%M:%SZ'),
    'serial:' || account || '/' || serial_number
)
