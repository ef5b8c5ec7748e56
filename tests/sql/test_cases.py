"""Cases: <layer>/<model>/<case>/ has the pages of one or more runs and the rows that the model must then have.

The header of expected.csv says which columns are compared; every row of the model is (of mart.metrics those of the newest run
whose metric is named there). Lists are written [a, b]; an empty cell is null.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/*/expected.csv"))


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


@pytest.mark.parametrize("case", CASES, ids=lambda case: "/".join(case.parts[-3:]))
def test_given_pages_give_the_expected_rows(case: Path, open_estate: Callable[[Path], Any]) -> None:
    """The model has exactly the rows of the case after its last run."""
    with (case / "expected.csv").open(encoding="utf-8", newline="") as file:
        header, *expected = [tuple(row) for row in csv.reader(file)]
    model = ".".join(case.parts[-3:-1])
    estate = open_estate(case)
    for run in estate.runs():
        estate.take(run, everything=model in NOT_IN_CATCH_UP)
    rows = estate.warehouse.records(f"select * from {model}")
    if model == "mart.metrics":
        metrics = {row[0] for row in expected}
        newest = max(row["run_id"] for row in rows)
        rows = [row for row in rows if row["run_id"] == newest and row["metric"] in metrics]
    assert sorted(tuple(as_text(row[column]) for column in header) for row in rows) == sorted(expected)
