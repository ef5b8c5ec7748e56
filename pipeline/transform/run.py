"""The runner: read the model files, order them, build them, document them, check them.

In a catch-up of back runs only kept models (append, versions) and what they read are built; comments and checks come
with the last run. The SQL that is sent can be seen at debug level.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
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

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was built: seconds by model in build order, and checks that warn."""

    seconds: dict[str, float]
    warnings: tuple[Outcome, ...]


@dataclass(slots=True)
class Project:
    """The model files of `folder` in the file of `warehouse`: by name, what each reads, and the build order.

    `same_in_all_runs` are views, and tables that are made of the lists alone. `built` grows with the runs: what the
    file has of these very models; so does `kept`, the columns of the kept ones among them.
    """

    warehouse: Warehouse
    folder: Path
    models: dict[str, Model]
    readings: dict[str, Reading]
    reads: dict[str, dict[str, str]]
    order: tuple[str, ...]
    same_in_all_runs: frozenset[str]
    built: set[str] = field(default_factory=set)
    kept: dict[str, dict[str, str]] = field(default_factory=dict)


def read_project(warehouse: Warehouse, folder: Path) -> Project:
    """Read and order the models below `folder` (sql/); create the macros and load the lists that they stand on.

    BuildFailed names file and line.
    """
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
    return Project(warehouse, folder, models, readings, reads, order, _same_in_all_runs(models, reads, order))


def build_models(project: Project, *, everything: bool, as_run: str) -> BuildReport:
    """Build the models for the run `as_run`; the parameter tables must be filled.

    `everything` false is the catch-up form. BuildFailed or CheckFailed names file and line.
    """
    warehouse = project.warehouse
    warehouse.limit_memory(_items(warehouse))
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
        logger.debug("%s built in %.3f s", name, seconds[name])
    if not everything:
        return BuildReport(seconds, ())
    _drop_leftover_views(warehouse, existing, project.models)
    columns = read_columns(warehouse)
    models = [project.models[name] for name in order]
    write_comments(warehouse, models, project.readings, columns)
    warehouse.execute("delete from meta.models where not starts_with(model, 'custom.')")
    record_models(warehouse, models, project.readings)
    return BuildReport(seconds, run_checks(warehouse, _checks(project, columns), as_run))


def _items(warehouse: Warehouse) -> int:
    """How many items raw.* holds, whichever runs brought them."""
    loaded = "select sum(estimated_size) from duckdb_tables() where schema_name = 'raw'"
    return int(warehouse.rows(f"{loaded} and database_name = current_database()")[0][0] or 0)


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


def _checks(project: Project, columns: dict[str, dict[str, str | None]]) -> list[Check]:
    """All header checks by model name, then the files of sql/checks."""
    checks = []
    for name, model in sorted(project.models.items()):
        for entry in model.checks:
            check = header_check(model, entry, list(columns[name]))
            refuse_writes(project.warehouse, check, model.source.path)
            checks.append(check)
    for path in sorted((project.folder / "checks").glob("*.sql")):
        check, source = file_check(path)
        read_tables(project.warehouse, source)
        checks.append(check)
    return checks
