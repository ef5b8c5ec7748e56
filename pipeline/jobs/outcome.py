"""What every job has in common: what it returns, the clock it is given, the file it asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.exits import Exit

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of every job that is not given another."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Lines for stdout; where the job went on after an error, its sentence and the code for the shell."""

    lines: tuple[str, ...] = ()
    exit_code: Exit = Exit.DONE
    complaint: str | None = None


def published(settings: Settings) -> Path:
    """The published database; a UsageError where there is none yet."""
    if not settings.database.exists():
        msg = f"There is no database at {settings.database} yet; run `tlm extract` and `tlm build` first."
        raise UsageError(msg)
    return settings.database
