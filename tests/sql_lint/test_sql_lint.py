"""The lint of `sql/`: the same rows with any number of threads, and in the subset that other engines read the same way.

Two views of each model: the parsed tree (what is written) and the bound plan over empty tables (what types it has).
`sql/README.md` says for people what is looked for and what to write instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pipeline.load.meta import create_meta
from pipeline.places import content
from pipeline.transform.model import MODEL_SCHEMAS, Source, read_source
from pipeline.transform.run import build_models, read_project
from pipeline.transform.tables import parse
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import discard, open_build

SQL = content("sql")
KEYS = ("grain", "kind", "key", "check", "severity", "advice", "macro")
Node = dict[str, Any]

LOTS = {"any_value", "arbitrary", "first", "last", "mode", "approx_count_distinct", "approx_quantile", "approx_top_k",
        "reservoir_quantile", "histogram", "entropy"}  # fmt: skip
ORDERED = {"list", "array_agg", "string_agg", "group_concat", "listagg"}
POSITIONAL = {"row_number", "ntile", "lag", "lead", "first_value", "last_value", "nth_value", "first", "last"}
PICKING = {"arg_min", "arg_max", "min_by", "max_by", "argmin", "argmax", "arg_min_null", "arg_max_null"}
NOT_PORTABLE = {"quantile_cont", "quantile_disc", "quantile", "len", "try_strptime", "isodow", "dayofweek", "columns",
                "generate_series", "range"}  # fmt: skip
FLOATING_SUMS = {"sum", "avg", "mean", "stddev", "stddev_samp", "stddev_pop", "var_samp", "var_pop", "variance",
                 "sum_no_overflow", "covar_pop", "covar_samp", "corr", "product", "geomean"}  # fmt: skip
WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
ROUNDING = {"floor", "ceil", "ceiling", "round", "trunc"}
# A column that makes an order total, as far as it can be seen: the last part of its name says that it names one thing.
TELLING = ("key", "id", "no", "guid", "name", "thumbprint")


def nodes(value: Any) -> Iterator[Node]:
    """Every object of a tree."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from nodes(part)


def arguments(node: Node) -> list[Node]:
    """The arguments of a parsed function, without their names."""
    return [argument["expression"] for argument in node.get("arguments", [])]


def tells_apart(expressions: Any) -> bool:
    """Whether a column among `expressions` looks as if it named one thing."""
    columns = [node["column_names"][-1].lower() for node in nodes(expressions) if node.get("class") == "COLUMN_REF"]
    return any(column.rsplit("_", 1)[-1] in TELLING for column in columns)


def function_faults(node: Node) -> Iterator[str]:
    """What is wrong with one call as it is written."""
    name = node["function_name"].lower()
    if node["schema"]:
        return
    orders = (node.get("order_bys") or {}).get("orders") or node.get("arg_orders")
    if name in LOTS and node["class"] == "FUNCTION":
        yield f"{name}() takes any row: say which"
    if name in ORDERED and not orders:
        yield f"{name}() without ORDER BY inside depends on threads"
    if name in POSITIONAL and node["class"] == "WINDOW" and not tells_apart(node["orders"]):
        yield f"{name}() over an ORDER BY that may tie: end it with a key"
    if name in PICKING and not tells_apart(arguments(node)[1:]):
        yield f"{name}() by a value that may tie: pick by row(value, key)"
    if name in NOT_PORTABLE:
        yield f"{name}() is not in the portable subset"
    if name in ("date_part", "datepart", "date_trunc") and '"dow"' in json.dumps(arguments(node)[:1]):
        yield "the day of the week counts from another day elsewhere"
    if name in ("/", "//", "%") and not divides_safely(arguments(node)[1]):
        yield "a division whose divisor may be 0: use nullif"


def divides_safely(divisor: Node) -> bool:
    """A constant that is not 0, or nullif(...)."""
    if divisor["class"] == "CONSTANT":
        return str(divisor["literal"].get("text")) not in ("0", "0.0")
    return divisor["class"] == "FUNCTION" and divisor["function_name"] == "nullif"


