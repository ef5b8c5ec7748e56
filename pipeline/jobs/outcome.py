"""What every job has in common: what it returns, the clock it is given, the file it asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline import places
from pipeline.config import FILE_NAME, Settings
from pipeline.errors import EngineRefused, UsageError
from pipeline.exits import Exit
from pipeline.policy import FILE_NAME as POLICY
from pipeline.policy import read_policy

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of every job that is not given another."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Lines for stdout; where the job went on after an error, its sentence, the code for the shell, and the `error`."""

    lines: tuple[str, ...] = ()
    exit_code: Exit = Exit.DONE
    complaint: str | None = None
    error: Exception | None = None


def published(settings: Settings) -> Path:
    """The published database; a UsageError where there is none yet, or it is not ours or of a newer version."""
    from pipeline.load.published import read_published  # noqa: PLC0415 -- `tlm init` needs no engine

    read_published(existing(settings))
    return settings.database


def existing(settings: Settings) -> Path:
    """The same for questions that any DuckDB file can answer."""
    if not settings.database.exists():
        msg = f"There is no database at {settings.database} yet; run `tlm extract` and `tlm build` first."
        raise UsageError(msg)
    return settings.database


def refuse_own_file(settings: Settings, config: Path, out: Path) -> None:
    """UsageError when `out`, which would be replaced, is of the data or the configuration (`config`), or no plain file.

    An output folder inside of the data folder is for output all the same.
    """
    from pipeline.load.lists import PCI, WAIVERS  # noqa: PLC0415

    if out.exists() and not out.is_file() and not out.is_dir():  # root would lose /dev/null
        raise UsageError(f"--out {out} is a device or a pipe, not a file; name a file, or leave --out away.")
    place = out.resolve()
    is_output = settings.data in settings.output.parents and place.is_relative_to(settings.output)
    if place == settings.database.resolve() or (place.is_relative_to(settings.data) and not is_output):
        msg = f"--out {out} is the database or lies in {settings.data}, which is tlm's own; name another file."
        raise UsageError(msg)
    names = (FILE_NAME, POLICY, WAIVERS, PCI)
    if place in {config.resolve(), *((Path(settings.folder) / name).resolve() for name in names)}:
        msg = f"--out {out} is a file of the configuration and would be lost; name another file."
        raise UsageError(msg)


@contextmanager
def telling_versions(settings: Settings) -> Iterator[None]:
    """Where the engine refuses a question to the published file because it was built by other models, say that."""
    from pipeline.load.inputs import fingerprint_inputs  # noqa: PLC0415
    from pipeline.load.published import read_published  # noqa: PLC0415

    try:
        yield
    except EngineRefused as error:
        folder = Path(settings.folder)
        inputs = fingerprint_inputs(folder, places.content("sql"), read_policy(folder), settings.timezone)
        if read_published(settings.database).inputs == inputs:
            raise
        msg = f"{settings.database} was built by other models than these ({error}); run `tlm build` first."
        raise UsageError(msg) from None
