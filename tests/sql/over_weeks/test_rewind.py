"""Runs taken back and built again leave no trace."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from model_build import REQUIRED, land_run
from weeks import START, run_id, write_weeks

from pipeline.load.rewind import load_again, rewind
from pipeline.places import content
from pipeline.runs.manifest import Manifest
from pipeline.transform.model import Kind, read_models
from pipeline.warehouse.duck import Warehouse

WEEKS = 3
FLIPPED = Path(__file__).parents[1] / "mart" / "findings" / "key_depends_on_the_search"


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


def land_beside(estate: Any, folder: Path, first: int) -> list[Manifest]:
    """Two runs before the run `first`: one of the audit log alone, and a whole one whose pages the retention removed."""
    landed = []
    for days, name in ((3, "alone"), (2, "pruned")):
        at = START + timedelta(weeks=first, days=-days)
        pages = folder / name / "pages" / "north"
        pages.mkdir(parents=True)
        facts = {"run_id": f"{at:%Y%m%dT%H%M%SZ}-{days:06x}", "as_of_at": at.isoformat()}
        (folder / name / "run.json").write_text(json.dumps(facts), encoding="utf-8")
        event = {"id": f"of-{name}", "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "resource_id": "ep-north-1"}
        endpoint = {"id": "ep-north-1"}
        lists = {"audit_log": [event]} | ({} if name == "alone" else {needed: [endpoint] for needed in REQUIRED})
        for resource, items in lists.items():
            (pages / f"{resource}.json").write_text(json.dumps(items), encoding="utf-8")
        landed += land_run(folder / name, estate.landing)
        for resource in lists.keys() - {"audit_log"}:
            shutil.rmtree(estate.landing / "north" / facts["run_id"] / resource)
    return landed


@pytest.mark.parametrize(
    ("seed", "first", "is_repeat"),
    [
        pytest.param(1, 0, False, marks=pytest.mark.slow),
        (2, 1, False),
        pytest.param(4, 2, False, marks=pytest.mark.slow),
        (4, WEEKS - 1, True),
    ],
)
def test_runs_taken_back_and_built_again_leave_no_trace(
    seed: int, first: int, is_repeat: bool, tmp_path: Path, open_estate: Callable[[Path], Any]
) -> None:
    """Back to any run and forward again: every table has the rows of a build that went straight on.

    So it is with events of other runs that came along, which are not offered again where the newest run is repeated,
    and with a table of the user's own, whatever it calls run_id.
    """
    estate = open_estate(write_weeks(tmp_path, seed, WEEKS))
    estate.warehouse.execute("create schema custom")
    estate.warehouse.execute(f"create table custom.own as select unnest(['job-30', '{run_id(first)}']) as run_id")
    runs = estate.runs()
    beside = land_beside(estate, tmp_path, first)
    after: list[dict[str, list[str]]] = []
    for number, run in enumerate(runs):
        everything = number in {WEEKS - 1, first - 1}
        estate.take(run, everything=everything, beside=beside if number == first else ())
        after.append(rows_of_tables(estate))
    assert sum("'of-" in row for row in after[-1]["core.audit_events"]) == len(beside)
    lacking = rewind(estate.warehouse, run_id(first), keep_events=is_repeat)
    for account, run in lacking:
        load_again(estate.warehouse, estate.landing, estate.manifests[account, run])
    rewound = rows_of_tables(estate)
    kept = kept_tables() | {name for name in rewound if name.startswith("raw.")} | {"meta.runs", "meta.extracts"}
    for table in kept - ({"core.audit_events"} if is_repeat else set()):
        assert rewound[table] == (after[first - 1][table] if first else []) or table.startswith("raw.rules_"), table
    for number, run in enumerate(runs[first:], first):
        again = beside if number == first and not is_repeat else ()
        estate.take(run, everything=number == WEEKS - 1, beside=again)
    built = rows_of_tables(estate)
    assert built.keys() == after[-1].keys()
    for table in built.keys() - ({"raw.audit_log"} if is_repeat else set()):
        assert built[table] == after[-1][table], table


@pytest.mark.slow
def test_the_key_of_a_certificate_may_change_whichever_way_the_runs_are_built(
    open_estate: Callable[[Path], Any],
) -> None:
    """Known by serial number in some weeks and by thumbprint in others: each week built in full, all at once as a
    rebuild does, or the newest run repeated, every table has the same rows.
    """
    weekly, at_once = open_estate(FLIPPED), open_estate(FLIPPED)
    runs = weekly.runs()
    for number, run in enumerate(runs, 1):
        weekly.take(run, everything=True)
        at_once.take(run, everything=number == len(runs))
    rows = rows_of_tables(at_once)
    assert {"serial", "sha256"} <= {row.split("'")[1].split(":")[0] for row in rows["core.certificate_history"]}
    weekly.warehouse.execute("delete from meta.checks where run_id < (select run_id from meta.current_run)")
    assert rows_of_tables(weekly) == rows
    newest = json.loads((runs[-1] / "run.json").read_text(encoding="utf-8"))["run_id"]
    for account, run_before in rewind(weekly.warehouse, newest, keep_events=True):
        load_again(weekly.warehouse, weekly.landing, weekly.manifests[account, run_before])
    weekly.take(runs[-1], everything=True)
    assert rows_of_tables(weekly) == rows


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
