from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import BuildFailed

VERSIONS = "-- kind: versions\n-- key: thing_key\n"
STATE = "select thing_key, size, tags from raw.state"


@pytest.fixture
def history(project: Any) -> Any:
    """A project with one history over raw.state."""
    project.warehouse.execute("create table raw.state (thing_key varchar, size integer, tags varchar[])")
    project.model("core.history", STATE, VERSIONS)
    return project


def show(project: Any, run: str, *rows: tuple[str | None, int | None, list[str] | None]) -> None:
    """Make `rows` the state and build the run."""
    project.warehouse.execute("delete from raw.state")
    for row in rows:
        project.warehouse.execute("insert into raw.state values (?, ?, ?)", row)
    project.build(as_run=run, everything=False)


def test_a_first_run_opens_a_version_each(history: Any) -> None:
    """Every key has one open version from the run."""
    show(history, "r1", ("a", 1, ["x"]), ("b", None, None))
    assert history.rows("core.history") == [("a", 1, ["x"], "r1", None, False), ("b", None, None, "r1", None, False)]


def test_an_unchanged_key_keeps_its_version(history: Any) -> None:
    """Nulls equal nulls, lists equal lists: nothing is written."""
    show(history, "r1", ("a", 1, ["x"]), ("b", None, None))
    show(history, "r2", ("b", None, None), ("a", 1, ["x"]))
    assert [row[3:] for row in history.rows("core.history")] == [("r1", None, False)] * 2


@pytest.mark.parametrize(
    ("before", "after"),
    [((1, ["x"]), (2, ["x"])), ((1, ["x"]), (None, ["x"])), ((None, None), (1, None)), ((1, ["x"]), (1, ["x", "y"]))],
)
def test_a_change_closes_a_version_and_opens_the_next(before: Any, after: Any, history: Any) -> None:
    """Also a change from or to null, or inside a list, is a change; the end is exclusive."""
    show(history, "r1", ("a", *before))
    show(history, "r2", ("a", *after))
    assert set(map(str, history.rows("core.history"))) == {
        str(("a", *before, "r1", "r2", False)),
        str(("a", *after, "r2", None, False)),
    }


def test_a_vanished_key_gets_a_tombstone_and_may_come_back(history: Any) -> None:
    """The tombstone has the last attributes, stays one version while the key is away, and is closed when it returns."""
    show(history, "r1", ("a", 1, None))
    show(history, "r2")
    show(history, "r3")
    show(history, "r4", ("a", 1, None))
    assert sorted(history.rows("core.history"), key=lambda row: row[3]) == [
        ("a", 1, None, "r1", "r2", False),
        ("a", 1, None, "r2", "r4", True),
        ("a", 1, None, "r4", None, False),
    ]


def test_the_same_run_again_gives_the_same_history(history: Any) -> None:
    """Built twice, or with mended data, the run's own versions are taken back first."""
    show(history, "r1", ("a", 1, None), ("b", 1, None), ("c", 1, None))
    show(history, "r2", ("a", 2, None), ("b", 1, None), ("d", 1, None))
    once = history.rows("core.history")
    show(history, "r2", ("a", 3, None), ("c", 1, None))
    show(history, "r2", ("a", 2, None), ("b", 1, None), ("d", 1, None))
    assert history.rows("core.history") == once


@pytest.mark.parametrize(
    "rows",
    [
        [("a", 1, None), ("a", 2, None)],
        [("a", 2, None), ("a", 3, None)],
        [("a", 1, None), ("new", 1, None), ("new", 1, None)],
        [(None, 1, None)],
        [("a", 1, None), (None, 1, None), (None, 2, None)],
    ],
)
def test_a_key_that_is_not_one_row_stops_the_build(rows: Any, history: Any) -> None:
    """Two rows of one key, or a null key, would corrupt the history; nothing is written."""
    show(history, "r1", ("a", 1, None))
    with pytest.raises(BuildFailed, match=r"core/history\.sql line \d+: the key \(thing_key\)"):
        show(history, "r2", *rows)
    assert history.rows("core.history") == [("a", 1, None, "r1", None, False)]


@pytest.mark.parametrize("rows", [[("a", 1, None), ("a", 2, None)], [(None, 1, None)]])
def test_a_key_that_is_not_one_row_stops_the_first_build(rows: Any, history: Any) -> None:
    """Also where there is nothing yet to compare with."""
    with pytest.raises(BuildFailed, match=r"core/history\.sql line \d+: the key \(thing_key\)"):
        show(history, "r1", *rows)
    assert history.rows("core.history") == []


def test_a_column_of_another_type_does_not_touch_the_history(history: Any) -> None:
    """Kept rows of another shape are never mixed with new ones; the sentence says what makes them anew."""
    show(history, "r1", ("a", 1, None))
    history.model("core.history", "select thing_key, cast(size as varchar) as size from raw.state", VERSIONS)
    with pytest.raises(BuildFailed, match=r"core/history\.sql line \d+: .*\(size differ\); run `tlm rebuild`"):
        history.build(as_run="r2", everything=False)
    assert history.rows("core.history") == [("a", 1, None, "r1", None, False)]


