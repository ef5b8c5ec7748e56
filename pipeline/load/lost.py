"""What a database made anew has lost against the published one: runs, versions, metrics, events, rows of own models."""

from __future__ import annotations

from pathlib import Path

from pipeline.warehouse.duck import CATALOG, Warehouse, identifier, literal

_TABLES = """
select columns.database_name, columns.schema_name || '.' || columns.table_name
from duckdb_columns() as columns
join duckdb_tables() as tables using (database_name, schema_name, table_name)
where columns.column_name in ('from_run_id', 'to_run_id', 'is_removed')
group by all
having count(*) = 3
order by all
"""
_RUNS = """
select run_id, account from published.meta.runs where published_at is not null
except select run_id, account from meta.runs where is_complete or is_accepted
order by all
"""
_USERS = """
select database_name, schema_name || '.' || table_name from duckdb_tables() where schema_name = 'custom'
"""
_METRICS = """
select distinct run_id, metric from published.mart.metrics
except select distinct run_id, metric from mart.metrics
order by all
"""
_EVENTS = """
select account, event_id from published.core.audit_events
except select account, event_id from core.audit_events
order by all
"""


def find_lost(warehouse: Warehouse, published: Path) -> list[str]:
    """What `published` has and the build has not, each as words with a number; nothing when there is no such file.

    Runs, metrics and events are compared one by one, versions and rows of users' models by their number.
    """
    if not published.exists():
        return []
    warehouse.execute(f"attach {literal(str(published))} as published (read_only)")
    try:
        lost = _list_lost(warehouse, "run of an account", _RUNS)
        lost += _count_versions(warehouse)
        lost += _list_lost(warehouse, "metric of a run", _METRICS)
        lost += _list_lost(warehouse, "audit event", _EVENTS)
        return lost + _count_users_rows(warehouse)
    finally:
        warehouse.execute("detach published")


def _list_lost(warehouse: Warehouse, what: str, question: str) -> list[str]:
    rows = warehouse.rows(question)
    return [f"{len(rows)} {_counted(what, len(rows))} (the first is {' of '.join(map(str, rows[0]))})"] if rows else []


def _count_versions(warehouse: Warehouse) -> list[str]:
    """Versions up to the newest published run: what came later is no substitute."""
    tables = warehouse.rows(_TABLES)
    ours = {name for database, name in tables if database == CATALOG}
    until = "where from_run_id <= (select max(run_id) from published.meta.runs where published_at is not null)"
    lost = []
    for name in (name for database, name in tables if database == "published"):
        before = warehouse.rows(f"select count(*) from published.{identifier(name)} {until}")[0][0]
        now = warehouse.rows(f"select count(*) from {identifier(name)} {until}")[0][0] if name in ours else 0
        if now < before:
            lost.append(f"{before - now} {_counted('version', before - now)} in {name}")
    return lost


def _count_users_rows(warehouse: Warehouse) -> list[str]:
    """Rows that append models of the user have kept: those of earlier runs cannot be made again."""
    there = {(database, name) for database, name in warehouse.rows(_USERS)}
    lost = []
    for name in sorted(name for database, name in there if database == "published"):
        if not warehouse.rows("select 1 from published.meta.models where model = ? and kind = 'append'", (name,)):
            continue
        before = warehouse.rows(f"select count(*) from published.{identifier(name)}")[0][0]
        is_left = (CATALOG, name) in there
        now = warehouse.rows(f"select count(*) from {identifier(name)}")[0][0] if is_left else 0
        if now < before:
            lost.append(f"{before - now} {_counted('row', before - now)} in {name}")
    return lost


def _counted(what: str, number: int) -> str:
    """`run of an account` for one, `runs of an account` for more."""
    noun, of, rest = what.partition(" of ")
    return what if number == 1 else f"{noun}s{of}{rest}"
