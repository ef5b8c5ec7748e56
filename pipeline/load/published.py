"""Which runs the published file has: read before a build, written at its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.warehouse.duck import Warehouse, open_read_only


def published_runs(database: Path) -> frozenset[str]:
    """The run ids that `database` was built from; none when it does not exist yet."""
    if not database.exists():
        return frozenset()
    with open_read_only(database) as warehouse:
        rows = warehouse.rows("select distinct run_id from meta.runs where published_at is not null")
    return frozenset(row[0] for row in rows)


def mark_published(warehouse: Warehouse, at: datetime) -> None:
    """Say of every complete run in the build that it is published at `at` (aware), unless it was before."""
    warehouse.execute(
        "update meta.runs set published_at = ? where is_complete and published_at is null",
        (at.astimezone(UTC).replace(tzinfo=None),),
    )
