"""The runner: read the model files, order them, build them, document them, check them.

In a catch-up of back runs only kept models (append, versions) and what they read are built; comments and checks come
with the last run. The SQL that is sent can be seen at debug level.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pipeline.errors import BuildFailed
from pipeline.transform.checks import Check, Outcome, file_check, header_check, refuse_writes, run_checks
from pipeline.transform.dictionary import read_columns, record_models, write_comments
from pipeline.transform.kinds import build_model
from pipeline.transform.model import FILLED, MODEL_SCHEMAS, Kind, Model, read_models
from pipeline.transform.order import build_order, with_reads
from pipeline.transform.seeds import create_macros, load_lists
from pipeline.transform.tables import Reading, read_tables
from pipeline.warehouse.duck import CATALOG, Warehouse

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was built: seconds by model in build order, checks that warn, and columns that no comment describes."""

    seconds: dict[str, float]
    warnings: tuple[Outcome, ...]
    uncommented: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Project:
    """The model files of one folder: by name, what each reads, and the build order.

    `same_in_all_runs` are views, and tables that are made of the lists alone. `built` grows: what this warehouse has
    built of these very files; so does `kept`, the columns of the kept ones among them.
    """

    models: dict[str, Model]
    readings: dict[str, Reading]
    reads: dict[str, dict[str, str]]
    order: tuple[str, ...]
    same_in_all_runs: frozenset[str]
    built: set[str] = field(default_factory=set)
    kept: dict[str, dict[str, str]] = field(default_factory=dict)


def build_models(warehouse: Warehouse, folder: Path, *, everything: bool, as_run: str) -> BuildReport:
    """Build the models below `folder` (sql/) for the run `as_run`; the parameter tables must be filled.

    `everything` false is the catch-up form. BuildFailed or CheckFailed names file and line.
    """
    warehouse.limit_memory(_items(warehouse))
    project = _read_project(warehouse, folder, _state(folder))
    existing = read_existing(warehouse)
    order = project.order
    if not everything:
        kept = (name for name, model in project.models.items() if model.kind.is_kept)
        wanted = with_reads(kept, project.reads)
        order = tuple(name for name in order if name in wanted)
    seconds = {}
    for name in order:
        began = time.perf_counter()
        if name in project.built and name in existing and name in project.same_in_all_runs:
            continue
        build_model(warehouse, project.models[name], as_run, existing, project.kept)
        project.built.add(name)
        seconds[name] = time.perf_counter() - began
        _LOG.debug("%s built in %.3f s", name, seconds[name])
    if not everything:
        return BuildReport(seconds, (), ())
    _drop_leftover_views(warehouse, existing, project.models)
    columns = read_columns(warehouse)
    models = [project.models[name] for name in order]
    uncommented = write_comments(warehouse, models, project.readings, columns)
    warehouse.execute("delete from meta.models where not starts_with(model, 'custom.')")
    record_models(warehouse, models, project.readings)
    checks = _checks(warehouse, folder, project.models, columns)
    return BuildReport(seconds, run_checks(warehouse, checks, as_run), uncommented)


def _items(warehouse: Warehouse) -> int:
    """How many items raw.* holds, whichever runs brought them."""
    loaded = "select sum(estimated_size) from duckdb_tables() where schema_name = 'raw'"
    return int(warehouse.rows(f"{loaded} and database_name = current_database()")[0][0] or 0)


def _state(folder: Path) -> tuple[tuple[Path, int, int], ...]:
    """What tells whether the files of `folder` are the same as before."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".sql", ".csv"))
    return tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in files)


@lru_cache(maxsize=1)  # a catch-up builds the same files in the same warehouse for run after run
def _read_project(warehouse: Warehouse, folder: Path, state: tuple[tuple[Path, int, int], ...]) -> _Project:  # noqa: ARG001 -- part of the cache's key
    """Read and order the models; create the macros and load the lists that they stand on."""
    macros = create_macros(warehouse, folder / "macros")
    lists = load_lists(warehouse, folder / "rules")
    models = {model.name: model for model in read_models(folder)}
    # What an older file happens to hold under other names does not make a wrong name right.
    given = {name for name in read_existing(warehouse) if name.split(".")[0] in ("raw", "meta")} | {*lists, *FILLED}
    readings = {name: read_names(warehouse, model, given | models.keys(), macros) for name, model in models.items()}
    reads = {
        name: {table: models[name].source.place(line) for table, line in reading.tables.items()}
        for name, reading in readings.items()
    }
    order = build_order(reads)
    return _Project(models, readings, reads, order, _same_in_all_runs(models, reads, order))


def _same_in_all_runs(
    models: dict[str, Model], reads: dict[str, dict[str, str]], order: tuple[str, ...]
) -> frozenset[str]:
    """What a catch-up need not make anew for each run: views, and tables that are made of the lists alone."""
    of_lists: set[str] = set()
    for name in order:
        if all(read.startswith("raw.rules_") or read in of_lists for read in reads[name]):
            of_lists.add(name)
    return frozenset(name for name, model in models.items() if model.kind is Kind.VIEW or name in of_lists)


def read_names(warehouse: Warehouse, model: Model, known: set[str], macros: frozenset[str]) -> Reading:
    """What a model reads; BuildFailed when that is neither a model nor a given table or macro."""
    # A table macro is bound where it is called, so only whole names lead back to this file.
    reading = read_tables(warehouse, model.source, CATALOG if model.kind is Kind.MACRO else "")
    for name, line in reading.tables.items():
        if name not in known:
            msg = f"{model.source.place(line)}: there is no table or model {name}; mend the name or add its file."
            raise BuildFailed(msg)
    for name, line in reading.macros.items():
        if name not in macros:
            msg = f"{model.source.place(line)}: there is no macro {name}; mend the name or add it to sql/macros."
            raise BuildFailed(msg)
    return reading


def read_existing(warehouse: Warehouse) -> dict[str, str]:
    """'table' or 'view' by schema.name of what the file holds."""
    rows = warehouse.rows(
        "select schema_name || '.' || table_name, 'table' from duckdb_tables() where database_name = current_database()"
        " union all select schema_name || '.' || view_name, 'view' from duckdb_views()"
        " where database_name = current_database() and not internal"
    )
    return {name: what for name, what in rows}  # noqa: C416 -- two strings a row, whatever the engine calls them


def _drop_leftover_views(warehouse: Warehouse, existing: dict[str, str], models: dict[str, Model]) -> None:
    """A view of an earlier version of the models would fail in people's hands; tables may hold history and stay."""
    for name, what in existing.items():
        if what == "view" and name not in models and name.split(".")[0] in MODEL_SCHEMAS:
            warehouse.execute(f"drop view if exists {name}")


def _checks(
    warehouse: Warehouse, folder: Path, models: dict[str, Model], columns: dict[str, dict[str, str | None]]
) -> list[Check]:
    """All header checks by model name, then the files of sql/checks."""
    checks = []
    for name in sorted(models):
        for entry in models[name].checks:
            check = header_check(models[name], entry, list(columns[name]))
            refuse_writes(warehouse, check, models[name].source.path)
            checks.append(check)
    for path in sorted((folder / "checks").glob("*.sql")):
        check, source = file_check(path)
        read_tables(warehouse, source)
        checks.append(check)
    return checks
