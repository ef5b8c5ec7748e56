"""Random estates, faults and moments of death: every item that stays lands exactly once, or the run says what it lacks."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from extraction import ACCOUNT, Extraction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.runs.landing import read_items
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

PASSING = ("429-seconds", "503-date", "500", "reset", "cut", "truncated", "html")
FORMS = (
    "capped-limit",
    "bare-arrays",
    "total-low",
    "total-drifting",
    "repeated-item",
    "hostile-surrogate",
    "hostile-nan",
)
SHIFTS = ("rows-inserted", "rows-removed", "rows-moved", "rows-inserted-forever")
DEATHS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from([0.0, 0.5, 1.0])), max_size=2)
FAULTS = st.tuples(
    st.lists(st.sampled_from(PASSING), unique=True, max_size=2),
    st.lists(st.sampled_from(FORMS), unique=True, max_size=1),
    st.lists(st.sampled_from(SHIFTS), unique=True, max_size=2),
)
Deaths = list[tuple[int, float]]
Names = tuple[list[str], list[str], list[str]]


def read_through(plan: Plan, deaths: Deaths, page_size: int) -> None:
    """Extract, killed at each of `deaths` and resumed, to the end; then look at everything that is promised."""
    with tempfile.TemporaryDirectory() as folder, ThreadedSandbox(plan) as sandbox:
        one = Extraction(Path(folder), sandbox, page_size)
        before = one.truth()
        words: tuple[str, ...] = ()
        for write, share in deaths:
            done = one.extract(*words, die_at=write, share=share)
            if done.returncode != -9:
                break
            assert not (one.landing / one.run_id() / "manifest.json").exists()
            words = ("--resume", one.run_id())
        else:
            pages, asked = one.pages_on_disk() if words else set(), len(sandbox.requests())
            done = one.extract(*words)
            if not any("rows" in fault.name or "repeated" in fault.name for fault in plan.faults):
                assert not pages & set(one.pages_asked(asked))
        assert done.returncode in {0, 4}, done.stderr
        reasons = one.check(before, has_moved=any(fault.name == "rows-moved" for fault in plan.faults))
        assert bool(reasons) == (done.returncode == 4), done.stderr


def plan_of(seed: int, endpoints: int, names: Names) -> Plan:
    """An estate of one account with these faults."""
    faults = tuple(Fault(name) for group in names for name in group)
    return Plan(endpoints=endpoints, seed=seed, weeks=1, shares={"prod": 1.0}, faults=faults)


def never_flaky(examples: int) -> settings:
    """The same examples in every run; a process a death is slow, so there is no deadline and no shrinking."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@never_flaky(8)
@given(st.integers(1, 50), st.integers(0, 300), FAULTS, DEATHS, st.sampled_from([5, 20, 100]))
def test_whatever_happens_the_rows_are_right_or_the_run_says_so(
    seed: int, endpoints: int, names: Names, deaths: Deaths, page_size: int
) -> None:
    """Faults, moving rows and kill -9 together; finished pages are not fetched twice."""
    read_through(plan_of(seed, endpoints, names), deaths, page_size)


@pytest.mark.slow
@pytest.mark.timeout(900)
@never_flaky(120)
@given(st.integers(51, 10_000), st.integers(0, 600), FAULTS, DEATHS, st.sampled_from([3, 5, 20, 100]))
def test_whatever_happens_the_rows_are_right_or_the_run_says_so_at_length(
    seed: int, endpoints: int, names: Names, deaths: Deaths, page_size: int
) -> None:
    """The same with many more examples."""
    read_through(plan_of(seed, endpoints, names), deaths, page_size)


@never_flaky(4)
@given(st.integers(1, 50), st.integers(80, 200), FAULTS, DEATHS, st.sampled_from([5, 20]))
def test_no_event_is_lost_between_windows_read_side_by_side(
    seed: int, endpoints: int, names: Names, deaths: Deaths, page_size: int
) -> None:
    """Faults and kill -9 while several windows of the audit log are under way: every event, or the run says so."""
    plan = plan_of(seed, endpoints, (names[0], [], names[2]))
    with tempfile.TemporaryDirectory() as folder, ThreadedSandbox(plan) as sandbox:
        one = Extraction(Path(folder), sandbox, page_size, ("audit_log",))
        before = set(sandbox.truth(ACCOUNT, "audit_log"))
        words: tuple[str, ...] = ("--since", "2020-01-01")
        for write, share in [*deaths, (0, 0.0)]:
            done = one.extract(*words, die_at=write, share=share)
            words = ("--resume", one.run_id())
            if done.returncode != -9:
                break
        assert done.returncode in {0, 4}, done.stderr
        part = [line for file in one.outcome("audit_log").parts for line in read_items(one.landing / file.name)]
        after = set(sandbox.truth(ACCOUNT, "audit_log"))
        if one.outcome("audit_log").status == "complete":
            assert before & after <= set(part)
        else:
            assert one.outcome("audit_log").reason
        assert set(part) <= before | after or names[2]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("write", [1, 2, 7, 8])
def test_a_run_killed_at_any_step_of_a_write_is_resumed(write: int, share: float) -> None:
    """Before, in the middle of and after writing a part or its journal: the same rows, no page twice."""
    read_through(plan_of(1, 200, ([], [], [])), [(write, share), (4, share)], 20)
