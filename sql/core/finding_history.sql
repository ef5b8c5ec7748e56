-- The history of findings: one row per version of one. What a rule no longer finds has a version that says so; it may come back.
-- grain: one version of a finding
-- kind: versions
-- key: finding_key
-- check: not_null(finding_key, rule, severity, account, business_unit, reason)
-- check: holds((endpoint_key is not null) or (certificate_key is not null))
select
    finding_key,
    rule,
    severity,
    account,
    business_unit,
    endpoint_key,
    certificate_key,
    reason
from core.finding_state
