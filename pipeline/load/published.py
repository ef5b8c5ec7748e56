"""What the published file says of itself: read before a build, written at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline import __version__
from pipeline.errors import EngineRefused, UsageError
from pipeline.load.meta import FORMAT
from pipeline.runs.retention import Needed
from pipeline.warehouse.duck import Warehouse, open_read_only


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """What the file knows of one run of one account and no manifest does: when it came in, and what was accepted."""

    published_at: datetime
    is_accepted: bool
    is_shrink_accepted: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class Published:
    """The published file before a build; nothing in it when there is none.

    `run_id` is its newest run, `runs` are its published ones by (run, account), `inputs` the fingerprint of what else
    it was built with, `needed` what it rests on, `events` the (run, account) whose audit events were loaded last.
    """

    run_id: str = ""
    inputs: str | None = None
    runs: Mapping[tuple[str, str], PublishedRun] = field(default_factory=dict)
    needed: Needed = field(default_factory=lambda: Needed({}))
    events: frozenset[tuple[str, str]] = frozenset()

    @property
    def accepted(self) -> frozenset[tuple[str, str]]:
        """The (run, account) that were published although they were not complete."""
        return frozenset(who for who, run in self.runs.items() if run.is_accepted)


def read_published(database: Path) -> Published:
    """Read `database`, which need not exist; UsageError when it is no warehouse, or of a newer version than this."""
    if not database.exists():
        return Published()
    with open_read_only(database) as warehouse:
        inputs = _read_info(warehouse, database)
        runs = warehouse.rows(
            f"select run_id, account, published_at, {_flags(warehouse)}, reason from meta.runs"
            " where published_at is not null"
        )
        rests_on = warehouse.rows("select account, run_id, baseline_run_id from meta.build_accounts")
        rests_on += _stand_ins(warehouse)
        newest = warehouse.rows("select run_id from meta.current_run")
        by_account = warehouse.rows(
            "select account, max(run_id) from meta.runs where published_at is not null group by 1"
        )
        events = warehouse.rows("select distinct run_id, account from raw.audit_log")
    return Published(
        run_id=newest[0][0] if newest else "",
        inputs=inputs,
        runs={(run, account): PublishedRun(*rest) for run, account, *rest in runs},
        needed=Needed(
            dict(by_account),
            frozenset((account, run) for account, *both in rests_on for run in both if run is not None),
        ),
        events=frozenset((run, account) for run, account in events),
    )


def _flags(warehouse: Warehouse) -> str:
    """The two columns of what was accepted; a file of an earlier version may lack one, and then nothing was."""
    known = {name for name, _ in warehouse.columns("select * from meta.runs")}
    flags = ("is_accepted", "is_shrink_accepted")
    return ", ".join(f"coalesce({flag}, false)" if flag in known else "false" for flag in flags)


def _stand_ins(warehouse: Warehouse) -> list[tuple[str, str]]:
    """The (account, run) whose rows stand in for lists that were refused; an earlier version's file has none."""
    if "rows_run_id" not in {name for name, _ in warehouse.columns("select * from meta.extracts")}:
        return []
    rows = warehouse.rows(
        "select distinct extracts.account, extracts.rows_run_id from meta.build_accounts as accounts"
        " join meta.extracts as extracts using (account, run_id) where extracts.rows_run_id is not null"
    )
    return [(row[0], row[1]) for row in rows]


def _read_info(warehouse: Warehouse, database: Path) -> str | None:
    """The fingerprint in meta.build_info, once its format is one that this version reads."""
    tables = {row[0] for row in warehouse.rows("select table_name from duckdb_tables() where schema_name = 'meta'")}
    if not {"runs", "current_run", "build_accounts"} <= tables:
        msg = (
            f"{database} is a DuckDB file and no warehouse of tlm-pipeline (it has no meta.runs); move it away, or set"
            " another data_dir in tlm.toml."
        )
        raise UsageError(msg)
    if "build_info" not in tables:
        return None  # published by a version before the first that wrote it
    try:
        (number, version, inputs), *_ = warehouse.rows("select format, tool_version, inputs_hash from meta.build_info")
    except (EngineRefused, ValueError):
        return None
    if number > FORMAT:
        msg = (
            f"{database} was published by tlm-pipeline {version} in format {number}, and this version ({__version__})"
            f" knows format {FORMAT}; update tlm-pipeline."
        )
        raise UsageError(msg)
    return str(inputs)


def mark_published(warehouse: Warehouse, at: datetime, inputs: str) -> None:
    """Say of every run whose rows are in the build that it is published at `at` (aware), unless it was before.

    `inputs` is the fingerprint of what else the build was made with.
    """
    warehouse.execute(
        "update meta.runs set published_at = ? where (is_complete or is_accepted) and published_at is null",
        (at.astimezone(UTC).replace(tzinfo=None),),
    )
    warehouse.execute("delete from meta.build_info")
    warehouse.execute(
        "insert into meta.build_info by name select ? as format, ? as tool_version, ? as inputs_hash",
        (FORMAT, __version__, inputs),
    )


def accept_run(warehouse: Warehouse, run_id: str, account: str, reason: str) -> None:
    """Let an incomplete run of an account count as its newest: `reason` goes in front of why it is not complete."""
    warehouse.execute(
        "update meta.runs set is_accepted = true, reason = concat_ws('; ', 'accepted: ' || ?, reason)"
        " where run_id = ? and account = ?",
        (reason, run_id, account),
    )


def restore_run(warehouse: Warehouse, run_id: str, account: str, known: PublishedRun) -> None:
    """Say of a run that is loaded once more what the published file knew of it.

    A run that was accepted although it was not complete, and is complete by now, needed no acceptance.
    """
    warehouse.execute(
        "update meta.runs set published_at = ?, is_accepted = ? and not is_complete, is_shrink_accepted = ?,"
        " reason = case when ? or (? and not is_complete) then ? else reason end where run_id = ? and account = ?",
        (
            *(known.published_at, known.is_accepted, known.is_shrink_accepted),
            *(known.is_shrink_accepted, known.is_accepted, known.reason, run_id, account),
        ),
    )


def accept_shrink(warehouse: Warehouse, run_id: str) -> None:
    """Let the accounts of this run have far fewer endpoints than usual; before its models are built."""
    warehouse.execute("update meta.runs set is_shrink_accepted = true where run_id = ?", (run_id,))


def record_shrink(warehouse: Warehouse, run_id: str) -> list[str]:
    """Write down in meta.runs by how much an account shrank for which that was accepted; its sentences.

    After the models are built. An account that did not shrink so much needed no acceptance.
    """
    found = warehouse.rows(
        "select account, endpoints, median_of_last_four from mart.shrinkage"
        " where is_far_smaller and is_shrink_accepted order by account"
    )
    warehouse.execute("update meta.runs set is_shrink_accepted = false where run_id = ?", (run_id,))
    sentences = []
    for account, endpoints, usual in found:
        reason = f"accepted: {endpoints} endpoints, where the median of the last four runs is {usual:g}"
        warehouse.execute(
            "update meta.runs set is_shrink_accepted = true, reason = ? where run_id = ? and account = ?",
            (reason, run_id, account),
        )
        sentences.append(f"Account {account} has shrunk, {reason}.")
    return sentences
