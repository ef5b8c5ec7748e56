-- One row: the policy in force, what the verdicts compare with and all else that is printed of it.
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
    policy.drift_values,
    policy.lead_days,
    policy.renewal_window_days,
    policy.batch,
    policy.cycle_hours,
    policy.approved_cas,
    policy.multi_year_profiles,
    policy.off_hours_before,
    policy.off_hours_from,
    policy.off_days,
    policy.sla_critical_days,
    policy.sla_high_days,
    policy.sla_medium_days,
    policy.sla_low_days,
    (
        select count(*)
        from rules.business_unit_mapping
    ) as unit_rules -- rules that give an endpoint its business unit
from rules.policy as policy
