from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.load.meta import create_meta
from pipeline.transform.kinds import build_model
from pipeline.transform.model import Model, read_model
from pipeline.warehouse.duck import Warehouse, open_writable

MODEL = """\
-- A thing over time.
-- grain: one version of a thing
-- kind: versions
-- key: thing_key
select thing_key, size, name, tags from raw.state
"""
Attributes = tuple[int | None, str | None, tuple[str, ...] | None]
Snapshot = dict[str, Attributes]

attributes = st.tuples(
    st.none() | st.integers(0, 1),
    st.none() | st.sampled_from(["", "x", "\0", "x, y"]),
    st.none() | st.lists(st.sampled_from(["a", "b"]), max_size=2).map(tuple),
)
snapshots = st.dictionaries(st.sampled_from(["k1", "k2", "k3", ""]), attributes, max_size=4)
histories = st.lists(st.tuples(snapshots, st.booleans()), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One engine for all examples."""
    with open_writable(tmp_path_factory.mktemp("versions") / "tlm.duckdb") as opened:
        create_meta(opened)
        opened.execute("create table raw.state (thing_key varchar, size integer, name varchar, tags varchar[])")
        yield opened


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The history over raw.state."""
    path = tmp_path_factory.mktemp("sql") / "core" / "history.sql"
    path.parent.mkdir()
    path.write_text(MODEL)
    return read_model(path)


def live(warehouse: Warehouse, model: Model, history: list[tuple[Snapshot, bool]]) -> list[tuple[object, ...]]:
    """Build all snapshots, some of them twice, and give the whole table in its order on disk."""
    warehouse.execute("drop table if exists core.history")
    existing: dict[str, str] = {}
    for number, (snapshot, is_built_twice) in enumerate(history):
        run_id = f"r{number}"
        if is_built_twice:
            # First with what was there before, as an attempt that was mended: the second one must replace it.
            build_model(warehouse, model, run_id, existing)
            existing["core.history"] = "table"
        warehouse.execute("delete from raw.state")
        for key, (size, name, tags) in snapshot.items():
            listed = None if tags is None else list(tags)
            warehouse.execute("insert into raw.state values (?, ?, ?, ?)", [key, size, name, listed])
        build_model(warehouse, model, run_id, existing)
        existing["core.history"] = "table"
        if is_built_twice:
            build_model(warehouse, model, run_id, existing)
    return warehouse.rows("select * from core.history order by rowid")


def as_of(rows: list[tuple[object, ...]], run_id: str) -> Snapshot:
    """The snapshot of a run from the versions, with plain arithmetic."""
    found: Snapshot = {}
    for key, size, name, tags, from_run_id, to_run_id, is_removed in rows:
        if str(from_run_id) <= run_id and (to_run_id is None or run_id < str(to_run_id)) and not is_removed:
            assert key not in found, "two versions of one key hold in one run"
            found[str(key)] = (size, name, None if tags is None else tuple(tags))  # type: ignore[arg-type,assignment]
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
@example(history=[({"k1": (1, None, None)}, False), ({}, False), ({"k1": (1, None, None)}, True)])
@example(history=[({"k1": (1, "", None)}, False), ({"k1": (1, "", ())}, False), ({"k1": (1, None, ())}, False)])
def test_any_run_can_be_had_back(history: list[tuple[Snapshot, bool]], warehouse: Warehouse, model: Model) -> None:
    """From the versions each run's snapshot comes back exactly; no version is written without a reason."""
    warehouse.execute("delete from raw.state")
    rows = live(warehouse, model, history)
    for number, (snapshot, _) in enumerate(history):
        assert as_of(rows, f"r{number}") == snapshot
    following = {(row[0], row[4]): row for row in rows}
    for key, *values, _, to_run_id, is_removed in rows:
        if to_run_id is not None:
            after = following[key, to_run_id]
            assert (list(after[1:4]), after[6]) != (values, is_removed), "a version was closed without a change"
            assert after[6] is False or list(after[1:4]) == values, "a tombstone has other attributes than the last"


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories)
def test_the_history_does_not_depend_on_threads(
    history: list[tuple[Snapshot, bool]], warehouse: Warehouse, model: Model
) -> None:
    """The same versions in the same order on disk with one and with eight threads."""
    warehouse.execute("delete from raw.state")
    found = []
    for threads in (1, 8):
        warehouse.execute(f"set threads = {threads}")
        warehouse.execute("delete from raw.state")
        found.append(live(warehouse, model, history))
    assert found[0] == found[1]
