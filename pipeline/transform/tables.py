"""What a SELECT reads, from the engine's own parser, and the refusal of everything that is not plain reading.

DuckDB takes a DELETE inside a CTE for a SELECT, and so `query('...')`, file readers and SUMMARIZE. So the serialised
tree is walked and each node must be of a kind that is known to be harmless; a kind nobody has thought of is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import BuildFailed
from pipeline.transform.model import Source
from pipeline.warehouse.duck import Warehouse

READABLE_SCHEMAS = ("raw", "staging", "core", "mart", "rules", "meta", "report", "export", "custom")

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"}
_TABLES = {"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION"}
_MODIFIERS = {"ORDER_MODIFIER", "LIMIT_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING"}
_EXPRESSIONS = {
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA",
    "LAMBDA_REF", "OPERATOR", "STAR", "SUBQUERY", "TYPE", "WINDOW",
}  # fmt: skip
_WORDS = {
    "DELETE_QUERY_NODE": "a DELETE",
    "INSERT_QUERY_NODE": "an INSERT",
    "UPDATE_QUERY_NODE": "an UPDATE",
    "SHOW_REF": "SUMMARIZE, DESCRIBE or SHOW",
    "PIVOT": "a PIVOT",
    "PARAMETER": "a parameter",
}
# Where a table and a function have their schema, catalog and name.
_QUALIFIED = (("schema_name", "catalog_name", "table_name"), ("schema", "catalog", "function_name"))
# The same run must give the same rows tomorrow: the clock is meta.current_run.as_of_at, and nothing is drawn by lot.
_NOT_REPEATABLE = {
    "now", "today", "current_date", "current_timestamp", "current_time", "current_localtime", "current_localtimestamp",
    "get_current_time", "get_current_timestamp", "transaction_timestamp", "localtime", "localtimestamp", "random",
    "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "nextval", "currval", "setval", "getvariable",
    "current_setting", "getenv", "txid_current", "current_query", "current_query_id", "current_transaction_id",
    "current_connection_id", "write_log", "sleep_ms", "ago", "pg_postmaster_start_time", "pg_conf_load_time",
}  # fmt: skip

# A text reads the same in every file, whatever stands in it: a process that builds several asks the parser once.
_READ: dict[tuple[Source, str], Reading] = {}


@dataclass(slots=True)
class Reading:
    """What a statement reads: tables and macros as `schema.name`, each with the line of its file that names it."""

    tables: dict[str, int] = field(default_factory=dict)
    macros: dict[str, int] = field(default_factory=dict)


def parse(warehouse: Warehouse, source: Source) -> dict[str, Any]:
    """The serialised tree of the one SELECT of `source`."""
    text = warehouse.rows("select json_serialize_sql(?)", [source.sql])[0][0]
    answer = json.loads(text)
    line, problem = source.first_line, None
    if answer["error"]:
        line = _line(source, int(answer.get("position") or 0))
        problem = " ".join(str(answer["error_message"]).split())
    elif len(answer["statements"]) != 1:
        problem = f"there are {len(answer['statements'])} statements"
    if problem:
        msg = f"{source.place(line)}: this is not one SELECT ({problem}); write one, in a macro one expression."
        raise BuildFailed(msg)
    tree: dict[str, Any] = answer["statements"][0]["node"]
    return tree


def read_tables(warehouse: Warehouse, source: Source, catalog: str = "") -> Reading:
    """What the SELECT of `source` reads; BuildFailed with file and line for anything but plain reading.

    `catalog`: what must stand in front of every table and macro of ours; nothing, when it is empty.
    """
    known = _READ.get((source, catalog))
    if known is not None:
        return known
    reading = Reading()
    try:
        tree = parse(warehouse, source)
        if catalog:
            _take_off(tree, catalog, source)
        _walk(tree, frozenset(), source, reading)
    except RecursionError:
        msg = f"{source.place()}: an expression nests too deep to be checked; write it in parts, as CTEs."
        raise BuildFailed(msg) from None
    _READ[source, catalog] = reading
    return reading


def _take_off(value: object, catalog: str, source: Source) -> None:
    """Let the tree look as if `catalog` stood nowhere; BuildFailed where it does not."""
    if isinstance(value, list):
        for part in value:
            _take_off(part, catalog, source)
    elif isinstance(value, dict):
        for schema, place, name in _QUALIFIED:
            if value.get(schema) and value.get(name):
                if value[place] != catalog:
                    _refuse(value, source, f"{value[schema]}.{value[name]}", f"write {catalog} in front of it")
                value[place] = ""
        for part in value.values():
            _take_off(part, catalog, source)


def _walk(value: object, ctes: frozenset[str], source: Source, reading: Reading) -> None:
    if isinstance(value, list):
        for part in value:
            _walk(part, ctes, source, reading)
    elif isinstance(value, dict):
        _allow(value, ctes, source, reading)
        entries = (value.get("cte_map") or {}).get("map") or ()
        inner = ctes
        for entry in entries:  # a CTE sees those before it, and only a recursive one itself
            named = inner | {entry["key"].lower()}
            is_recursive = entry["value"]["query_node"]["type"] == "RECURSIVE_CTE_NODE"
            _walk(entry["value"], named if is_recursive else inner, source, reading)
            inner = named
        for name, part in value.items():
            if name != "cte_map":
                _walk(part, inner, source, reading)


def _allow(node: dict[str, Any], ctes: frozenset[str], source: Source, reading: Reading) -> None:
    """Refuse a node that is not known to be harmless; note the tables and macros it names."""
    kind = node.get("type")
    if "class" in node:
        if node["class"] not in _EXPRESSIONS:
            _refuse(node, source, _WORDS.get(node["class"], f"an expression of kind {node['class']}"))
        if node["class"] == "FUNCTION":
            _allow_function(node, source, reading)
        if node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1:
            _refuse_clock(node, node["column_names"][0], source)
    elif isinstance(kind, str):
        if kind not in _QUERIES | _TABLES | _MODIFIERS:
            _refuse(node, source, _WORDS.get(kind, f"a part of kind {kind}"))
        if node.get("sample") or node.get("at_clause"):
            _refuse(node, source, "a sample or a time travel clause")
        if kind == "BASE_TABLE":
            _allow_table(node, ctes, source, reading)
        if kind == "TABLE_FUNCTION":
            _allow_table_function(node, source)


def _allow_table(node: dict[str, Any], ctes: frozenset[str], source: Source, reading: Reading) -> None:
    catalog, schema, table = node["catalog_name"], node["schema_name"].lower(), node["table_name"].lower()
    if not schema and table in ctes:
        return
    if catalog or schema not in READABLE_SCHEMAS:
        name = ".".join(part for part in (catalog, schema, node["table_name"]) if part)
        _refuse(node, source, f"the table {name!r}", f"name tables as schema.table, from {', '.join(READABLE_SCHEMAS)}")
    reading.tables.setdefault(f"{schema}.{table}", _line(source, node["query_location"]))


def _allow_table_function(node: dict[str, Any], source: Source) -> None:
    """Only unnest and what is called with a schema of ours: a table macro, which is noted as the function it names."""
    name, schema = (node["function"].get(part, "") for part in ("function_name", "schema"))
    if name.lower() != "unnest" and schema.lower() not in READABLE_SCHEMAS:
        _refuse(node, source, f"the table function {name}()")


def _allow_function(node: dict[str, Any], source: Source, reading: Reading) -> None:
    name, schema = node["function_name"].lower(), node["schema"].lower()
    _refuse_clock(node, name, source)
    if name == "age" and len(node["arguments"]) == 1:
        _refuse(node, source, "age() of one instant, which counts from today", "give two")
    if schema:
        reading.macros.setdefault(f"{schema}.{name}", _line(source, node["query_location"]))


def _refuse_clock(node: dict[str, Any], name: str, source: Source) -> None:
    """`current_date` without brackets comes from the parser as a column."""
    if name.lower() in _NOT_REPEATABLE:
        _refuse(node, source, name, "take the instant from meta.current_run; the same run gives the same rows")


def _refuse(node: dict[str, Any], source: Source, what: str, instead: str = "a model only reads tables") -> None:
    line = _line(source, node.get("query_location", -1))
    msg = f"{source.place(line)}: {what} is not allowed in a model; {instead}."
    raise BuildFailed(msg)


def _line(source: Source, position: int) -> int:
    """The line of the file at a byte position of the statement; the statement's first line where there is none."""
    text = source.sql.encode()
    return source.first_line + (text[:position].count(b"\n") if 0 <= position <= len(text) else 0)
