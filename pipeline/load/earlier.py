"""Which run of the published file stood on an earlier day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.errors import UsageError
from pipeline.warehouse.duck import Warehouse


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A complete run with its start (naive UTC); `next_run_id` is the run that was published after it."""

    run_id: str
    as_of_at: datetime
    next_run_id: str | None


def newest_run_until(warehouse: Warehouse, day: date, zone: ZoneInfo) -> EarlierRun:
    """The newest complete run that started on `day` in `zone`, or before; UsageError when none did."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC).replace(tzinfo=None)
    runs = warehouse.rows(
        "select run_id, min(as_of_at), bool_or(is_complete) from meta.runs where is_complete or is_accepted"
        " group by run_id order by run_id"
    )
    before = [number for number, (_, as_of_at, is_complete) in enumerate(runs) if is_complete and as_of_at < midnight]
    if not before:
        first = next((f"the first is {run_id}" for run_id, _, is_complete in runs if is_complete), "there is none yet")
        msg = f"No complete run is from {day} or before ({first}); name a later day."
        raise UsageError(msg)
    number = before[-1]
    following = runs[number + 1][0] if number + 1 < len(runs) else None
    return EarlierRun(runs[number][0], runs[number][1], following)
