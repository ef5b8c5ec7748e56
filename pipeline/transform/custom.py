"""The user's own models: `models/*.sql` beside tlm.toml become tables of the schema `custom`.

They may read all of ours and each other, and can break nothing: they pass the same whitelist, and they run in an engine
that has our tables read-only and a file of their own to write. Only then are their results copied, so `custom` holds
plain tables. A model whose file is gone is gone too, unless it is of kind append: what it has kept nobody could build
again. Models of kind metrics add rows to mart.metrics as well (`custom_metrics.py`).

They are built with the last run of a catch-up, as back runs have no core.endpoints to read.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import RESOURCES
from pipeline.errors import BuildFailed, EngineRefused, OutOfMemory, OutputFailed
from pipeline.transform.checks import (
    Check,
    Outcome,
    header_check,
    look_for,
    read_check,
    record_outcomes,
    refuse_failures,
    refuse_writes,
)
from pipeline.transform.custom_metrics import add_custom_metrics, metric_checks
from pipeline.transform.dictionary import read_columns, record_models, write_comments
from pipeline.transform.kinds import build_model, send
from pipeline.transform.model import FILLED, Kind, Model, read_custom_models, read_models
from pipeline.transform.order import build_order
from pipeline.transform.run import read_existing, read_names
from pipeline.transform.seeds import read_macros
from pipeline.transform.tables import Reading
from pipeline.warehouse.duck import Warehouse, identifier, literal

logger = logging.getLogger(__name__)
_OF_CUSTOM = "starts_with(model, 'custom.')"


@dataclass(frozen=True, slots=True)
class CustomModels:
    """The user's models in build order, what each reads, and the append models whose file is gone."""

    models: tuple[Model, ...]
    readings: dict[str, Reading]
    orphans: tuple[str, ...]


def refuse_wrong_models(warehouse: Warehouse, folder: Path, ours: Path) -> None:
    """BuildFailed, with file and line, for what can be said of the models of `folder` before anything is built.

    That is all but what the engine finds when it binds them: a header, a statement that is no plain SELECT, a table or
    macro that is neither theirs nor of the folder `ours` (sql/), a circle, a check of no known form.
    """
    models = read_custom_models(folder)
    if not models:
        return
    raw = {f"raw.{name.replace('.', '_')}" for name in RESOURCES}
    raw |= {f"raw.rules_{path.stem}" for path in (ours / "rules").glob("*.csv")}
    given = read_models(ours)
    known = {model.name for model in given} | _ours(warehouse) | raw | set(FILLED)
    macros = {*read_macros(ours / "macros"), *(model.name for model in given if model.kind is Kind.MACRO)}
    _read_models(warehouse, folder, known, frozenset(macros))
    for model in models:
        for entry in model.checks:
            read_check(model, entry)


def plan_custom_models(warehouse: Warehouse, folder: Path) -> CustomModels:
    """Read and order the models of `folder` against the tables of the build; BuildFailed names file and line."""
    macros = frozenset(
        str(name)
        for (name,) in warehouse.rows(
            "select schema_name || '.' || function_name from duckdb_functions()"
            " where database_name = current_database() and function_type in ('macro', 'table_macro') and not internal"
        )
    )
    models, readings = _read_models(warehouse, folder, _ours(warehouse), macros)
    there = read_existing(warehouse)
    kept = warehouse.rows(f"select model from meta.models where kind = 'append' and {_OF_CUSTOM} order by model")
    orphans = tuple(name for (name,) in kept if name in there and name not in readings)
    return CustomModels(models, readings, orphans)


def _ours(warehouse: Warehouse) -> set[str]:
    return {name for name in read_existing(warehouse) if not name.startswith("custom.")}


def _read_models(
    warehouse: Warehouse, folder: Path, known: set[str], macros: frozenset[str]
) -> tuple[tuple[Model, ...], dict[str, Reading]]:
    """The models of `folder` in build order, and what each reads: of `known`, of `macros`, and of each other."""
    models = {model.name: model for model in read_custom_models(folder)}
    readings = {name: read_names(warehouse, model, known | models.keys(), macros) for name, model in models.items()}
    reads = {
        name: {table: models[name].source.place(line) for table, line in reading.tables.items()}
        for name, reading in readings.items()
    }
    return tuple(models[name] for name in build_order(reads)), readings


def bring_kept(warehouse: Warehouse, published: Path) -> None:
    """Copy what only the published file has: rows of append models, and the user's metrics of runs that are known here.

    A build on a copy of the published file lacks nothing; one that begins from nothing cannot make them again, so
    BuildFailed stops it where they cannot be read.
    """
    try:
        with warehouse.beside(published, "before"):
            _copy_kept(warehouse)
    except EngineRefused as error:
        msg = (
            f"What your own models kept cannot be read from {published} ({error}), and nobody could make it again;"
            " close what else has the file open and try again, or move it away to begin without."
        )
        raise BuildFailed(msg) from None


