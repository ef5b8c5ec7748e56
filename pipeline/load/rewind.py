"""Runs taken back: a build file as if a run, and all after it, had never been built.

Which tables hold runs is read from the file itself: one with a `run_id` has the runs that brought its rows, one with
`from_run_id`, `to_run_id` and `is_removed` has versions over runs. Views follow; tables that are rebuilt are made anew
by the next build. What the user's own models have kept is not touched: they replace the rows of their run themselves.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.load.raw import load_run
from pipeline.runs.manifest import Manifest
from pipeline.warehouse.duck import Warehouse, identifier

_VERSIONED = frozenset(("from_run_id", "to_run_id", "is_removed"))
_EVENTS = "core.audit_events"
_RECORDS = ("runs", "extracts", "drift")
_COLUMNS = """
select columns.schema_name || '.' || columns.table_name, list(columns.column_name)
from duckdb_columns() as columns
join duckdb_tables() as tables using (database_name, schema_name, table_name)
where columns.database_name = current_database()
    and columns.schema_name <> 'custom' -- a user's own table may call anything run_id
group by all
order by 1
"""


def rewind(warehouse: Warehouse, run_id: str, *, keep_events: bool = False) -> tuple[tuple[str, str], ...]:
    """Take back the run `run_id` and every later one; all or nothing.

    Versions that they opened are gone and those that they closed are open again; what they brought (items, metrics,
    drift, their own records, events unless `keep_events`) is gone. Events are evidence: where the runs are built again
    at once they stay, as some came from runs that nobody offers a second time. The (account, run) given back are those
    whose pages raw.* now lacks: `load_again` each before models are built. `set_run` says which run comes next.
    """
    before = _newest(warehouse)
    with warehouse.transaction():
        for table, columns in warehouse.rows(_COLUMNS):
            name = identifier(table)
            if frozenset(columns) >= _VERSIONED:
                warehouse.execute(f"delete from {name} where from_run_id >= ?", [run_id])
                warehouse.execute(f"update {name} set to_run_id = null where to_run_id >= ?", [run_id])
            elif "run_id" in columns and not (keep_events and table == _EVENTS):
                warehouse.execute(f"delete from {name} where run_id >= ?", [run_id])
    return tuple(sorted(_newest(warehouse) - before))


def load_again(warehouse: Warehouse, landing: Path, manifest: Manifest) -> None:
    """Load the pages of a run of an account that the file has recorded; its records stay as they are."""
    who = [manifest.run_id, manifest.account]
    for table in _RECORDS:
        kept = f"create or replace temp table kept_{table} as select * from meta.{table}"
        warehouse.execute(f"{kept} where run_id = ? and account = ?", who)
    load_run(warehouse, landing, manifest)
    for table in _RECORDS:
        warehouse.execute(f"delete from meta.{table} where run_id = ? and account = ?", who)
        warehouse.execute(f"insert into meta.{table} select * from temp.main.kept_{table}")
        warehouse.execute(f"drop table temp.main.kept_{table}")


def _newest(warehouse: Warehouse) -> set[tuple[str, str]]:
    """The newest published run of each account: the one that raw.* is loaded for."""
    rows = warehouse.rows(
        "select account, max(run_id) from meta.runs where is_complete or is_accepted group by account"
    )
    return {(row[0], row[1]) for row in rows}
