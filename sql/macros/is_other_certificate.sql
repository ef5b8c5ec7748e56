-- Whether a certificate is another one than that of before. One whose key is another is, but not where the certificate search knew it in one of
-- the two runs only: serial number and issuer are the same then (but for leading zeros), and one of the thumbprints is unknown.
-- macro: core.is_other_certificate(old_key, old_thumbprint, old_serial_number, old_issuer, new_key, new_thumbprint, new_serial_number, new_issuer)
old_key <> new_key
and not (
    coalesce(core.serial_digits(old_serial_number) = core.serial_digits(new_serial_number) and old_issuer = new_issuer, false)
    and (old_thumbprint is null or new_thumbprint is null)
)
