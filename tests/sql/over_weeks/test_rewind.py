"""Runs taken back and built again leave no trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from weeks import run_id, write_weeks

from pipeline.load.rewind import load_again, rewind
from pipeline.places import content
from pipeline.transform.model import Kind, read_models
from pipeline.warehouse.duck import Warehouse

WEEKS = 3


def rows_of_tables(estate: Any) -> dict[str, list[str]]:
    """The rows of each table as a set would hold them; the instant of a check is that of the build."""
    tables = estate.warehouse.rows(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database() order by 1"
    )
    found = {}
    for (name,) in tables:
        columns = "* exclude (checked_at)" if name == "meta.checks" else "*"
        found[name] = sorted(map(repr, estate.warehouse.rows(f"select {columns} from {name}")))
    return found


@pytest.mark.parametrize(("seed", "first"), [(1, 0), (2, 1), (4, 2)])
def test_runs_taken_back_and_built_again_leave_no_trace(
    seed: int, first: int, tmp_path: Path, open_estate: Callable[[Path], Any]
) -> None:
    """Back to any run and forward again: every table has the rows of a build that went straight on."""
    estate = open_estate(write_weeks(tmp_path, seed, WEEKS))
    runs = estate.runs()
    after: list[dict[str, list[str]]] = []
    for number, run in enumerate(runs):
        estate.take(run, everything=number == WEEKS - 1 or number == first - 1)
        after.append(rows_of_tables(estate))
    lacking = rewind(estate.warehouse, run_id(first))
    for account, run in lacking:
        load_again(estate.warehouse, estate.landing, estate.manifests[account, run])
    rewound = rows_of_tables(estate)
    for table in kept_tables() | {name for name in rewound if name.startswith("raw.")} | {"meta.runs", "meta.extracts"}:
        assert rewound[table] == (after[first - 1][table] if first else []) or table.startswith("raw.rules_"), table
    for number, run in enumerate(runs[first:], first):
        estate.take(run, everything=number == WEEKS - 1)
    again = rows_of_tables(estate)
    assert again.keys() == after[-1].keys()
    for table, rows in again.items():
        assert rows == after[-1][table], table


def kept_tables() -> set[str]:
    """The tables whose rows outlive a run."""
    return {model.name for model in read_models(content("sql")) if model.kind.is_kept}


def test_every_appended_row_names_its_run(tmp_path: Path, open_estate: Callable[[Path], Any]) -> None:
    """Without a run_id the rows of an append model could not be taken back."""
    estate = open_estate(write_weeks(tmp_path, 1, 1))
    estate.take(estate.runs()[0], everything=False)
    for model in read_models(content("sql")):
        if model.kind is Kind.APPEND:
            assert "run_id" in dict(estate.warehouse.columns(f"from {model.name}")), model.name


def test_a_table_of_the_users_own_may_call_anything_run_id(macros: Warehouse) -> None:
    """What is in run_id is the user's, and so is a name that is one of our raw tables: the table stays as it is."""
    macros.execute("create schema custom")
    macros.execute("create table custom.waivers as select unnest(['job-30', '20990101T000000Z-000000']) as run_id")
    before = macros.rows("from custom.waivers")
    rewind(macros, "20990101T000000Z-000000")
    assert macros.rows("from custom.waivers") == before
    macros.execute("drop schema custom cascade")
