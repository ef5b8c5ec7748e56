from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import BuildFailed, CheckFailed

ROWS = "select * from (values ('a', 1, 'on'), ('b', 2, 'off'), ('b', null, null)) as v(thing_key, size, state)"


def checked(project: Any, check: str) -> Any:
    """Build core.things with one check, on line 4 of its file."""
    project.model("core.things", ROWS, f"-- kind: table\n-- check: {check}\n")
    return project.build()


@pytest.mark.parametrize(
    "check",
    [
        "unique(thing_key, size)",
        "not_null(thing_key)",
        "accepted(state, 'on', 'off')",
        "found_in(state, core.states.state)",
        "holds(size > 0)",
        "holds(state in ('on', 'off'))",
        "stop not_null(thing_key)",
    ],
)
def test_a_check_passes(check: str, project: Any) -> None:
    """Null passes where a check says so; the result is recorded."""
    project.model("core.states", "select unnest(['on', 'off', 'broken']) as state")
    assert checked(project, check).warnings == ()
    recorded = project.warehouse.rows("select model, severity, status, failing_rows, sample from meta.checks")
    assert recorded == [("core.things", "stop", "passed", 0, None)]


def test_what_only_hashes_alike_is_no_double(project: Any) -> None:
    """The quick first test counts hashes, and null, [] and [null] have the same one."""
    rows = "select unnest([null, [], [null]]) as tags"
    project.model("core.things", rows, "-- kind: table\n-- check: unique(tags)\n")
    assert project.build().warnings == ()
    assert project.warehouse.rows("select count(distinct hash(tags)) from core.things") == [(1,)]


def test_each_check_of_a_table_has_its_own_result(project: Any) -> None:
    """Also when they share one scan: those that found something, and those that did not."""
    checks = "-- check: warn unique(thing_key)\n-- check: not_null(thing_key)\n-- check: warn holds(size > 1)\n"
    project.model("core.things", ROWS, f"-- kind: table\n{checks}")
    project.build()
    recorded = "select check_name, status, failing_rows from meta.checks order by check_name"
    assert project.warehouse.rows(recorded) == [
        ("holds(size > 1)", "failed", 1),
        ("not_null(thing_key)", "passed", 0),
        ("unique(thing_key)", "failed", 1),
    ]


@pytest.mark.parametrize(
    ("check", "count", "sample"),
    [
        ("unique(thing_key)", "1 row", "{thing_key: b, row_count: 2}"),
        ("not_null(size, state)", "1 row", "{size: null, state: null, thing_key: b}"),
        ("accepted(state, 'on')", "1 row", "{state: off, thing_key: b, size: 2}"),
        ("found_in(state, core.states.state)", "2 rows", "{state: off, thing_key: b, size: 2}"),
        ("holds(size < 2)", "1 row", "{thing_key: b, size: 2, state: off}"),
    ],
)
def test_a_failing_check_stops_the_build_with_a_sample(check: str, count: str, sample: str, project: Any) -> None:
    """The sentence has the check, the number of rows, file and line, and rows to look at."""
    project.model("core.states", "select 'broken' as state")
    with pytest.raises(CheckFailed) as caught:
        checked(project, check)
    said = str(caught.value)
    assert f"core.things: {check} found {count} (sql/core/things.sql line 4), e.g. {sample}" in said
    assert project.warehouse.rows("select status, severity from meta.checks") == [("failed", "stop")]


def test_three_rows_are_shown(project: Any) -> None:
    """More than three would hide the sentence; the count says how many there are."""
    project.model("core.things", "select unnest([1, 2, 3, 4]) as n", "-- kind: table\n-- check: holds(n > 9)\n")
    with pytest.raises(CheckFailed, match=r"found 4 rows .* \{n: 1\}; \{n: 2\}; \{n: 3\}\.$"):
        project.build()


def test_a_warning_lets_the_build_go_on(project: Any) -> None:
    """What only warns is reported and recorded."""
    report = checked(project, "warn unique(thing_key)")
    assert [outcome.failing_rows for outcome in report.warnings] == [1]
    assert project.warehouse.rows("select status, severity from meta.checks") == [("failed", "warn")]


@pytest.mark.parametrize(
    ("check", "says"),
    [
        ("uniq(thing_key)", "unknown check 'uniq(thing_key)'"),
        ("unique thing_key", "unknown check"),
        ("unique()", "names ''"),
        ("unique(thing_kee)", "names 'thing_kee'"),
        ("holds(size >)", "not one SELECT"),
        ("holds(sighs > 1)", "sighs"),
        ("holds(size > (select count(*) from read_csv('a.csv')))", "read_csv"),
        ("holds(true)) union all select 1, 2, 3 from query('x') where (true", "query"),
        ("found_in(state, 'a.csv'.state)", "a.csv"),
    ],
)
def test_a_wrong_check_is_refused_with_its_line(check: str, says: str, project: Any) -> None:
    """A check is SQL too: unknown forms, unknown columns and everything but reading are refused."""
    with pytest.raises(BuildFailed) as caught:
        checked(project, check)
    assert "sql/core/things.sql line 4" in str(caught.value)
    assert says in str(caught.value)


def test_a_check_file_finds_rows_that_must_not_exist(project: Any) -> None:
    """A file of sql/checks is a SELECT over any tables; its name is the check's."""
    project.model("core.things", ROWS)
    project.write("checks/no_b.sql", "-- No b.\n-- severity: stop\nselect thing_key from core.things where size = 2")
    with pytest.raises(CheckFailed, match=r"no_b found 1 row \(sql/checks/no_b\.sql line 3\), e\.g\. \{thing_key: b\}"):
        project.build()


def test_a_sample_is_one_line_whatever_a_name_holds(project: Any) -> None:
    """Line breaks become blanks, and a value of a million characters is cut and says how long it is."""
    project.model("core.things", ROWS)
    project.write("checks/long.sql", "-- Long.\n-- severity: stop\nselect 'a\n\nb' || repeat('x', 1000000) as name")
    with pytest.raises(CheckFailed) as caught:
        project.build()
    said = str(caught.value)
    assert "{name: a bxxx" in said
    assert said.endswith("xxx... (1000003 characters)}.")
    assert len(said) < 300


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("select 1 as a", "say `-- severity"),
        ("-- severity: fatal\nselect 1 as a", "say `-- severity"),
        ("-- severity: stop\n-- kind: table\nselect 1 as a", "unknown header key 'kind'"),
        ("-- severity: stop\nselect * from read_csv('a.csv')", "read_csv"),
        ("-- severity: stop\nselect a from core.nothing", "line 2"),
    ],
)
def test_a_wrong_check_file_is_refused(text: str, says: str, project: Any) -> None:
    """The same rules as for models."""
    project.write("checks/wrong.sql", text)
    with pytest.raises(BuildFailed) as caught:
        project.build()
    assert "sql/checks/wrong.sql line" in str(caught.value)
    assert says in str(caught.value)


def test_the_results_of_a_run_are_replaced_and_of_others_kept(project: Any) -> None:
    """The same run checked again has one result, an older run keeps its own."""
    project.model("core.things", ROWS, "-- kind: table\n-- check: not_null(thing_key)\n")
    for run in ("r1", "r2", "r2"):
        project.build(as_run=run)
    assert project.warehouse.rows("select run_id from meta.checks order by 1") == [("r1",), ("r2",)]
