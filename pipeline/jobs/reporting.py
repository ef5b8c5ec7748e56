"""What leaves the house: the report and the CSVs."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.jobs.outcome import Outcome, published, telling_versions
from pipeline.jobs.scratch import Question, built_anew

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What `tlm report weekly` makes; `reissue` is the reason of a second issue, `question` asks for another file."""

    formats: tuple[str, ...] = ("html", "pdf")
    reissue: str | None = None
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What `tlm export` writes; `where` replaces the default selection, `out` the default place."""

    action: str = "all"
    where: str | None = None
    out: Path | None = None
    audiences: tuple[str, ...] = ("job",)


def report_weekly(settings: Settings, request: ReportRequest) -> Outcome:
    """The weekly report of the published database; an existing one is kept unless a reissue is asked for."""
    from pipeline.report.write import write_weekly  # noqa: PLC0415
    from pipeline.warehouse.duck import open_read_only  # noqa: PLC0415

    if request.reissue is not None and not request.reissue.strip():
        raise UsageError("--reissue needs a reason: it is printed on the report.")
    database = published(settings)
    asked = nullcontext(database) if request.question is None else built_anew(settings, database, request.question)
    with telling_versions(settings), asked as file, open_read_only(file) as warehouse:
        files = write_weekly(warehouse, settings, formats=request.formats, reissue_reason=request.reissue)
        ((run_id, as_of_at),) = warehouse.rows("select run_id, as_of_at from meta.current_run")
    if not files.is_new:
        command = "`tlm report weekly --reissue REASON`" if request.question is None else "--reissue REASON"
        had = (files.week, files.run_id, files.as_of_at)
        if files.run_id == run_id:
            logger.warning("Week %s has its report of run %s (%s) already; %s makes another issue.", *had, command)
        else:
            logger.warning(
                "Week %s has its report already, of run %s (%s): it stays as it is and does not have the data of run"
                " %s (%sZ); %s makes another issue, with them.",
                *(*had, run_id, as_of_at.isoformat(), command),
            )
    return Outcome(tuple(str(path) if files.is_new else f"{path}  unchanged" for path in files.paths))


def export(settings: Settings, request: ExportRequest) -> Outcome:
    """The CSV of one action, or of each that has a default selection."""
    from pipeline.export.files import export_actions  # noqa: PLC0415

    published(settings)
    with telling_versions(settings):
        files = export_actions(
            settings, request.action, where=request.where, out=request.out, audiences=request.audiences
        )
    return Outcome(tuple(f"{file.path}  {file.rows} {'row' if file.rows == 1 else 'rows'}" for file in files))
