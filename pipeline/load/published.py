"""Which runs the published file has: read before a build, written at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.runs.retention import Needed
from pipeline.warehouse.duck import Warehouse, open_read_only


def published_accounts(database: Path) -> frozenset[tuple[str, str]]:
    """The (run, account) that `database` was built from; none when it does not exist yet."""
    if not database.exists():
        return frozenset()
    with open_read_only(database) as warehouse:
        rows = warehouse.rows("select run_id, account from meta.runs where published_at is not null")
    return frozenset((row[0], row[1]) for row in rows)


def read_needed(database: Path) -> Needed:
    """What the published file rests on, for the retention of runs."""
    with open_read_only(database) as warehouse:
        newest = warehouse.rows("select account, max(run_id) from meta.runs where published_at is not null group by 1")
        runs = warehouse.rows(
            "select account, run_id from meta.build_accounts union select account, baseline_run_id from"
            " meta.build_accounts where baseline_run_id is not null"
        )
    return Needed(dict(newest), frozenset((row[0], row[1]) for row in runs))


def mark_published(warehouse: Warehouse, at: datetime) -> None:
    """Say of every run whose rows are in the build that it is published at `at` (aware), unless it was before."""
    warehouse.execute(
        "update meta.runs set published_at = ? where (is_complete or is_accepted) and published_at is null",
        (at.astimezone(UTC).replace(tzinfo=None),),
    )


def accept_run(warehouse: Warehouse, run_id: str, account: str, reason: str) -> None:
    """Let an incomplete run of an account count as its newest: `reason` goes in front of why it is not complete."""
    warehouse.execute(
        "update meta.runs set is_accepted = true, reason = concat_ws('; ', 'accepted: ' || ?, reason)"
        " where run_id = ? and account = ?",
        (reason, run_id, account),
    )


def forget_metrics(warehouse: Warehouse, run_id: str) -> None:
    """Take back the metrics of a published run that is built once more, with an account that it did not have."""
    known = warehouse.rows("select 1 from duckdb_tables() where schema_name = 'mart' and table_name = 'metrics'")
    if known:
        warehouse.execute("delete from mart.metrics where run_id = ?", (run_id,))
