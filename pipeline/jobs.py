"""Each job of the command line: a dozen lines of stages in order, under one lock. Returns what to print and the exit code."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline import places
from pipeline.config import Settings
from pipeline.errors import AccessDenied, RunIncomplete, UsageError
from pipeline.exits import Exit
from pipeline.policy import Policy, read_policy
from pipeline.progress import page_bars
from pipeline.runs.lock import hold_lock
from pipeline.runs.manifest import Manifest

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of every job that is not given another."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Lines for stdout, and the code for the shell."""

    lines: tuple[str, ...] = ()
    exit_code: Exit = Exit.DONE


@dataclass(frozen=True, slots=True)
class Selection:
    """What an extraction reads; None means all."""

    resources: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What `tlm report weekly` makes; `reissue` is the reason of a second issue."""

    formats: tuple[str, ...] = ("html", "pdf")
    reissue: str | None = None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What `tlm export` writes; `where` replaces the default selection, `out` the default place."""

    action: str = "all"
    where: str | None = None
    out: Path | None = None
    audiences: tuple[str, ...] = ("job",)


@dataclass(slots=True)
class _Extracted:
    run_id: str
    manifests: tuple[Manifest, ...]
    denied: AccessDenied | None = None
    lines: list[str] = field(default_factory=list)


def init(folder: Path) -> Outcome:
    """Write the commented configuration files that are not there yet."""
    from pipeline.init_files import write_initial_files  # noqa: PLC0415 -- each job imports its own stages only

    return Outcome(tuple(f"{path}  {what}" for path, what in write_initial_files(folder)))


def extract(
    settings: Settings, selection: Selection, *, clock: Clock = utc_now, show_progress: bool = True
) -> Outcome:
    """Every resource of every account into the landing zone; prints the run id."""
    with hold_lock(settings.data):
        return _extract(settings, selection, clock, show_progress=show_progress)


def build(settings: Settings, run_id: str | None = None, *, clock: Clock = utc_now) -> Outcome:
    """Load the complete runs that are newer than the published ones, run models and checks, publish."""
    with hold_lock(settings.data):
        return _build(settings, read_policy(Path(settings.folder)), run_id, clock)


def report_weekly(settings: Settings, request: ReportRequest) -> Outcome:
    """The weekly report of the published database; an existing one is kept unless a reissue is asked for."""
    from pipeline.report.write import write_weekly  # noqa: PLC0415
    from pipeline.warehouse.duck import open_read_only  # noqa: PLC0415

    with open_read_only(published(settings)) as warehouse:
        files = write_weekly(warehouse, settings, formats=request.formats, reissue_reason=request.reissue)
    return Outcome(tuple(str(path) for path in files.paths))


def export(settings: Settings, request: ExportRequest) -> Outcome:
    """The CSV of one action, or of each that has a default selection."""
    from pipeline.export.files import export_actions  # noqa: PLC0415

    published(settings)
    files = export_actions(
        settings, request.action, where=request.where, out=request.out, audiences=request.audiences
    )
    return Outcome(tuple(f"{file.path}  {file.rows} rows" for file in files))


def query(settings: Settings, sql: str, *, form: str, out: Path | None) -> Outcome:
    """Run one read-only statement on the published database; rows go to stdout or to `out`."""
    from pipeline.export.query import run_query  # noqa: PLC0415

    run_query(published(settings), sql, form=form, out=out)
    return Outcome()


def run_daily(settings: Settings, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Extract and build; an incomplete account keeps its last complete snapshot and makes the code 3 or 4."""
    with hold_lock(settings.data):
        extracted = _extract(settings, Selection(), clock, show_progress=show_progress)
        built = _build(settings, read_policy(Path(settings.folder)), None, clock)
    return Outcome(extracted.lines + built.lines, extracted.exit_code)


def run_weekly(settings: Settings, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Extract, build, report, exports."""
    daily = run_daily(settings, clock=clock, show_progress=show_progress)
    if not settings.database.exists():
        return daily
    reported = report_weekly(settings, ReportRequest())
    exported = export(settings, ExportRequest(audiences=("job", "people")))
    return Outcome(daily.lines + reported.lines + exported.lines, daily.exit_code)


def serve_sandbox(port: int, endpoints: int, seed: int, announce: Callable[[str], None]) -> Outcome:
    """The sandbox on a loopback port until Ctrl-C; `announce` says where it is and with which keys."""
    from pipeline.sandbox.plan import Plan  # noqa: PLC0415
    from pipeline.sandbox.serve import Opening, serve  # noqa: PLC0415

    def opened(opening: Opening) -> None:
        announce(f"The sandbox is at {opening.base_url}; stop it with Ctrl-C.")
        for account, key in opening.keys.items():
            announce(f"  account {account}  x-api-key: {key}")

    try:
        serve(Plan(endpoints=endpoints, seed=seed), port, opened)
    except OSError as error:
        msg = f"Port {port} on loopback cannot be used ({error.strerror}); choose another with --port."
        raise UsageError(msg) from None
    return Outcome()


def published(settings: Settings) -> Path:
    """The published database; a UsageError where there is none yet."""
    if not settings.database.exists():
        msg = f"There is no database at {settings.database} yet; run `tlm extract` and `tlm build` first."
        raise UsageError(msg)
    return settings.database


def _extract(settings: Settings, selection: Selection, clock: Clock, *, show_progress: bool) -> Outcome:
    from pipeline.extract.run import extract_run  # noqa: PLC0415

    with page_bars(enabled=show_progress) as on_page:
        result = asyncio.run(
            extract_run(
                settings, resources=selection.resources, accounts=selection.accounts, clock=clock, on_page=on_page
            )
        )
    return Outcome((result.run_id,), _worst(result.manifests))


