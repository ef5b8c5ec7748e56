"""What a database made anew has lost against the published one: what no page that is still there gives again.

Runs, keys and events are compared, not how many versions there are: today's models may tell the same history in fewer.
Findings are left out, as today's rules judge what was there.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.warehouse.duck import Warehouse

_LOST = {
    ("run of an account with its metrics", "runs of an account with their metrics", "meta.runs"): """
select run_id, account from published.meta.runs where published_at is not null
except select run_id, account from meta.runs where is_complete or is_accepted
""",
    ("endpoint", "endpoints", "core.endpoint_history"): """
select endpoint_key from published.core.endpoint_history except select endpoint_key from core.endpoint_history
""",
    ("certificate", "certificates", "core.certificate_history"): """
select certificate_key from published.core.certificate_history
except select certificate_key from core.certificate_history
""",
    ("audit event of an account", "audit events of an account", "core.audit_events"): """
select event_id, account from published.core.audit_events
except select event_id, account from core.audit_events
""",
    # those of the newest run are made anew, by the models of today
    ("metric of your own of a run", "metrics of your own of a run", "mart.metrics"): """
select metric, run_id from published.mart.metrics
where starts_with(metric, 'custom.') and run_id not in (select run_id from meta.current_run)
except select metric, run_id from mart.metrics
""",
    ("kept table of your own", "kept tables of your own", "meta.models"): """
select model from published.meta.models where kind = 'append' and starts_with(model, 'custom.')
except select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()
""",
}
"""What may be lost, as words for one and for more and the table that says so, and the SELECT that finds it."""


def find_lost(warehouse: Warehouse, published: Path) -> list[str]:
    """What `published` has and the build has not, each as words with a number; nothing when there is no such file."""
    if not published.exists():
        return []
    lost = []
    with warehouse.beside(published, "published"):
        there = {
            name
            for (name,) in warehouse.rows(
                "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'published'"
            )
        }
        for (one, more, table), question in _LOST.items():
            rows = warehouse.rows(f"{question} order by all") if table in there else []
            if rows:
                first, last = (" of ".join(map(str, row)) for row in (rows[0], rows[-1]))
                which = first if len(rows) == 1 else f"from {first} to {last}"
                lost.append(f"{len(rows)} {one if len(rows) == 1 else more} ({which})")
    return lost
