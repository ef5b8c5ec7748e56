-- The history of certificates: one row per version of what does not change by itself, of every certificate that a search or an endpoint
-- names. A version holds from its run up to, and without, the run in which something changed; one that nothing names any more has a
-- version that says so, and may come back. How many endpoints carry it and its tags are in no version: core.endpoint_history has both.
-- grain: one version of a certificate
-- kind: versions
-- key: certificate_key
-- check: not_null(certificate_key, trust, is_revoked, is_deployed)
select
    certificate_key,
    common_name,
    serial_number,
    thumbprint,
    issuer,
    ca_vendor,
    trust,
    status,
    is_revoked,
    valid_from_at,
    valid_to_at,
    key_type,
    key_size,
    signature_algorithm,
    extended_key_usage,
    is_self_signed,
    is_wildcard,
    endpoint_count > 0 as is_deployed -- an endpoint carries it
from core.certificates