def query_faults(node: Node) -> Iterator[str]:
    """What is wrong with one SELECT as it is written."""
    modifiers = {modifier["type"]: modifier for modifier in node.get("modifiers", [])}
    orders = modifiers.get("ORDER_MODIFIER", {}).get("orders", [])
    if modifiers.get("DISTINCT_MODIFIER", {}).get("distinct_on_targets") and not tells_apart(orders):
        yield "DISTINCT ON with an ORDER BY that may tie: end it with a key"
    if "LIMIT_MODIFIER" in modifiers and not tells_apart(orders):
        yield "LIMIT without an ORDER BY that ends with a key"
    if node.get("aggregate_handling") == "FORCE_AGGREGATES":
        yield "GROUP BY ALL: name the columns"
    if node.get("setop_type") == "UNION_BY_NAME":
        yield "UNION BY NAME is not in the portable subset"
    for column in node.get("select_list", []):
        if column["class"] == "STAR" and any(ref.get("schema_name") for ref in nodes(node.get("from_table"))):
            yield "`*` through layers: name the columns"


def faults_as_written(tree: Node) -> set[str]:
    """All that can be seen without types."""
    found: set[str] = set()
    for node in nodes(tree):
        if node.get("class") in ("FUNCTION", "WINDOW"):
            found.update(function_faults(node))
        if str(node.get("type")).endswith("_NODE"):
            found.update(query_faults(node))
        if node.get("ref_type") in ("ASOF", "POSITIONAL"):
            found.add(f"a {node['ref_type']} join is not in the portable subset")
    return found


def faults_as_bound(plan: Node) -> set[str]:
    """All that needs types: sums of doubles, casts that round, differences of instants."""
    found = set()
    dated = [node["children"][0] for node in nodes(plan) if is_cast_to(node, "DATE")]
    for node in nodes(plan):
        kind = str(node.get("expression_class", ""))
        if not kind.startswith("BOUND") or "qname" not in node:
            continue
        name = node["qname"]["path"][-1]
        types = [argument.get("id") for argument in node.get("arguments", []) if isinstance(argument, dict)]
        is_sum = kind in ("BOUND_AGGREGATE", "BOUND_WINDOW") and name in FLOATING_SUMS
        if is_sum and {"DOUBLE", "FLOAT"} & set(types):
            found.add(f"{name}() of a double depends on threads: use fsum, decimals or integers")
        if name == "__cast":
            found.update(cast_faults(node, types))
        if name in ("+", "-") and types == ["DATE", "INTERVAL"] and not any(node is child for child in dated):
            found.add("date + interval: cast it to a date")
        if name == "-" and types == ["DATE", "DATE"]:
            found.add("date - date: use date_diff('day', ...)")
        if (
            name in ("date_diff", "datediff")
            and "TIMESTAMP" in types
            and "second" not in json.dumps(node["children"][0])
        ):
            found.add("date_diff of instants in anything but seconds")
        if name in ("date_diff", "datediff") and "DATE" in types and "day" not in json.dumps(node["children"][0]):
            found.add("date_diff of days in anything but days")
    return found


def is_cast_to(node: Node, sql_type: str) -> bool:
    """Whether a bound node is a cast to this type."""
    is_cast = (node.get("qname") or {"path": [""]})["path"][-1] == "__cast"
    return is_cast and node["return_type"]["id"] == sql_type


def cast_faults(node: Node, types: list[str | None]) -> Iterator[str]:
    """Engines disagree on how a number becomes whole, and on how a double is written."""
    child = node["children"][0]
    is_rounded = (child.get("qname") or {"path": [""]})["path"][-1] in ROUNDING
    is_constant = child.get("expression_class") == "BOUND_CONSTANT"
    if types[0] in ("DOUBLE", "FLOAT", "DECIMAL") and node["return_type"]["id"] in WHOLE and not is_rounded:
        yield "a cast to a whole number rounds here and truncates elsewhere: floor or round first"
    if types[0] in ("DOUBLE", "FLOAT") and node["return_type"]["id"] == "VARCHAR" and not is_constant:
        yield "a double as text is written differently elsewhere"


