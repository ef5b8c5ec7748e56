"""Findings over four weeks: opened, waived, open again after the waiver's last day, closed, and found once more."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.load.parameters import judge_on
from pipeline.places import content

HERE = Path(__file__).parent


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


@pytest.fixture(scope="module")
def weeks(open_estate: Callable[[Path], Any]) -> tuple[Any, list[Any]]:
    """The estate after its last run, and of each run the expected rows, those that were there, and the metrics."""
    estate, seen = open_estate(HERE), []
    for number, run in enumerate(estate.runs(), 1):
        estate.take(run, everything=number == 4)
        with (HERE / "expected" / f"run-{number}.csv").open(encoding="utf-8", newline="") as file:
            expected = list(csv.DictReader(file))
        rows = estate.warehouse.records(f"select {', '.join(expected[0])} from mart.findings order by finding_id")
        found = [{name: as_text(value) for name, value in row.items()} for row in rows]
        seen.append((expected, found, open_and_waived(estate)))
    return estate, seen


@pytest.fixture
def estate(weeks: tuple[Any, list[Any]]) -> Any:
    """The estate after its last run."""
    return weeks[0]


def open_and_waived(estate: Any) -> dict[tuple[str, str], int]:
    """The metrics of findings of everything that are not 0, by name and severity."""
    rows = estate.warehouse.rows(
        "select metric, member, numerator from mart.metrics where metric like 'findings.%' and scope = 'all'"
        " and numerator > 0 and run_id = (select run_id from meta.current_run)"
    )
    return {(metric.removeprefix("findings."), member): count for metric, member, count in rows}


def test_each_week_has_its_findings(weeks: tuple[Any, list[Any]]) -> None:
    """After each run the findings are the expected rows, closed ones included, and the metrics count them."""
    for expected, found, _ in weeks[1]:
        assert found == expected
    assert [counts for _, _, counts in weeks[1]] == [
        {
            ("open", "critical"): 1,
            ("open", "medium"): 1,
            ("waived", "high"): 1,
            ("waived", "medium"): 1,
            ("waiver_expiring_30d", "medium"): 1,
        },
        {
            ("open", "high"): 1,
            ("open", "medium"): 1,
            ("waived", "high"): 1,
            ("waived", "medium"): 1,
            ("waiver_expiring_30d", "high"): 1,
            ("waiver_expiring_30d", "medium"): 1,
        },
        {
            ("open", "critical"): 1,
            ("waived", "high"): 1,
            ("waived", "medium"): 1,
            ("waiver_expiring_30d", "high"): 1,
            ("waiver_expiring_30d", "medium"): 1,
        },
        {("open", "medium"): 1, ("overdue", "medium"): 1},
    ]


def test_waivers_are_listed_also_when_they_have_ended(estate: Any) -> None:
    """After the last run: the ended one with the finding that is open again, those that cover nothing with 0, one of them of a unit that is not there."""
    rows = estate.warehouse.rows("select waiver_id, status, days_left, findings from mart.waivers order by waiver_id")
    assert rows == [("W-1", "expired", -7, 1), ("W-2", "active", 16, 0), ("W-3", "unmatched", 403, 0)]


def test_the_time_to_fix_is_known(estate: Any) -> None:
    """Days from first seen to closed; what was found twice has two of them."""
    rows = estate.warehouse.rows(
        "select rule, date_diff('day', first_seen_at, closed_at) from mart.findings"
        " where status = 'closed' order by all"
    )
    assert rows == [
        ("certificate_expired", 7),
        ("certificate_expired", 7),
        ("expiring_by_hand", 7),
        ("unsecured", 14),
        ("weak_key", 21),
    ]


def test_the_last_run_built_again_changes_nothing(estate: Any) -> None:
    """Nothing opens or closes a second time."""
    before = sorted(map(repr, estate.warehouse.rows("from mart.findings")))
    estate.take(estate.runs()[-1], everything=False)
    assert sorted(map(repr, estate.warehouse.rows("from mart.findings"))) == before


def test_rules_of_another_day_judge_today(estate: Any) -> None:
    """Under the rules of 2031 the two keys of 112 bits may no longer be in use; today both may."""
    measures = (content("sql") / "core" / "certificate_measures.sql").read_text(encoding="utf-8")
    ending = f"select count(*) from (\n{measures}\n) where is_strength_ending"
    assert estate.warehouse.rows(ending) == [(0,)]
    judge_on(estate.warehouse, date(2031, 1, 1))
    assert estate.warehouse.rows(ending) == [(2,)]
