"""The data dictionary's contents: what the published file says of its own tables, columns, macros, metrics and rules.

Everything comes from the file: the engine's catalogue with its comments, and meta.models with what each model reads. So
it is right for a file of another version too; what an older file does not say is left out.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.report import words
from pipeline.warehouse.duck import Warehouse

# The tables and macros whose names and columns people may build upon, in the order in which one meets them.
# A change of one is in CHANGELOG.md.
STABLE = (
    *("core.endpoints", "core.certificates", "core.endpoint_history", "core.endpoints_as_of", "core.audit_events"),
    *("core.jobs", "core.job_targets"),
    *("mart.metrics", "mart.coverage", "mart.expiry", "mart.unsecured", "mart.findings", "mart.changes"),
    *("mart.renewal_forecast", "mart.audit_activity"),
    *("meta.runs", "meta.extracts", "meta.drift", "meta.checks"),
)
# In the order in which people ask.
_SCHEMAS = {
    "core": "Things, events and their history.",
    "mart": "The subjects of the report, counted.",
    "custom": "Models of your own.",
    "rules": "Dated rules, vocabularies and the policy.",
    "meta": "Runs, completeness, drift and checks.",
    "report": "What the weekly report prints, one view a query.",
    "export": "What the job CSVs hold.",
    "staging": "The raw tables renamed and typed.",
    "raw": "Values as the service gave them.",
}
_KINDS = {
    "view": "view",
    "table": "table",
    "append": "table, rows are kept from run to run",
    "versions": "table, a history of versions",
    "metrics": "table, and rows of mart.metrics",
}


_OF_METRIC = ("metric", "unit", "dimension", "sentence", "numerator", "denominator")
_OF_RULE = ("rule", "demand", "effective_from", "effective_to", "severity", "source", "clause", "serves")


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """One column; `comment` is empty where nobody wrote one."""

    name: str
    data_type: str
    comment: str


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """One check and what it found in the build of this file: `passed`, or how many rows."""

    name: str
    severity: str
    found: str


@dataclass(frozen=True, slots=True)
class Relation:
    """One table or view: what it is, its columns, and its place in the lineage (names of other relations)."""

    name: str
    kind: str
    comment: str
    grain: str
    file: str
    is_stable: bool
    columns: tuple[ColumnEntry, ...]
    checks: tuple[CheckEntry, ...]
    reads: tuple[str, ...]
    read_by: tuple[str, ...]
    stands_on: tuple[str, ...]
    calls: tuple[str, ...]

    @property
    def gist(self) -> str:
        """The first sentence of its comment."""
        return re.split(r"(?<=[.!?]) ", self.comment, maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class SchemaEntry:
    """One schema, what it is for, its relations: stable ones first, then by name."""

    name: str
    sentence: str
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class MacroEntry:
    """One macro: its name with parameters, its comment, and which models call it."""

    name: str
    signature: str
    comment: str
    is_stable: bool
    called_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The whole page; `metrics` and `rules` are rows of rules.metrics and rules.dated by column."""

    as_of: str
    run_id: str
    tool_version: str
    schemas: tuple[SchemaEntry, ...]
    macros: tuple[MacroEntry, ...]
    checks: tuple[CheckEntry, ...]
    metrics: tuple[dict[str, str], ...]
    rules: tuple[dict[str, str], ...]
    has_lineage: bool

    @property
    def relations(self) -> tuple[Relation, ...]:
        """All of them, in the order of the page."""
        return tuple(relation for schema in self.schemas for relation in schema.relations)

    @property
    def stable(self) -> tuple[Relation, ...]:
        """Those that people may build upon."""
        return tuple(relation for relation in self.relations if relation.is_stable)

    @property
    def column_count(self) -> int:
        """How many columns there are in all."""
        return sum(len(relation.columns) for relation in self.relations)


def read_dictionary(warehouse: Warehouse) -> Dictionary:
    """All of it from an open warehouse."""
    run = warehouse.records("select * from meta.current_run")[0]
    columns = _columns(warehouse)
    models = {record["model"]: record for record in _records(warehouse, columns, "meta.models")}
    checks = _checks(_records(warehouse, columns, "meta.checks"), run["run_id"])
    lineage = _Lineage({name: [str(read) for read in model["reads"]] for name, model in models.items()}, columns)
    found: dict[str, list[Relation]] = defaultdict(list)
    for name, what, comment in warehouse.rows(_RELATIONS):
        model = models.get(name, {})
        found[name.split(".")[0]].append(
            Relation(
                name=name,
                kind=_KINDS.get(model.get("kind", ""), _unmodelled(name, what)),
                comment=words.clean(comment or ""),
                grain=words.clean(model.get("grain") or ""),
                file=words.clean(model.get("source_file") or ""),
                is_stable=name in STABLE,
                columns=columns[name],
                checks=tuple(checks.get(name, ())),
                reads=lineage.reads(name),
                read_by=lineage.read_by(name),
                stands_on=lineage.stands_on(name),
                calls=tuple(model.get("calls") or ()),
            )
        )
    order = [*(schema for schema in _SCHEMAS if schema in found), *sorted(found.keys() - _SCHEMAS.keys())]
    return Dictionary(
        as_of=" ".join(words.instant(run["as_of_at"], ZoneInfo(run["timezone"]))),
        run_id=words.clean(run["run_id"]),
        tool_version=words.clean(run["tool_version"]),
        schemas=tuple(
            SchemaEntry(name, _SCHEMAS.get(name, ""), tuple(sorted(found[name], key=_place))) for name in order
        ),
        macros=_macros(warehouse, models),
        checks=tuple(checks.get(None, ())),
        metrics=_texts(_records(warehouse, columns, "rules.metrics"), _OF_METRIC),
        rules=_texts(_records(warehouse, columns, "rules.dated"), _OF_RULE),
        has_lineage=bool(models),
    )


