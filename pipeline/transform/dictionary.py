"""What the file says of itself: a COMMENT on every table and column, and in meta.models what each model is and reads.

`tlm dictionary` reads both from the published file alone, so its page is right also for a file of another version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.errors import BuildFailed
from pipeline.transform.model import Kind, Model
from pipeline.transform.tables import Reading
from pipeline.warehouse.duck import Warehouse, identifier, literal

_VERSION_COMMENTS = {
    "from_run_id": "first run in which this version holds",
    "to_run_id": "run in which it no longer holds (exclusive); null = current",
    "is_removed": "a tombstone: the key is not in these runs, the other columns are its last ones",
}


def read_columns(warehouse: Warehouse) -> dict[str, dict[str, str | None]]:
    """Comment (or None) by column, by schema.table, of everything in the file."""
    found: dict[str, dict[str, str | None]] = {}
    for table, column, comment in warehouse.rows(
        "select schema_name || '.' || table_name, column_name, comment from duckdb_columns()"
        " where database_name = current_database() order by 1, column_index"
    ):
        found.setdefault(table, {})[column] = comment
    return found


def write_comments(
    warehouse: Warehouse,
    models: list[Model],
    readings: dict[str, Reading],
    columns: dict[str, dict[str, str | None]],
) -> None:
    """Comment tables and columns, in build order: a column without its own comment inherits that of its namesake."""
    script = []
    for model in models:
        what = {Kind.VIEW: "view", Kind.MACRO: "macro table"}.get(model.kind, "table")
        script.append(f"comment on {what} {model.name} is {literal(model.source.sentences or model.grain)}")
        stray = [name for name in model.comments if name not in columns[model.name]]
        if stray:
            msg = f"{model.source.place()}: the comment at {stray[0]!r} belongs to no column; give the column an alias."
            raise BuildFailed(msg)
        for column in columns.get(model.name, ()):  # those of a macro are nowhere in the catalog
            inherited = (columns[table].get(column) for table in _as_named(readings[model.name]) if table in columns)
            own = model.comments.get(column) or _VERSION_COMMENTS.get(column)
            text = own or next((comment for comment in inherited if comment), None)
            columns[model.name][column] = text
            if text is None and model.name.startswith("custom."):  # ours have one each, a test sees to it
                text = f"{model.name}: not described in {model.source.file}"
            if text is not None:
                script.append(f"comment on column {model.name}.{identifier(column)} is {literal(text)}")
    if script:
        with warehouse.transaction():
            warehouse.execute(";\n".join(script))


def _as_named(reading: Reading) -> list[str]:
    """The tables that a model reads in the order in which its file first names them."""
    return sorted(reading.tables, key=lambda name: (reading.tables[name], name))


def record_models(warehouse: Warehouse, models: Sequence[Model], readings: Mapping[str, Reading]) -> None:
    """Add `models` to meta.models: kind, grain, what each reads and calls, its file."""
    values: list[object] = []
    for model in models:
        reading = readings[model.name]
        values += [model.name, str(model.kind), model.grain, sorted(reading.tables), sorted(reading.macros)]
        values.append(model.source.file)
    if models:
        rows = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(models))
        warehouse.execute(
            f"insert into meta.models (model, kind, grain, reads, calls, source_file) values {rows}", values
        )
