"""Landed runs of three weeks, and a database of all but the last of them, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from place import Place

from pipeline.config import read_settings
from pipeline.jobs.building import build
from pipeline.jobs.reading import Selection, extract
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import Sandbox

NEWEST = datetime(2026, 11, 23, 4, tzinfo=UTC)
LATER = "later"
TABLES = """
select schema_name || '.' || table_name, string_agg('"' || column_name || '"', ', ' order by column_index)
from duckdb_columns() where database_name = current_database() and not internal
    and column_name not in ('checked_at', 'published_at')
group by 1 order by 1
"""


@dataclass
class Kept(Place):
    """A folder with runs, `ids` by time: Monday, Tuesday, Monday, Tuesday, Monday; the last one has not arrived yet."""

    ids: tuple[str, ...] = ()

    @property
    def landing(self) -> Path:
        """The landing zone."""
        return self.folder / "data" / "landing"

    def arrive(self) -> None:
        """Put the last run where the others are."""
        shutil.copytree(self.folder / LATER, self.landing, dirs_exist_ok=True)

    def forget(self, runs: Collection[str]) -> None:
        """Take the pages of these runs away, in all accounts."""
        for account in ("prod", "apac"):
            for run in runs:
                shutil.rmtree(self.landing / account / run)

    def rows(self, sql: str, database: Path | None = None) -> list[tuple[Any, ...]]:
        """What the published file, or another, says."""
        with duckdb.connect(str(database or self.database), read_only=True) as con:
            return con.execute(sql).fetchall()

    def differences(self, other: Path) -> dict[str, tuple[int, int]]:
        """Rows that only one of two databases has, by table and view.

        Instants of checks and publishing do not count, nor checks of earlier builds.
        """
        found = {}
        with duckdb.connect() as con:
            for name, path in (("ours", self.database), ("other", other)):
                con.execute(f"attach '{path}' as {name} (read_only)")
            con.execute("use other")
            tables = con.execute(TABLES).fetchall()
            con.execute("use ours")
            assert con.execute(TABLES).fetchall() == tables
            for table, columns in tables:
                newest = " where run_id = (select max(run_id) from meta.runs)" if table == "meta.checks" else ""
                rows = {name: f"select {columns} from {name}.{table}{newest}" for name in ("ours", "other")}
                more, less = (
                    con.execute(f"select count(*) from ({rows[a]} except all {rows[b]})").fetchall()[0][0]
                    for a, b in (("ours", "other"), ("other", "ours"))
                )
                if more or less:
                    found[table] = (more, less)
        return found


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two accounts over three weeks, with a second run on the Tuesday of the first two; four of the runs are built."""
    folder = tmp_path_factory.mktemp("built")
    plan = Plan(endpoints=60, weeks=3, as_of=NEWEST, shares={"prod": 0.7, "apac": 0.3})
    with Sandbox(plan, week=0) as sandbox:
        Place(folder, None).configure(sandbox.base_url, sandbox.keys)  # type: ignore[arg-type]
        settings = read_settings(folder / "tlm.toml", {})
        for week in range(3):
            if week:
                sandbox.move_to(week)
            monday = NEWEST - timedelta(weeks=2 - week)
            for at in (monday, monday + timedelta(days=1))[: 2 if week < 2 else 1]:
                if week == 2:
                    build(settings, clock=lambda: NEWEST - timedelta(days=1))
                    before = {path for path in (folder / "data" / "landing").rglob("*") if path.is_file()}
                extract(settings, Selection(), clock=lambda at=at: at, show_progress=False)  # type: ignore[misc]
    landing = folder / "data" / "landing"
    for path in [path for path in landing.rglob("*") if path.is_file() and path not in before]:
        place = folder / LATER / path.relative_to(landing)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    return folder


@pytest.fixture(scope="session")
def copied(built: Path) -> Callable[..., Kept]:
    """Puts these runs, or those of another such folder, into a new folder, whose tests they are then."""
    ids = tuple(sorted({path.parts[-2] for path in built.rglob("prod/*/manifest.json")}))

    def copy(folder: Path, capsys: pytest.CaptureFixture[str] | None = None, of: Path = built) -> Kept:
        shutil.copytree(of, folder)
        return Kept(folder, capsys, ids)  # type: ignore[arg-type]

    return copy


@pytest.fixture
def kept(copied: Callable[..., Kept], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Kept:
    """A folder of its own with these runs."""
    return copied(tmp_path / "place", capsys)