def _copy_kept(warehouse: Warehouse) -> None:
    there = {
        str(name)
        for (name,) in warehouse.rows(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'before'"
        )
    }
    if not {"meta.models", "mart.metrics"} <= there:  # a file from before there were such models
        return
    here = read_existing(warehouse)
    kept = warehouse.rows(f"select model from before.meta.models where kind = 'append' and {_OF_CUSTOM} order by model")
    for (name,) in kept:
        if name in there and name not in here:
            warehouse.execute("create schema if not exists custom")
            warehouse.execute(f"create table {name} as select * from before.{name}")
            _copy_rows(warehouse, "meta.models", f"model = {literal(name)}")
    _copy_rows(
        warehouse,
        "mart.metrics",
        "starts_with(metric, 'custom.') and run_id in (select run_id from meta.runs)"
        " and run_id not in (select run_id from mart.metrics where starts_with(metric, 'custom.'))",
    )


def _copy_rows(warehouse: Warehouse, table: str, condition: str) -> None:
    """The rows of `table` of the file before for which the condition holds, in the columns that both files have."""
    before = {name for name, _ in warehouse.columns(f"from before.{table}")}
    both = ", ".join(identifier(name) for name, _ in warehouse.columns(f"from {table}") if name in before)
    warehouse.execute(f"insert into {table} by name select {both} from before.{table} where {condition}")


def build_custom_models(apart: Warehouse, custom: CustomModels, run_id: str) -> tuple[Outcome, ...]:
    """Build and check the models in an engine of `open_apart`; what their checks found.

    BuildFailed or CheckFailed names file and line, also of a model for which the memory is too small; OutputFailed one
    for which the disk is.
    """
    for model in custom.models:
        logger.info("Building %s of %s.", model.name, model.source.file)  # one that never ends is known by this line
        try:
            existing = _bring_kept(apart, model, run_id) if model.kind is Kind.APPEND else {}
            build_model(apart, model, run_id, existing)
        except OutOfMemory:
            msg = (
                f"{model.source.place()}: {model.name} needs more memory than a build has ({apart.memory_limit});"
                " let it group before it joins, and make no list or text of many rows."
            )
            raise BuildFailed(msg) from None
        except OutputFailed as error:
            msg = f"{model.source.place()} cannot be built: {error}"
            raise OutputFailed(msg) from None
    columns = read_columns(apart)
    checks: list[Check] = []
    for model in custom.models:
        if model.kind is Kind.METRICS:
            checks += metric_checks(apart, model)
        for entry in model.checks:
            check = header_check(model, entry, list(columns[model.name]))
            refuse_writes(apart, check, model.source.path)
            checks.append(check)
    outcomes = look_for(apart, checks)
    refuse_failures(outcomes)
    return outcomes


def _bring_kept(apart: Warehouse, model: Model, run_id: str) -> dict[str, str]:
    """Copy what an append model has kept so far; BuildFailed when its SELECT has other columns by now.

    Rows that name this run in a text `run_id` are left out: the run is built again, and brings them anew.
    """
    kept = f"tlm.{model.name}"
    if not apart.rows(
        "select 1 from duckdb_tables() where database_name = 'tlm' and schema_name || '.' || table_name = ?",
        [model.name],
    ):
        return {}
    before = set(apart.columns(f"select * from {kept}"))
    now = {(str(row[0]), str(row[1])) for row in send(apart, model, "describe", "")}
    if before != now:
        changed = ", ".join(sorted({name for name, _ in before ^ now}))
        msg = (
            f"{model.source.place()}: the kept rows of {model.name} have other columns ({changed} differ);"
            " give the file another name, or build it once as kind: table to begin anew."
        )
        raise BuildFailed(msg)
    names_runs = ("run_id", "VARCHAR") in before
    others = f" where run_id is distinct from {literal(run_id)}" if names_runs else ""
    apart.execute(f"create table {model.name} as select * from {kept}{others}")
    return {model.name: "table"}


def adopt_custom_models(
    warehouse: Warehouse, custom: CustomModels, outcomes: tuple[Outcome, ...], file: Path, run_id: str
) -> None:
    """Copy the results of `build_custom_models` from `file` into the build, with comments, checks and metrics.

    Tables of `custom` that no model makes any more are dropped, except kept ones, of which a warning tells.
    """
    names = {model.name for model in custom.models}
    for name in read_existing(warehouse):
        if name.startswith("custom.") and name not in names and name not in custom.orphans:
            warehouse.execute(f"drop table {name}")
    for name in custom.orphans:
        logger.warning(
            "%s has no file in models/ any more, its kept rows stay; to drop them build it once as kind: table first.",
            name,
        )
    kept = ", ".join("?" * len(custom.orphans))
    but = f" and model not in ({kept})" if kept else ""
    warehouse.execute(f"delete from meta.models where {_OF_CUSTOM}{but}", custom.orphans)
    if not custom.models:
        return
    with warehouse.beside(file, "apart"):
        warehouse.execute("create schema if not exists custom")
        for model in custom.models:
            warehouse.execute(f"create or replace table {model.name} as select * from apart.{model.name}")
    write_comments(warehouse, list(custom.models), custom.readings, read_columns(warehouse))
    record_models(warehouse, custom.models, custom.readings)
    record_outcomes(warehouse, outcomes, run_id)
    for model in custom.models:
        if model.kind is Kind.METRICS:
            add_custom_metrics(warehouse, model)
            logger.debug("%s is in mart.metrics", model.name)