def sources(*folders: str) -> list[Source]:
    """All SQL files of these folders; a macro as the SELECT of its expression, a table macro at an instant."""
    found = [read_source(path, KEYS) for folder in folders for path in sorted((SQL / folder).glob("*.sql"))]
    return [replace(source, sql=as_select(source)) for source in found]


def as_select(source: Source) -> str:
    """The statement that can be bound alone."""
    if source.path.parent.name == "macros":
        return f"select (\n{source.sql}\n) as value"
    if any(entry.key == "macro" for entry in source.header):
        return re.sub(r"\bts\b", "timestamp '2026-11-02'", source.sql)
    return source.sql


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """All models over empty raw tables, and a table of every type that the rules speak of."""
    build = open_build(tmp_path_factory.mktemp("lint") / "tlm.duckdb")
    create_meta(build.warehouse)
    build.warehouse.execute(
        "insert into meta.current_run by name select 'r' as run_id, timestamp '2026-11-24 06:00:00' as as_of_at,"
        " 'Europe/Berlin' as timezone, timestamp '2026-11-22 23:00:00' as week_starts_at, 2026 as iso_year, 48 as iso_week"
    )
    build_models(read_project(build.warehouse, SQL), everything=True, as_run="r")
    build.warehouse.execute(
        "create table raw.t (d double, i integer, x decimal(9, 2), s varchar, k_key varchar, on_day date, at_ timestamp)"
    )
    yield build.warehouse
    discard(build)


def faults(warehouse: Warehouse, source: Source) -> set[str]:
    """All faults of a statement, as written and as bound; a macro is bound where it is called."""
    found = faults_as_written(parse(warehouse, source))
    if source.path.parent.name == "macros":
        return found
    plan = json.loads(warehouse.rows("select json_serialize_plan(?, optimize := false)", [source.sql])[0][0])
    assert not plan["error"], plan
    return found | faults_as_bound(plan)


KEYWORDS = {"SELECT", "FROM", "WHERE", "JOIN", "LEFT", "GROUP", "ORDER", "BY", "UNION", "ALL", "CASE", "WHEN", "THEN", "ELSE",
            "END", "AS", "ON", "AND", "OR", "NOT", "NULL", "IS", "IN", "WITH", "HAVING", "QUALIFY", "CAST", "COALESCE"}  # fmt: skip

# What a rule cannot see to be right, with the reason why it is.
ACCEPTED: dict[str, dict[str, str]] = {}


