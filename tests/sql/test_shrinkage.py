"""Shrinkage: an account against the median of its last four runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.places import content

CHECKS = content("sql") / "checks"
ENDPOINTS = "metric = 'inventory.endpoints' and scope = 'account'"


@pytest.fixture
def warehouse(worked_example: Any) -> Iterator[Any]:
    """The same without counts of earlier runs; each test takes back what it does."""
    worked_example.execute("begin")
    current = "(select run_id from meta.current_run)"
    worked_example.execute(f"delete from mart.metrics where {ENDPOINTS} and run_id <> {current}")
    yield worked_example
    worked_example.execute("rollback")


def count(warehouse: Any, account: str, *earlier: int, now: int) -> None:
    """Let an account have had so many endpoints in its earlier runs, oldest first, and have `now` in this one."""
    for number, endpoints in enumerate(earlier):
        warehouse.execute(
            "insert into mart.metrics by name select * replace (? as run_id, ? as numerator) from mart.metrics"
            f" where {ENDPOINTS} and account = ? and run_id = (select run_id from meta.current_run)",
            (f"2020010{number}T000000Z-aaaaaa", endpoints, account),
        )
    warehouse.execute(
        f"update mart.metrics set numerator = ? where {ENDPOINTS} and account = ?"
        " and run_id = (select run_id from meta.current_run)",
        (now, account),
    )


def found(warehouse: Any, check: str) -> list[tuple[Any, ...]]:
    """What a check finds."""
    return sorted(warehouse.rows((CHECKS / f"{check}.sql").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("earlier", "now", "stops", "warns"),
    [
        ((), 1, False, False),  # a first run has nothing to compare with
        ((100,), 49, True, True),
        ((100,), 50, False, True),  # the half is still allowed
        ((100,), 90, False, False),
        ((100,), 89, False, True),
        ((100, 50), 37, True, True),  # the median of two is between them
        ((100, 50), 38, False, True),
        ((10, 100, 100), 40, True, True),  # one odd run does not move the median
        ((10, 10, 100, 100, 100, 100), 40, True, True),
        ((100, 100, 10, 10, 10, 10), 9, False, False),  # only the last four count
        ((100, 10, 10, 10, 10), 0, True, True),
    ],
)
def test_the_measure_is_the_median_of_the_last_four_runs(
    warehouse: Any, earlier: tuple[int, ...], now: int, stops: bool, warns: bool
) -> None:
    """A loss of more than the policy's shares stops or warns, with both numbers in the sample."""
    count(warehouse, "north", *earlier, now=now)
    assert bool(found(warehouse, "shrink_stop")) == stops
    assert bool(found(warehouse, "shrink_warn")) == warns


def test_accounts_are_measured_apart(warehouse: Any) -> None:
    """The one that shrinks is named, though both together have grown."""
    count(warehouse, "north", 100, 100, now=900)
    count(warehouse, "south", 10, 10, now=4)
    assert found(warehouse, "shrink_stop") == [("south", 4, 10.0)]
    count(warehouse, "north", now=1)
    assert [row[0] for row in found(warehouse, "shrink_stop")] == ["north", "south"]


def test_the_share_is_the_policys(warehouse: Any) -> None:
    """With 0.9 a tenth may be left, with 0 nothing may go."""
    count(warehouse, "north", 100, now=10)
    warehouse.execute("update rules.policy set shrink_stop = 0.9")
    assert found(warehouse, "shrink_stop") == []
    count(warehouse, "north", now=99)
    warehouse.execute("update rules.policy set shrink_stop = 0")
    assert found(warehouse, "shrink_stop") == [("north", 99, 100.0)]


def test_what_was_accepted_is_the_new_measure(warehouse: Any) -> None:
    """It stops nothing in its own run, and what was before it is not counted in the next ones."""
    count(warehouse, "north", 100, 100, 100, 40, now=40)
    assert len(found(warehouse, "shrink_stop")) == 1
    warehouse.execute(
        "insert into meta.runs by name select * replace ('20200103T000000Z-aaaaaa' as run_id, true as is_shrink_accepted)"
        " from meta.runs where account = 'north' limit 1"
    )
    assert found(warehouse, "shrink_stop") == []
    count(warehouse, "north", now=19)
    assert found(warehouse, "shrink_stop") == [("north", 19, 40.0)]
    warehouse.execute("update meta.runs set is_shrink_accepted = true where account = 'north'")
    assert found(warehouse, "shrink_stop") == []
