-- Managed endpoints whose automation has failed, needs attention, or says what no rule knows (rules.automation_statuses), and how long their certificate still lasts.
select
    automation_status,
    automation_outcome,
    account,
    business_unit,
    coalesce(host_name, domain_name, ip) as host,
    common_name,
    days_left
from core.endpoints
where automation_outcome in ('failed', 'attention', 'unknown')
order by
    days_left,
    endpoint_key
