from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import BuildFailed
from pipeline.transform.run import build_models, read_project

KEPT = "-- kind: append\n-- key: n\n"


def test_models_are_built_in_the_order_of_what_they_read(project: Any) -> None:
    """Names do not matter: z is built before a when a reads it."""
    project.model("core.a", "select n + 1 as n from staging.z")
    project.model("staging.z", "select 1 as n", "-- kind: view\n")
    assert list(project.build().seconds) == ["staging.z", "core.a"]
    assert project.rows("core.a") == [(2,)]


def test_a_catch_up_builds_kept_models_and_what_they_read(project: Any) -> None:
    """The rest, the checks and the comments come with the last run."""
    project.model("core.log", "select n from staging.z", KEPT + "-- check: holds(n > 5)\n")
    project.model("staging.z", "select 1 as n")
    project.model("mart.others", "select n from core.log")
    report = project.build(everything=False)
    assert list(report.seconds) == ["staging.z", "core.log"]
    assert project.warehouse.rows("select count(*) from meta.checks") == [(0,)]


def test_what_is_the_same_in_all_runs_is_made_once(project: Any) -> None:
    """Views and tables of lists stay from run to run of a catch-up; other tables, and what somebody dropped, do not."""
    project.write("rules/sizes.csv", "size\n1\n")
    project.warehouse.execute("create table raw.items as select 1 as size")
    project.model("rules.sizes", "select cast(size as integer) as size from raw.rules_sizes")
    project.model("core.items", "select size from raw.items")
    project.model("core.seen", "select items.size from core.items as items", "-- kind: view\n")
    project.model("core.more", "select size from core.items", "-- kind: view\n")
    files = read_project(project.warehouse, project.folder)
    build_models(files, everything=True, as_run="run-1")
    project.warehouse.execute("drop view core.more")
    assert set(build_models(files, everything=True, as_run="run-2").seconds) == {"core.items", "core.more"}