def test_a_history_gains_and_loses_columns_with_its_model(history: Any) -> None:
    """What the model did not know is null before, what it no longer gives is null from then on; nothing is dropped."""
    show(history, "r1", ("a", 1, ["x"]), ("b", 2, None))
    history.model("core.history", "select thing_key, tags, size > 1 as is_big from raw.state", VERSIONS)
    show(history, "r2", ("a", 1, ["x"]))
    columns = "thing_key, size, tags, is_big, from_run_id, to_run_id, is_removed"
    kept = [
        ("a", 1, ["x"], None, "r1", "r2", False),
        ("a", None, ["x"], False, "r2", None, False),
        ("b", 2, None, None, "r1", "r2", False),
        ("b", None, None, None, "r2", None, True),
    ]
    assert history.warehouse.rows(f"select {columns} from core.history order by all") == kept
    show(history, "r3", ("a", 1, ["x"]))
    assert history.warehouse.rows(f"select {columns} from core.history order by all") == kept


def test_rows_of_another_kind_are_no_history(project: Any) -> None:
    """A table that an earlier version rebuilt each time has no runs: it is refused and stays."""
    project.warehouse.execute("create table raw.state (thing_key varchar, size integer, tags varchar[])")
    project.model("core.history", STATE)
    project.build(everything=True)
    project.model("core.history", STATE, VERSIONS)
    with pytest.raises(BuildFailed, match="from_run_id, to_run_id, is_removed differ"):
        project.build(everything=False)


def test_a_log_gains_and_loses_columns_with_its_model(project: Any) -> None:
    """The rows of before stay as they are, with null where the new column is."""
    project.warehouse.execute("create table raw.state as select 'a' as k, 1 as v, 5 as w")
    project.model("core.log", "select k, v from raw.state", "-- kind: append\n-- key: k\n")
    project.build(everything=False)
    project.model("core.log", "select k, w from raw.state", "-- kind: append\n-- key: k\n")
    project.warehouse.execute("update raw.state set k = 'b'")
    project.build(everything=False)
    assert project.warehouse.rows("select k, v, w from core.log order by k") == [("a", 1, None), ("b", None, 5)]
    project.model("core.log", "select w as x from raw.state", "-- kind: append\n-- key: x\n")
    with pytest.raises(BuildFailed, match=r"\(x differ\)"):
        project.build(everything=False)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select size from raw.state", "line 5: the key column 'thing_key' is not in the SELECT"),
        ("select thing_key, true as is_removed from raw.state", "'is_removed' is the runner's"),
    ],
)
def test_columns_that_cannot_be_are_refused(sql: str, says: str, history: Any) -> None:
    """The key must be selected, and the runner's columns not."""
    history.model("core.history", sql, "-- kind: versions\n--\n-- key: thing_key\n")
    with pytest.raises(BuildFailed) as caught:
        history.build()
    assert says in str(caught.value)


def test_rows_are_appended_once(project: Any) -> None:
    """A key that is there keeps its row; a null in a key equals a null."""
    project.warehouse.execute("create table raw.state as select 'a' as k, cast(null as integer) as n, 1 as v")
    project.model("core.log", "select k, n, v from raw.state", "-- kind: append\n-- key: k, n\n")
    project.build(everything=False)
    project.warehouse.execute("update raw.state set v = 2")
    project.warehouse.execute("insert into raw.state values ('b', 7, 3)")
    project.build(everything=False)
    assert project.rows("core.log") == [("a", None, 1), ("b", 7, 3)]


def test_a_run_is_appended_whole(project: Any) -> None:
    """With run_id as the key all rows of a new run come in, and the same run again adds none."""
    project.warehouse.execute("create table raw.state as select 'r1' as run_id, unnest([1, 1, 2]) as v")
    project.model("mart.log", "select run_id, v from raw.state", "-- kind: append\n-- key: run_id\n")
    project.build(everything=False)
    project.build(everything=False)
    assert project.rows("mart.log") == [("r1", 1), ("r1", 1), ("r1", 2)]


def test_a_table_is_written_in_the_order_of_its_select(project: Any) -> None:
    """Questions about ends of ranges are served by the order on disk."""
    project.model("core.sorted", "select hash(range) as h from raw.numbers order by h")
    project.warehouse.execute("create table raw.numbers as select range from range(5000)")
    project.build()
    stored = [row[0] for row in project.warehouse.rows("select h from core.sorted order by rowid")]
    assert stored == sorted(stored)


def test_a_table_may_become_a_view_and_back(project: Any) -> None:
    """Changing the kind of a model needs no hand work on the file."""
    for kind in ("table", "view", "table"):
        project.model("core.one", "select 1 as a", f"-- kind: {kind}\n")
        project.build()
        assert project.rows("core.one") == [(1,)]


@pytest.mark.parametrize(
    ("kind", "more"), [("table", ""), ("view", ""), ("append", "-- key: a\n"), ("versions", "-- key: a\n")]
)
def test_a_refused_select_names_the_line_of_its_file(kind: str, more: str, project: Any) -> None:
    """Whatever is put around the SELECT, the line is the one that the author sees."""
    project.warehouse.execute("create table raw.state as select 1 as a")
    project.model("core.wrong", "select\n    a,\n    b\nfrom raw.state", f"-- kind: {kind}\n{more}")
    with pytest.raises(BuildFailed) as caught:
        project.build()
    line = 6 + bool(more)
    assert str(caught.value).startswith(f"sql/core/wrong.sql line {line}: ")
