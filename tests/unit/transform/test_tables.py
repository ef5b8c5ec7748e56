from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import BuildFailed
from pipeline.transform.model import Source
from pipeline.transform.tables import read_tables
from pipeline.warehouse.duck import Warehouse, open_writable


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The parser is the engine's."""
    with open_writable(tmp_path_factory.mktemp("parser") / "tlm.duckdb") as opened:
        yield opened


def source(sql: str) -> Source:
    """A statement that begins on line 4 of its file."""
    return Source(Path("project/sql/core/things.sql"), "", (), sql, 4)


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("select 1 as one", set()),
        ("from core.a", {"core.a"}),
        ("select a from Core.A as x join mart.b using (k)", {"core.a", "mart.b"}),
        ("with a as (select 1 from core.a) select * from a", {"core.a"}),
        ("with x as (with y as (select 1 from core.a) from y) select * from x, core.b", {"core.a", "core.b"}),
        ("with recursive r as (select 1 as n union all select n + 1 from r, core.a) from r", {"core.a"}),
        ("select 1 from core.a where k in (select k from core.b) and exists (select 1 from core.c)",
         {"core.a", "core.b", "core.c"}),
        ("select (select max(k) from core.b) as m from core.a", {"core.a", "core.b"}),
        ("select 1 from core.a union all select 2 from core.b except select 3 from core.c",
         {"core.a", "core.b", "core.c"}),
        ("select u.v from core.a, unnest(core.a.list) as u(v)", {"core.a"}),
        ("select 1 from core.a semi join core.b using (k) anti join core.c using (k)", {"core.a", "core.b", "core.c"}),
        ("select sum(a) over (partition by (select k from core.b) order by a) from core.a", {"core.a", "core.b"}),
        ("select * from (values (1, 'x')) as v(a, b)", set()),
        ("select list_filter(l, lambda x: x > 1), {'a': 1}, [1], l[1], a ->> '$.b' from core.a", {"core.a"}),
        ("select case when a between 1 and 2 then cast(b as decimal(9, 2)) end from core.a order by 1 desc nulls last",
         {"core.a"}),
        ("select distinct on (a) a from core.a order by a limit 5", {"core.a"}),
        ("select count(*) filter (where a), grouping(a) from core.a group by grouping sets ((a), ())", {"core.a"}),
        ("(select 1 from core.a)", {"core.a"}),
        ("with a as (select * from core.a), b as (select * from a) select * from b", {"core.a"}),
        ("select age(b, a) from core.a", {"core.a"}),
    ],
)  # fmt: skip
def test_tables_are_read_from_plain_sql(sql: str, tables: set[str], warehouse: Warehouse) -> None:
    """Wherever a table stands in a SELECT, it is found; CTEs are not tables."""
    assert read_tables(warehouse, source(sql)).tables.keys() == tables


@pytest.mark.parametrize(
    "sql",
    [
        "with x as (delete from core.a returning *) select * from x",
        "with x as (insert into core.a values (1) returning *) select * from x",
        "with x as (update core.a set k = 1 returning *) select * from x",
        "with x as (copy core.a to 'a.csv') select * from x",
        "select * from query('delete from core.a')",
        "select * from query_table('core.a')",
        "select * from read_csv('a.csv')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('*')",
        "select * from 'a.parquet'",
        "select * from duckdb_secrets()",
        "select * from range(5)",
        "summarize core.a",
        "describe core.a",
        "show tables",
        "select * from (summarize core.a)",
        "select * from (describe core.a)",
        "pivot core.a on k using sum(v)",
        "select * from core.a tablesample 10%",
        "select $1 from core.a",
        "select #1 from core.a",
        "select * from a",
        "with a as (select * from a) select * from a",
        "with b as (select * from a), a as (select 1) select * from b",
        "select age(valid_to_at) from core.a",
        "select ago(interval 1 day)",
        "select " + " + ".join(["1"] * 900),
        "select * from main.a",
        "select * from information_schema.tables",
        "select * from tlm.core.a",
        "select * from memory.core.a",
        "select now()",
        "select current_timestamp",
        "select current_date",
        "select random()",
        "select uuid()",
        "select getenv('HOME')",
        "select nextval('s')",
        "select current_setting('threads')",
        "delete from core.a",
        "drop table core.a",
        "create table core.b as select 1",
        "attach 'x.duckdb'",
        "set threads = 1",
        "select 1; select 2",
        "select 1; drop table core.a",
        "select from where",
    ],
)
def test_what_is_not_plain_reading_is_refused(sql: str, warehouse: Warehouse) -> None:
    """Writing, reading files, describing, drawing lots, unqualified tables: refused with file and line."""
    with pytest.raises(BuildFailed, match=r"^sql/core/things\.sql line \d+: "):
        read_tables(warehouse, source(sql))


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select 'ä' as a,\n    now() as b", "line 5: now is"),
        ("select *\nfrom core.a\njoin b using (k)", "line 6: the table 'b'"),
        ("with\nx as (delete from core.a returning *)\nselect * from x", "a DELETE"),
        ("select 1\n\n\nfrom from", "line 7: this is not one SELECT"),
    ],
)
def test_a_refusal_names_the_line_of_the_file(sql: str, says: str, warehouse: Warehouse) -> None:
    """The line counts from the top of the file, not of the statement."""
    with pytest.raises(BuildFailed) as caught:
        read_tables(warehouse, source(sql))
    assert says in str(caught.value)


def test_macros_are_found_with_their_schema(warehouse: Warehouse) -> None:
    """A call of a macro of ours is told apart from the engine's functions."""
    reading = read_tables(warehouse, source("select upper(a),\n    staging.parse_time(b) from core.a"))
    assert reading.macros == {"staging.parse_time": 5}
