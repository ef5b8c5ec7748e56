-- One row per account: the run whose rows stand in this report, and the one it is compared with.
-- grain: an account
-- kind: view
-- check: unique(account)
select
    accounts.account,
    accounts.run_id,
    accounts.as_of_at,
    accounts.is_stale,
    accounts.baseline_run_id,
    runs.status,
    runs.is_complete,
    runs.is_shrink_accepted,
    runs.reason,
    runs.base_url,
    runs.finished_at,
    runs.tool_version,
    runs.manifest_hash,
    runs.config_hash,
    logs.is_read as is_log_read, -- its audit log was read up to that run
    baselines.manifest_hash as baseline_manifest_hash -- hash of the manifest that this week is compared with
from meta.build_accounts as accounts
left join core.audit_logs as logs on accounts.account = logs.account
left join meta.runs as runs on accounts.account = runs.account and accounts.run_id = runs.run_id
left join meta.runs as baselines on accounts.account = baselines.account and accounts.baseline_run_id = baselines.run_id
