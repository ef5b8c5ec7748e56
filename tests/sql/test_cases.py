"""Cases: <layer>/<model>/<case>/ has what is given and the rows that the model must then have, worked out by hand.

Given are the pages of one or more runs (`run-N/`, see `tests/model_build.py`), which go the whole way there; or the tables that the model
reads (`given/<schema.table>.csv`; columns that are not there are null), and then it is the model alone. Tables that are not given are
empty, but `rules.*` have their lists, the policy is the default, and the current run is of 2026-11-16 06:00 UTC.
The header of expected.csv says which columns are compared; every row of the model is (of mart.metrics those of the newest run
whose metric is named there). Lists are written [a, b]; an empty cell is null.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.places import content
from pipeline.transform.model import Model, read_models
from pipeline.transform.order import with_reads
from pipeline.warehouse.duck import Warehouse, identifier

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/*/expected.csv"))
OF_RUNS = [case for case in CASES if not (case / "given").exists()]
OF_TABLES = [case for case in CASES if (case / "given").exists()]
MODELS = {model.name: model for model in read_models(content("sql"))}
# What decides something for a row: a model with one of these needs a case.
BRANCH = re.compile(
    r"\bcase\b|\b(coalesce|nullif|least|greatest)\(|\bfilter \(|\b(left|full outer) join\b|\bwhere\b|\bqualify\b|\bhaving\b"
)
WITHOUT_CASE = {
    "core.endpoints_as_of": "is held against every week as it was published (over_weeks/)",
    "rules.metric_queries": "is held against every metric as it was published (over_weeks/)",
    "core.jobs": "has no rows until there are bulk jobs",
    "core.job_targets": "has no rows until there are bulk jobs",
}


# Pages that may stop any model, as those of staging: all are built. Of another case of core and mart what the model reads.
HOSTILE = {"json_for_text"}
# Nothing that is kept reads these, so a catch-up leaves them out.
NOT_IN_CATCH_UP = {"mart.renewal_forecast"}


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, list):
        return f"[{', '.join(value)}]"
    return str(value)


def case_id(case: Path) -> str:
    return "/".join(case.parts[-3:])


def read_csv(path: Path) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The header and the rows of a file of texts."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = [tuple(row) for row in csv.reader(file)]
    return header, rows


@pytest.mark.parametrize("case", OF_RUNS, ids=case_id)
def test_given_pages_give_the_expected_rows(case: Path, open_estate: Callable[[Path], Any]) -> None:
    """The model has exactly the rows of the case after its last run."""
    header, expected = read_csv(case / "expected.csv")
    model = ".".join(case.parts[-3:-1])
    estate = open_estate(case)
    if model.startswith(("core.", "mart.")) and model not in NOT_IN_CATCH_UP and case.name not in HOSTILE:
        needed = with_reads([model], estate.project.reads)
        estate.project.order = tuple(name for name in estate.project.order if name in needed)
    for run in estate.runs():
        estate.take(run, everything=model in NOT_IN_CATCH_UP)
    rows = estate.warehouse.records(f"select * from {model}")
    if model == "mart.metrics":
        metrics = {row[0] for row in expected}
        newest = max(row["run_id"] for row in rows)
        rows = [row for row in rows if row["run_id"] == newest and row["metric"] in metrics]
    assert sorted(tuple(as_text(row[column]) for column in header) for row in rows) == sorted(expected)


@pytest.mark.parametrize("case", OF_TABLES, ids=case_id)
def test_given_tables_give_the_expected_rows(case: Path, macros: Warehouse) -> None:
    """The model's SELECT over the given rows has exactly the rows of the case."""
    header, expected = read_csv(case / "expected.csv")
    model = MODELS[".".join(case.parts[-3:-1])]
    macros.execute("begin")
    try:
        for table in sorted((case / "given").glob("*.csv")):
            give(macros, table.stem, *read_csv(table))
        rows = macros.records(f"from (\n{model.source.sql}\n)")
    finally:
        macros.execute("rollback")
    assert sorted(tuple(as_text(row[column]) for column in header) for row in rows) == sorted(expected)


def give(warehouse: Warehouse, name: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Let a table or view be a table with these rows, in the types that it has."""
    schema, table = name.split(".")
    types = dict(
        warehouse.rows(
            "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ?"
            " and database_name = current_database()",
            [schema, table],
        )
    )
    kept = (
        "table"
        if warehouse.rows("from duckdb_tables() where schema_name = ? and table_name = ?", [schema, table])
        else "view"
    )
    warehouse.execute(f"drop {kept} {name}")
    warehouse.execute(
        f"create table {name} ({', '.join(f'{identifier(column)} {kind}' for column, kind in types.items())})"
    )
    casts = ", ".join(f"cast(? as {types[column]})" for column in header)
    for row in rows:
        values = [value or None for value in row]
        warehouse.execute(f"insert into {name} ({', '.join(map(identifier, header))}) select {casts}", values)


def code_of(model: Model) -> str:
    """The statement without its comments."""
    return re.sub(r"--[^\n]*", "", model.source.sql)


def test_every_model_with_a_branch_has_a_case() -> None:
    """A row that falls on one side or the other is worked out by hand at least once."""
    deciding = {name for name, model in MODELS.items() if BRANCH.search(code_of(model))}
    shown = {".".join(case.parts[-3:-1]) for case in CASES}
    assert deciding - shown == set(WITHOUT_CASE)
