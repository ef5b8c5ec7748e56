-- One row: the policy that the verdicts compare with.
-- grain: the policy
-- kind: view
select
    policy.protection_target,
    policy.automation_target,
    policy.manual_30d_target,
    policy.expired_target,
    policy.renew_days,
    policy.owner_tag_prefix,
    policy.shrink_warn,
    policy.shrink_stop,
    policy.drift_fields,
    policy.drift_values
from rules.policy as policy