@pytest.mark.parametrize(
    ("name", "sql", "says"),
    [
        ("core.a", "select 1 as n\nfrom core.bee", "sql/core/a.sql line 5: there is no table or model core.bee"),
        ("core.a", "select core.f(1) as n", "sql/core/a.sql line 4: there is no macro core.f"),
        ("core.b", "select n from core.b", "core.b reads core.b (sql/core/b.sql line 4)"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(name: str, sql: str, says: str, project: Any) -> None:
    """A missing table or macro and a circle are named with file and line before anything is built."""
    project.model(name, sql)
    with pytest.raises(BuildFailed) as caught:
        project.build()
    assert says in str(caught.value)


def test_a_table_of_an_earlier_version_is_not_read(project: Any) -> None:
    """What an older file happens to hold does not make a wrong name right."""
    project.model("core.old", "select 1 as n")
    project.build()
    (project.folder / "core" / "old.sql").unlink()
    project.model("core.a", "select n from core.old")
    with pytest.raises(BuildFailed, match=r"no table or model core\.old"):
        project.build()


def test_a_view_of_an_earlier_version_is_dropped(project: Any) -> None:
    """A view whose file is gone would fail in people's hands."""
    project.model("core.old", "select 1 as n", "-- kind: view\n")
    project.build()
    (project.folder / "core" / "old.sql").unlink()
    project.build()
    assert project.warehouse.rows("select count(*) from duckdb_views() where schema_name = 'core'") == [(0,)]


def test_tables_and_columns_are_described(project: Any) -> None:
    """A column without a comment has the one of its namesake in what the model reads."""
    project.model("core.a", "select\n    account,\n    id as thing_id, -- who it is\n    1 as extra\nfrom raw.agents")
    project.model("mart.b", "select account, thing_id from core.a", "-- kind: view\n")
    project.build()
    comments = dict(
        project.warehouse.rows(
            "select table_name || '.' || column_name, comment from duckdb_columns() where schema_name in ('core', 'mart')"
        )
    )
    assert comments == {
        "a.account": "name of the account in tlm.toml",
        "a.thing_id": "who it is",
        "a.extra": None,
        "b.account": "name of the account in tlm.toml",
        "b.thing_id": "who it is",
    }
    assert project.warehouse.rows("select comment from duckdb_views() where view_name = 'b'") == [("One thing.",)]
    assert project.warehouse.rows("select comment from duckdb_tables() where table_name = 'a'") == [("One thing.",)]


def test_a_comment_that_belongs_to_no_column_is_refused(project: Any) -> None:
    """A description that nobody would ever read is an error."""
    project.model("core.a", "select\n    1 + n -- the next\nfrom raw.numbers")
    project.warehouse.execute("create table raw.numbers as select 1 as n")
    with pytest.raises(BuildFailed, match="belongs to no column"):
        project.build()


def test_macros_may_call_each_other_and_live_in_views(project: Any) -> None:
    """Order among macros is by who calls whom; a sentence becomes the comment."""
    project.write("macros/a.sql", "-- Twice the next.\n-- macro: staging.a(x)\n2 * staging.b(x)\n")
    project.write("macros/b.sql", "-- The next.\n-- macro: staging.b(x)\nx + 1 -- a note\n")
    project.model("core.v", "select staging.a(1) as n", "-- kind: view\n")
    project.build()
    assert project.rows("core.v") == [(4,)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-- macro: staging.a(x)\n(select max(k) from core.t)", "the macro reads core.t"),
        ("-- macro: a(x)\nx", "macro: schema.name"),
        ("-- One.\nx", "macro: schema.name"),
        ("-- macro: staging.a(x)\n-- kind: view\nx", "unknown header key 'kind'"),
        ("-- macro: staging.a(x)\nx +", "not one SELECT"),
        ("-- macro: staging.a(x)\nx)); drop table core.t; select ((1", "not one SELECT"),
        ("-- macro: staging.a(x)\nx + now()", "now is not allowed"),
    ],
)
def test_a_wrong_macro_is_refused(text: str, says: str, project: Any) -> None:
    """A macro is one expression over its parameters."""
    project.write("macros/a.sql", text)
    with pytest.raises(BuildFailed) as caught:
        project.build()
    assert "sql/macros/a.sql" in str(caught.value)
    assert says in str(caught.value)


def test_a_list_is_loaded_as_text_and_typed_by_a_model(project: Any) -> None:
    """Empty is null, everything else is text until the model of the same name casts it."""
    project.write("rules/limits.csv", 'from_on,days,note\n2026-03-15,200,\n2027-03-15,100,"a, b"\n')
    project.model(
        "rules.limits",
        "select cast(from_on as date) as from_on, cast(days as integer) as days, note\nfrom raw.rules_limits",
    )
    project.build()
    rows = project.warehouse.rows("select cast(from_on as varchar), days, note from rules.limits order by 1")
    assert rows == [("2026-03-15", 200, None), ("2027-03-15", 100, "a, b")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"a,b\n1,2\n\n1,2,3\n", "line 4: 3 cells for 2 columns"),
        (b"a,b\n1\n", "line 2: 1 cells for 2 columns"),
        (b'a,b\n1,"2\n', "line 2: unexpected end of data"),
        (b"a,b\n1,2\nM\xfc,3\n", "line 3 is not UTF-8 text"),
        (b"a, b\n1,2\n", "line 1: the first line of a list names its columns"),
        (b"", "line 1: the first line of a list names its columns"),
    ],
)
def test_a_damaged_list_is_named(text: bytes, says: str, project: Any) -> None:
    """A line with too many or too few cells, or no header, stops the build and names the file and the line."""
    project.write("rules/limits.csv", "")
    (project.folder / "rules/limits.csv").write_bytes(text)
    with pytest.raises(BuildFailed) as caught:
        project.build()
    assert f"rules/limits.csv {says}" in str(caught.value)


