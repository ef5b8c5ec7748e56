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
join meta.current_run as current_run on checks.run_id = current_run.run_id
