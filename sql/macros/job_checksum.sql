-- The checksum of a job CSV row over its identity (all arguments text); the export writes it and the plan recomputes it, both with this macro.
-- SHA-256, shortened to 16 hexadecimal digits behind the letter c: without the letter a spreadsheet would read 1234567e89012345 as a number.
-- macro: export.job_checksum(schema_version, action, account, endpoint_key, certificate_key, run_id)
'c' || left(
    sha256(
        export.job_field(schema_version)
        || export.job_field(action)
        || export.job_field(account)
        || export.job_field(endpoint_key)
        || export.job_field(certificate_key)
        || export.job_field(run_id)
    ),
    16
)