def test_a_list_may_begin_with_the_mark_of_utf_8(project: Any) -> None:
    """Editors of Windows write one; it is no part of the first column's name."""
    project.write("rules/limits.csv", "\ufeffeffective_from,effective_to,days\n,,200\n")
    project.model("rules.limits", "select effective_from, days\nfrom raw.rules_limits")
    project.build()
    assert project.rows("rules.limits") == [(None, "200")]


@pytest.mark.parametrize("threads", [1, 8])
def test_the_tables_do_not_depend_on_threads(threads: int, project: Any) -> None:
    """The same rows with one and with eight threads, and on disk in the order that a SELECT asks for."""
    project.warehouse.execute(f"set threads = {threads}")
    project.warehouse.execute("create table raw.numbers as select range as n, range % 7 as g from range(300000)")
    project.model("core.t", "select n, g from raw.numbers order by g, n desc")
    project.model("core.h", "select cast(n as varchar) as k, g from raw.numbers", "-- kind: versions\n-- key: k\n")
    project.build()
    in_order = sorted(range(300000), key=lambda n: (n % 7, -n))
    assert [row[0] for row in project.warehouse.rows("select n from core.t order by rowid")] == in_order
    keys = [row[0] for row in project.warehouse.rows("select k from core.h order by k")]
    assert keys == sorted(map(str, range(300000)))


def test_what_a_model_is_and_reads_stands_in_the_file(project: Any) -> None:
    """meta.models has kind, grain, reads and calls of the newest full build, and nothing of models that are gone."""
    project.write("macros/a.sql", "-- The next.\n-- macro: staging.a(x)\nx + 1\n")
    project.model("staging.z", "select 1 as n", "-- kind: view\n")
    project.model("core.a", "select staging.a(z.n) as n from staging.z as z cross join meta.current_run as run")
    project.model("core.old", "select 1 as n")
    project.build()
    (project.folder / "core" / "old.sql").unlink()
    project.build()
    assert project.rows("meta.models") == [
        ("core.a", "table", "one thing", ["meta.current_run", "staging.z"], ["staging.a"], "sql/core/a.sql"),
        ("staging.z", "view", "one thing", [], [], "sql/staging/z.sql"),
    ]


MACRO = "-- kind: macro\n-- macro: core.above(least)\n"


def test_a_table_macro_is_built_after_what_it_reads_and_described(project: Any) -> None:
    """It is called with its schema, and a catch-up leaves it out."""
    project.model("core.above", "select a.n, tlm.core.twice(a.n) as m from tlm.core.zoo as a where a.n > least", MACRO)
    project.model("core.zoo", "select unnest([1, 2, 3]) as n")
    project.write("macros/twice.sql", "-- macro: core.twice(value)\nvalue * 2")
    assert list(project.build().seconds) == ["core.zoo", "core.above"]
    assert project.rows("core.above(1)") == [(2, 4), (3, 6)]
    said = "select comment from duckdb_functions() where function_name = 'above'"
    assert project.warehouse.rows(said) == [("One thing.",)]
    assert list(project.build(everything=False).seconds) == []


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (
            "select n\nfrom core.zoo",
            "sql/core/above.sql line 6: core.zoo is not allowed in a model; write tlm in front of it",
        ),
        (
            "select core.twice(n) as n from tlm.core.zoo",
            "core.twice is not allowed in a model; write tlm in front of it",
        ),
        ("select n from tlm.core.bee", "there is no table or model core.bee"),
        ("select n from tlm.other.zoo", "the table 'other.zoo' is not allowed"),
        ("with x as (delete from tlm.core.zoo returning *) select n from x", "a DELETE is not allowed"),
    ],
)
def test_a_table_macro_names_the_file_and_only_reads(sql: str, says: str, project: Any) -> None:
    """Its body is bound where it is called, so `tlm` stands in front of all that is ours; else it is held to the same list."""
    project.model("core.above", sql, MACRO)
    project.model("core.zoo", "select 1 as n")
    with pytest.raises(BuildFailed) as caught:
        project.build()
    assert says in str(caught.value)
