-- One row per check of the newest build.
-- grain: a check
-- kind: view
select
    checks.check_name,
    checks.model,
    checks.severity,
    checks.status,
    checks.failing_rows,
    checks.sample,
    checks.meaning,
    checks.advice
from meta.checks as checks
inner join meta.current_run as settings on checks.run_id = settings.run_id
