"""Each fault of the network and of the service ends in the same rows as without it, or in exit 4 with the reason."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from extraction import LISTS, Extraction

from pipeline.sandbox.faults import Fault
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

SAME_ROWS = (
    "429-seconds",
    "429-date",
    "503-date",
    "500",
    "reset",
    "cut",
    "truncated",
    "html",
    "capped-limit",
    "bare-arrays",
    "bare-arrays-whole",
    "total-low",
    "total-drifting",
    "repeated-item",
    "error-object",
)
HOSTILE = ("surrogate", "utf8", "duplicate", "retyped", "large", "nan")


def plan(*faults: Fault) -> Plan:
    """A small estate: some lists have a dozen pages of 20, some one."""
    return Plan(endpoints=300, weeks=1, shares={"prod": 1.0}, faults=faults)


@pytest.mark.parametrize("name", SAME_ROWS)
def test_a_fault_leaves_the_same_rows(name: str, tmp_path: Path) -> None:
    """Complete, every item once."""
    with ThreadedSandbox(plan(Fault(name))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        before = one.truth()
        done = one.extract()
        assert done.returncode == 0, done.stderr
        assert one.check(before) == []


@pytest.mark.parametrize("names", [("rows-inserted",), ("rows-removed",), ("rows-inserted", "rows-removed")])
def test_rows_that_move_are_repaired(names: tuple[str, ...], tmp_path: Path) -> None:
    """Five rows come, go, or both in each list while it is read: the positions agree with the total in the end."""
    with ThreadedSandbox(plan(*map(Fault, names))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        before = one.truth()
        done = one.extract()
        assert done.returncode == 0, done.stderr
        assert one.check(before) == []
        # Together they leave the total as it is; then only the overlap shows that rows moved, and proves that none is lost.
        assert ("came" in (one.outcome("endpoints.discovered").reason or "")) == (len(names) == 1)


@pytest.mark.parametrize("names", [("rows-moved",), ("rows-moved", "rows-removed"), ("rows-moved", "total-low")])
def test_rows_that_change_their_places_are_repaired(names: tuple[str, ...], tmp_path: Path) -> None:
    """A list in the order of the last update: its last row comes to stand among those that were read."""
    with ThreadedSandbox(plan(*map(Fault, names))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        before = one.truth()
        done = one.extract()
        assert done.returncode == 0, done.stderr
        assert one.check(before) == []


def test_items_without_an_identifier_are_told_apart_by_their_content(tmp_path: Path) -> None:
    """One in seven has no id: each is there once, as it came."""
    with ThreadedSandbox(plan(Fault("no-id"))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        held = one.truth()["endpoints.discovered"]
        assert one.extract().returncode == 0
        landed = [json.loads(item) for item in one.landed("endpoints.discovered")]
        assert 0 < sum("id" not in item for item in landed) < len(landed)
        assert Counter(str(item["location"]) for item in landed) == Counter(
            str(json.loads(item)["location"]) for item in held
        )


def test_rows_that_never_stop_moving_are_told(tmp_path: Path) -> None:
    """A row more before every second request, without end: not complete, with the reason, and nothing is invented."""
    faults = (Fault("rows-inserted-forever", calls=("endpoints.discovered",)),)
    with ThreadedSandbox(plan(*faults)) as sandbox:
        one = Extraction(tmp_path, sandbox)
        before = one.truth()
        done = one.extract()
        assert done.returncode == 4
        assert "endpoints.discovered: the API's total is" in done.stderr
        assert len(one.check(before)) == 1


def test_a_total_that_is_never_reached_is_told(tmp_path: Path) -> None:
    """Three more than there are: the list ends before, in the first and in the second look."""
    with ThreadedSandbox(plan(Fault("total-high", calls=("endpoints.discovered",)))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        total = len(one.truth()["endpoints.discovered"])
        done = one.extract()
        assert done.returncode == 4
        assert f"the API's total is {total + 3}, but the list ends after {total}" in done.stderr


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_item_costs_neither_its_page_nor_its_bytes(name: str, tmp_path: Path) -> None:
    """Every item lands as it was served, and pages that the fast reader refuses are counted."""
    with ThreadedSandbox(plan(Fault(f"hostile-{name}"))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        before = one.truth()
        done = one.extract()
        assert done.returncode == 0, done.stderr
        for resource in LISTS:
            assert sorted(one.landed(resource)) == sorted(before[resource])
        pages = sum(extract.hostile_pages for extract in one.manifest().extracts)
        assert (pages > 0) == (name in {"surrogate", "nan"})


def test_a_service_that_dies_in_mid_list_can_be_resumed(tmp_path: Path) -> None:
    """Exit 4 with the resource; when it is back, the same run ends complete, and no finished page is asked for again."""
    with ThreadedSandbox(plan(Fault("503-forever", after=5))) as sandbox:
        one = Extraction(tmp_path, sandbox)
        before = one.truth()
        assert one.extract().returncode == 4
        run, pages, asked = one.run_id(), one.pages_on_disk(), len(sandbox.requests())
        sandbox.change_faults(())
        done = one.extract("--resume", run)
        assert (done.returncode, done.stdout.strip()) == (0, run), done.stderr
        assert one.check(before) == []
        assert pages
        assert not pages & set(one.pages_asked(asked))
