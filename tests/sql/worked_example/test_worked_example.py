"""The worked example of the design: 34 endpoints, two runs, and the rows that the definitions give."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
GRAIN = ("metric", "scope", "account", "business_unit", "dimension", "member", "numerator", "denominator")
# Left out of the expected rows: 1 in every scope, or in need of our own jobs or more runs.
UNIT_COMPLETENESS = "inventory.completeness"
NOT_HERE = r"inventory\.completeness|renewal\.lead_days_.*|renewal\.success|findings\..*"


def expected_rows(name: str) -> list[dict[str, str]]:
    with (HERE / "expected" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


@pytest.fixture(scope="module", params=[1, 2], ids=["run 1", "run 2"])
def example(request: pytest.FixtureRequest, open_estate: Callable[[Path], Any]) -> tuple[int, Any]:
    """The estate after run 1, and after run 2 built upon run 1."""
    estate = open_estate(HERE)
    for number, run in enumerate(estate.runs()[: request.param], 1):
        estate.take(run, everything=number == request.param)
    return request.param, estate.warehouse


def test_metrics_are_exactly_the_expected_rows(example: tuple[int, Any]) -> None:
    """Every metric has its rows in every scope, and there is no other row."""
    number, warehouse = example
    expected = {tuple(row[column] for column in GRAIN) for row in expected_rows(f"run-{number}.csv")}
    rows = warehouse.rows(
        f"select {', '.join(GRAIN)} from mart.metrics"
        f" where not regexp_full_match(metric, '{NOT_HERE}') and run_id = (select run_id from meta.current_run)"
    )
    got = [tuple(map(as_text, row)) for row in rows]
    assert set(got) - expected == set()
    assert expected - set(got) == set()
    assert len(got) == len(set(got))


def test_completeness_is_one_in_every_scope(example: tuple[int, Any]) -> None:
    """All that was announced has arrived, for all, each account and each of the five units."""
    _, warehouse = example
    rows = warehouse.rows(
        f"select scope, value from mart.metrics where metric = '{UNIT_COMPLETENESS}'"
        " and run_id = (select run_id from meta.current_run) order by scope"
    )
    assert rows == [("account", 1.0)] * 2 + [("all", 1.0)] + [("business_unit", 1.0)] * 5


def test_values_divide_once(example: tuple[int, Any]) -> None:
    """A share is numerator by denominator, null of nothing; a count is its numerator."""
    _, warehouse = example
    assert (
        warehouse.rows(
            "select metric, value from mart.metrics where value is distinct from"
            " case when denominator is null then numerator when denominator > 0 then numerator / denominator end"
        )
        == []
    )


def test_endpoints_are_exactly_the_expected_rows(example: tuple[int, Any]) -> None:
    """One row per endpoint; status words, which columns keep as received, are compared as words."""
    number, warehouse = example
    expected = expected_rows(f"endpoints-run-{number}.csv")
    words = {
        "security_rating": "coalesce(staging.status_word(security_rating), 'NOT_RATED') as security_rating",
        "automation_status": "staging.status_word(automation_status) as automation_status",
    }
    columns = [words.get(column, column) for column in expected[0]]
    rows = warehouse.records(f"select {', '.join(columns)} from core.endpoints order by account, endpoint_key")
    assert [{name: as_text(value) for name, value in row.items()} for row in rows] == expected


def test_a_run_built_twice_changes_nothing(open_estate: Callable[[Path], Any]) -> None:
    """History, events and metrics of a run are written once, however often it is built."""
    estate = open_estate(HERE)
    kept = ("core.endpoint_history", "core.audit_events", "mart.metrics", "meta.drift")
    states = []
    for run in (*estate.runs(), estate.runs()[-1]):
        estate.take(run, everything=False)
        states.append({table: sorted(map(repr, estate.warehouse.rows(f"from {table}"))) for table in kept})
    assert states[1] == states[2]


@pytest.mark.slow
def test_the_number_of_threads_changes_nothing(open_estate: Callable[[Path], Any]) -> None:
    """One and eight threads give the same rows in every table and view that is ours."""
    states = []
    for threads in (1, 8):
        estate = open_estate(HERE)
        estate.warehouse.execute(f"set threads = {threads}")
        first, second = estate.runs()
        estate.take(first, everything=False)
        estate.take(second, everything=True)
        tables = estate.warehouse.rows(
            "select table_schema || '.' || table_name from information_schema.tables"
            " where table_schema in ('staging', 'core', 'mart', 'rules') order by 1"
        )
        states.append({name: sorted(map(repr, estate.warehouse.rows(f"from {name}"))) for (name,) in tables})
    assert states[0] == states[1]
    assert len(states[0]) > 20