@pytest.mark.parametrize(
    "source",
    sources(*MODEL_SCHEMAS, "checks", "macros"),
    ids=lambda source: f"{source.path.parent.name}/{source.path.stem}",
)
def test_a_model_gives_the_same_rows_everywhere(source: Source, built: Warehouse) -> None:
    """No statement depends on threads, or leaves the portable subset, without a reason that is written down."""
    accepted = ACCEPTED.get(f"{source.path.parent.name}/{source.path.name}", {})
    assert faults(built, source) == accepted.keys()


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select any_value(s) as a from raw.t", "any_value"),
        ("select first(s order by i) as a from raw.t", "first"),
        ("select mode(s) as a from raw.t", "mode"),
        ("select list(s) as a from raw.t", "list() without"),
        ("select string_agg(s, ',') as a from raw.t", "string_agg() without"),
        ("select string_agg(s, ',') over (partition by i) as a from raw.t", "string_agg() without"),
        ("select row_number() over (partition by s order by i) as a from raw.t", "row_number"),
        ("select row_number() over () as a from raw.t", "row_number"),
        ("select s from raw.t qualify row_number() over (partition by s order by d) = 1", "row_number"),
        ("select lag(i) over (order by d) as a from raw.t", "lag"),
        ("select distinct on (s) s, i from raw.t order by s, i", "DISTINCT ON"),
        ("select s from raw.t order by i limit 3", "LIMIT"),
        ("select arg_max(s, i) as a from raw.t", "arg_max"),
        ("select sum(d) as a from raw.t", "sum() of a double"),
        ("select avg(d) as a from raw.t", "avg() of a double"),
        ("select sum(i / nullif(i, 0)) as a from raw.t", "sum() of a double"),
        ("select sum(d) over (partition by s) as a from raw.t", "sum() of a double"),
        ("with c as (select x * d as y from raw.t) select sum(y) as a from c", "sum() of a double"),
        ("select i / i as a from raw.t", "nullif"),
        ("select i % 0 as a from raw.t", "nullif"),
        ("select cast(d as integer) as a from raw.t", "floor or round"),
        ("select cast(x as integer) as a from raw.t", "floor or round"),
        ("select cast(d as varchar) as a from raw.t", "double as text"),
        ("select on_day - date '2026-01-01' as a from raw.t", "date - date"),
        ("select on_day + interval '1 day' as a from raw.t", "date + interval"),
        ("select date_diff('day', at_, at_) as a from raw.t", "seconds"),
        ("select date_diff('month', on_day, on_day) as a from raw.t", "days"),
        ("select extract(dow from on_day) as a from raw.t", "day of the week"),
        ("select quantile_cont(i, 0.5) as a from raw.t", "quantile_cont"),
        ("select len(s) as a from raw.t", "len"),
        ("select s, count(*) as n from raw.t group by all", "GROUP BY ALL"),
        ("select * from raw.t", "through layers"),
        ("select i from raw.t union all by name select i from raw.t", "UNION BY NAME"),
        ("select a.i from raw.t as a asof join raw.t as b on a.i >= b.i", "ASOF"),
    ],
)
def test_what_is_forbidden_is_found(sql: str, word: str, built: Warehouse) -> None:
    """Each rule finds the line it was written for."""
    assert any(word in fault for fault in faults(built, Source(SQL / "core" / "x.sql", "", (), sql, 1)))


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(i) as a, sum(x) as b, avg(i) as c, fsum(d) as e, max(d) as f, median(i) as g from raw.t",
        "select string_agg(s, ',' order by s) as a, list(s order by i, s) as b from raw.t",
        "select row_number() over (partition by s order by i, k_key) as a from raw.t",
        "select rank() over (order by i) as a from raw.t",
        "select arg_max(s, row(i, k_key)) as a from raw.t",
        "select distinct on (s) s, i from raw.t order by s, i, k_key",
        "select k_key from raw.t order by i, k_key limit 3",
        "select i / nullif(i, 0) as a, i / 2 as b, i // 86400 as c from raw.t",
        "select cast(floor(d) as integer) as a, cast(i as varchar) as b, cast(i as double) as c from raw.t",
        "select date_diff('day', on_day, on_day) as a, date_diff('second', at_, at_) // 86400 as b from raw.t",
        "select cast(on_day + interval '1 day' as date) as a, at_ - interval '7 days' as b from raw.t",
        "select s, count(*) as n from raw.t group by s",
        "with c as (select s from raw.t) select * from c",
    ],
)
def test_what_is_right_passes(sql: str, built: Warehouse) -> None:
    """The ways that `sql/README.md` offers instead are not refused."""
    assert faults(built, Source(SQL / "core" / "x.sql", "", (), sql, 1)) == set()


@pytest.mark.parametrize(
    "source",
    sources(*MODEL_SCHEMAS, "checks", "macros"),
    ids=lambda source: f"{source.path.parent.name}/{source.path.stem}",
)
def test_keywords_are_lower_case(source: Source) -> None:
    """One look for all files; texts and comments may shout."""
    code = re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", source.sql)
    assert KEYWORDS & set(re.findall(r"\w+", code)) == set()


def test_every_column_is_described(built: Warehouse) -> None:
    """Every table, view and column of the published file has a COMMENT."""
    bare = built.rows(
        "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()"
        " where database_name = current_database() and coalesce(comment, '') = '' and table_name <> 't'"
        " union all select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database() and coalesce(comment, '') = '' and table_name <> 't'"
        " union all select schema_name || '.' || view_name from duckdb_views()"
        " where database_name = current_database() and not internal and coalesce(comment, '') = '' order by 1"
    )
    assert bare == []
