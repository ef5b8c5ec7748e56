"""`tlm diff`: what changed between two runs, and the same counts as the metrics of movement."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from weeks import run_id

from pipeline.errors import UsageError
from pipeline.export.diff import show_diff

Scope = tuple[str | None, str | None]


def changes(file: Path, capsys: pytest.CaptureFixture[str], week_a: int, week_b: int) -> list[dict[str, str]]:
    """The rows from one week to another."""
    capsys.readouterr()
    show_diff(file, run_id(week_a), run_id(week_b), form="csv")
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.mark.parametrize("week", [1, 2, 3])
def test_the_counts_are_those_of_the_metrics(published: Path, capsys: pytest.CaptureFixture[str], week: int) -> None:
    """From the baseline of a week to its run: each movement, for all, each account and each unit, also of weeks long gone."""
    counted: dict[tuple[str, Scope], set[str]] = defaultdict(set)
    for row in changes(published, capsys, week - 1, week):
        for scope in ((None, None), (row["account"], None), (row["account"], row["business_unit"])):
            counted[row["change"], scope].add(row["endpoint_key"])
    with duckdb.connect(str(published), read_only=True) as con:
        rows = con.execute(
            "select replace(metric, 'movement.', ''), account, business_unit, numerator from mart.metrics"
            " where metric like 'movement.%' and metric <> 'movement.unexplained' and run_id = ?",
            [run_id(week)],
        ).fetchall()
    assert rows
    expected = {(movement, (account, unit)): count for movement, account, unit, count in rows}
    got = {key: len(endpoints) for key, endpoints in counted.items() if key[0] in {movement for movement, *_ in rows}}
    assert {key: count for key, count in expected.items() if count} == got


def test_every_kind_of_change_occurs_and_says_old_and_new(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over three weeks everything moves; a changed field has both values, a coming or going has none."""
    rows = changes(published, capsys, 0, 3) + changes(published, capsys, 1, 2) + changes(published, capsys, 2, 3)
    kinds = {row["change"] for row in rows}
    coming = {"new", "removed", "reappeared"}
    exchanged = {"renewed", "replaced", "newly_unsecured", "newly_covered", "certificate"}
    assert kinds >= coming | exchanged | {"rating_worse", "rating_better", "moved_unit", "automation", "attribute"}
    for row in rows:
        assert (row["change"] in coming) == (row["field"] == "")
        assert (row["old_value"] != row["new_value"]) == (row["field"] != "")


def test_nothing_changed_is_no_row(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that is another in between and the same at both ends is no change."""
    rows = changes(published, capsys, 0, 2)
    with duckdb.connect(str(published), read_only=True) as con:
        for row in [row for row in rows if row["field"] == "security_rating"]:
            values = con.execute(
                "select security_rating from core.endpoint_history where endpoint_key = ? and from_run_id <= ?"
                " and not is_removed order by from_run_id",
                [row["endpoint_key"], run_id(2)],
            ).fetchall()
            assert (values[-1][0] or "") == row["new_value"]


@pytest.mark.parametrize(
    ("run_a", "run_b", "says"),
    [
        ("20250101T000000Z-abcdef", run_id(1), f"newest are: {run_id(0)}, {run_id(1)}, {run_id(2)}, {run_id(3)}."),
        (run_id(0), "latest", "No run 'latest' is in the database"),
        (run_id(2), run_id(1), "is not later than"),
        (run_id(1), run_id(1), "is not later than"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(published: Path, run_a: str, run_b: str, says: str) -> None:
    """An unknown run is answered with those that are there, the wrong order with the right one."""
    with pytest.raises(UsageError) as caught:
        show_diff(published, run_a, run_b)
    assert says in str(caught.value)