_RELATIONS = """
select schema_name || '.' || table_name, 'table', comment from duckdb_tables()
where database_name = current_database() and not internal
union all
select schema_name || '.' || view_name, 'view', comment from duckdb_views()
where database_name = current_database() and not internal
order by 1
"""


def _place(relation: Relation) -> tuple[int, str]:
    """Stable ones first, in their own order."""
    return (STABLE.index(relation.name) if relation.is_stable else len(STABLE)), relation.name


def _columns(warehouse: Warehouse) -> dict[str, tuple[ColumnEntry, ...]]:
    """The columns of every table and view, by its name."""
    found: dict[str, list[ColumnEntry]] = defaultdict(list)
    for name, column, data_type, comment in warehouse.rows(
        "select schema_name || '.' || table_name, column_name, data_type, comment from duckdb_columns()"
        " where database_name = current_database() and not internal order by 1, column_index"
    ):
        found[name].append(ColumnEntry(words.clean(column), words.clean(data_type), words.clean(comment or "")))
    return {name: tuple(entries) for name, entries in found.items()}


def _records(warehouse: Warehouse, columns: dict[str, tuple[ColumnEntry, ...]], table: str) -> list[dict[str, Any]]:
    """All rows of a table; none where the file, of another version, has no such table."""
    return warehouse.records(f"from {table}") if table in columns else []


def _texts(records: Iterable[dict[str, Any]], wanted: tuple[str, ...]) -> tuple[dict[str, str], ...]:
    """The `wanted` columns of records as clean text, sorted; null, and what another version has not, is empty."""
    cleaned = [{key: words.clean(str(record.get(key) or "")) for key in wanted} for record in records]
    return tuple(sorted(cleaned, key=lambda record: list(record.values())))


def _checks(records: Iterable[dict[str, Any]], run_id: str) -> dict[str | None, list[CheckEntry]]:
    """The checks of the run by model; those of sql/checks under None."""
    found: dict[str | None, list[CheckEntry]] = defaultdict(list)
    for record in sorted(records, key=lambda r: (r["model"] or "", r["check_name"])):
        if record["run_id"] == run_id:
            rows = words.count(record["failing_rows"] or 0, "row")
            state = "passed" if record["status"] == "passed" else f"found {rows}"
            name = words.clean(record["check_name"])
            found[record["model"]].append(CheckEntry(name, words.clean(record["severity"]), state))
    return found


def _unmodelled(name: str, what: str) -> str:
    """What a relation is that no model of this version makes."""
    if name.startswith("raw.rules_"):
        return "table, a list that people edit"
    if name.split(".", maxsplit=1)[0] in ("raw", "meta", "rules"):
        return "table, filled by the pipeline"
    return f"{what}, no model of this version makes it"


def _macros(warehouse: Warehouse, models: dict[str, dict[str, Any]]) -> tuple[MacroEntry, ...]:
    called: dict[str, list[str]] = defaultdict(list)
    for name in sorted(models):
        for macro in models[name]["calls"]:
            called[macro].append(name)
    return tuple(
        MacroEntry(
            name,
            words.clean(f"{name}({', '.join(parameters)})"),
            words.clean(comment or ""),
            name in STABLE,
            tuple(called.get(name, ())),
        )
        for name, parameters, comment in warehouse.rows(
            "select schema_name || '.' || function_name, parameters, comment from duckdb_functions()"
            " where database_name = current_database() and not internal order by 1"
        )
    )


class _Lineage:
    """Who reads whom, as far as the file holds it."""

    def __init__(self, reads: dict[str, list[str]], there: Iterable[str]) -> None:
        names = set(there)
        self._reads = {name: sorted(names.intersection(found)) for name, found in reads.items()}
        self._read_by: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._reads):
            for read in self._reads[name]:
                self._read_by[read].append(name)

    def reads(self, name: str) -> tuple[str, ...]:
        """What it reads directly."""
        return tuple(self._reads.get(name, ()))

    def read_by(self, name: str) -> tuple[str, ...]:
        """What reads it directly."""
        return tuple(self._read_by.get(name, ()))

    def stands_on(self, name: str) -> tuple[str, ...]:
        """The tables that no model makes, at the end of everything that it reads."""
        found: set[str] = set()
        todo = list(self._reads.get(name, ()))
        while todo:
            read = todo.pop()
            if read not in found:
                found.add(read)
                todo.extend(self._reads.get(read, ()))
        return tuple(sorted(read for read in found if read not in self._reads))
