from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import CheckFailed
from pipeline.load.drift import SAMPLED_ITEMS, STRANGE_NAMES, find_drift, judge_drift
from pipeline.load.published import mark_published
from pipeline.load.raw import load_run
from pipeline.policy import Drift
from pipeline.runs.manifest import Manifest
from pipeline.warehouse.duck import Warehouse

Land = Callable[..., Manifest]
FIRST, SECOND, THIRD = (f"202611{day}T060000Z-aaaaaa" for day in (10, 17, 24))
NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


def lines(*items: dict[str, Any]) -> list[bytes]:
    return [json.dumps(item).encode() for item in items]


@pytest.fixture
def take(warehouse: Warehouse, landing: Path, land: Land) -> Callable[..., list[tuple[Any, ...]]]:
    """Loads items as a run of an account and gives the drift of its fields."""

    def _take(run: str, items: list[bytes], **where: Any) -> list[tuple[Any, ...]]:
        manifest = land(items, run_id=run, **where)
        load_run(warehouse, landing, manifest)
        find_drift(warehouse, landing, manifest)
        return warehouse.rows(
            "select resource, field, what, occurrences, sample from meta.drift"
            " where run_id = ? and account = ? and what in ('appeared', 'vanished') order by what, field",
            [run, manifest.account],
        )

    return _take


def test_a_field_that_the_contract_does_not_know_appears(take: Callable[..., Any]) -> None:
    """With the number of items that have it, of how many that were looked at, and the first value."""
    found = take(FIRST, lines({"id": "a", "cipher": "AES"}, {"id": "b", "cipher": None}, {"id": "c"}))
    assert found == [
        ("endpoints.discovered", "cipher", "appeared", 2, 'in 2 of the first 3 items, e.g. "AES"'),
    ]


def test_only_the_first_items_are_looked_at(take: Callable[..., Any]) -> None:
    """What begins behind them stays unseen: that is the price of looking at no more than 500."""
    items = lines(*({"id": str(number)} for number in range(SAMPLED_ITEMS)), {"id": "last", "late": 1})
    assert take(FIRST, items) == []
    assert take(SECOND, items[1:])[0][:4] == ("endpoints.discovered", "late", "appeared", 1)


def test_a_field_that_no_item_has_any_more_has_vanished(take: Callable[..., Any]) -> None:
    """It is of the contract, and an earlier run had it in one item; the sample says when and how often."""
    take(FIRST, lines({"id": "a", "os_name": "linux"}, {"id": "b"}))
    expected = ("endpoints.discovered", "os_name", "vanished", 3, f"last seen in 1 items of run {FIRST}")
    assert take(SECOND, lines({"id": "a"}, {"id": "b"}, {"id": "c"})) == [expected]
    assert take(THIRD, lines({"id": "a"})) == [(*expected[:3], 1, expected[4])]


def test_a_field_that_is_there_and_null_has_not_vanished(take: Callable[..., Any]) -> None:
    """Nothing to say of discovery errors is good news, not drift."""
    take(FIRST, lines({"id": "a", "discovery_error": "no route"}))
    assert take(SECOND, lines({"id": "a", "discovery_error": None})) == []


def test_a_field_of_another_account_or_resource_is_no_loss(take: Callable[..., Any]) -> None:
    """Each account and list is compared with itself, and one without items says nothing."""
    take(FIRST, lines({"id": "a", "os_name": "linux"}))
    assert take(SECOND, lines({"id": "a"}), account="other") == []
    assert take(SECOND, lines({"id": "a"}), resource="endpoints.unsecured") == []
    assert take(THIRD, []) == []


def test_hostile_items_do_not_hide_the_others(take: Callable[..., Any]) -> None:
    """A line that the reader of names refuses is stepped over; it is counted where items are mended."""
    hostile = b'{"id": "h", "os_name": "\\ud800"}'
    assert take(FIRST, [hostile, b"5", *lines({"id": "a", "new": 1})])[0][1:4] == ("new", "appeared", 1)


def test_a_run_that_is_loaded_twice_says_the_same(take: Callable[..., Any], warehouse: Warehouse) -> None:
    """Neither its drift nor what is remembered doubles."""
    take(FIRST, lines({"id": "a", "os_name": "linux"}))
    once = take(SECOND, lines({"id": "a", "new": 1}))
    assert take(SECOND, lines({"id": "a", "new": 1})) == once
    assert len(once) == 2
    assert warehouse.rows("select count(*), count(distinct (resource, field)) from meta.fields") == [(3, 3)]


def test_news_is_told_in_one_line_until_it_is_published(take: Callable[..., Any], warehouse: Warehouse) -> None:
    """What vanished comes first, with account, resource, field, how often and a sample; then it is no news any more."""
    take(FIRST, lines({"id": "a", "os_name": "linux"}))
    mark_published(warehouse, NOW, "inputs")
    take(SECOND, lines({"id": "a", "new": [1]}))
    (line,) = judge_drift(warehouse, SECOND, Drift())
    assert (
        "1 appeared, 1 vanished; first account prod, endpoints.discovered: os_name vanished, 1 time (last seen" in line
    )
    mark_published(warehouse, NOW, "inputs")
    assert judge_drift(warehouse, SECOND, Drift(fields="fail")) == ()  # built once more: no news
    assert len(take(THIRD, lines({"id": "a", "new": [1]}))) == 2
    assert judge_drift(warehouse, THIRD, Drift()) == ()


def test_an_item_of_thousands_of_names_is_told_in_few(take: Callable[..., Any], warehouse: Warehouse) -> None:
    """The names that most items have are told apart, the others together, and no run after run makes them more."""
    for run in (FIRST, SECOND, THIRD):
        names = {f"{run}-{number:04}": 1 for number in range(3000)}
        drift = take(run, lines({"id": "a", **names}, {"id": "b", "new": 1}, {"id": "c", "new": 1}))
        assert len(drift) == STRANGE_NAMES + 1
        assert ("(more)", "appeared", 3001 - STRANGE_NAMES) in [row[1:4] for row in drift]
        assert ("new", "appeared", 2) in [row[1:4] for row in drift]
    assert warehouse.rows("select count(*) from meta.fields")[0][0] <= 2 * STRANGE_NAMES + 2


@pytest.mark.parametrize("setting", ["fields", "values"])
def test_the_policy_may_stop_the_build(take: Callable[..., Any], warehouse: Warehouse, setting: str) -> None:
    """One sentence: account, resource, field, what, how often, sample, and what to do; the other setting lets it pass."""
    if setting == "fields":
        take(FIRST, lines({"id": "a", "new": "value"}))
        words = "endpoints.discovered: new appeared, 1 time"
    else:
        take(FIRST, [b'{"id": "a", "id": "b"}', *lines({"id": "c"})])
        words = "endpoints.discovered: (item) mended item, 1 time (line 1: "
    other = "values" if setting == "fields" else "fields"
    assert len(judge_drift(warehouse, FIRST, Drift(**{other: "fail"}))) == 1
    with pytest.raises(CheckFailed) as caught:
        judge_drift(warehouse, FIRST, Drift(**{setting: "fail"}))
    said = str(caught.value)
    assert f"account prod, {words}" in said
    assert f'set {setting} = "warn" under [drift] in policy.toml' in said
