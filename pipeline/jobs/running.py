"""The whole flow, one at a time."""

from __future__ import annotations

from pipeline.config import Settings
from pipeline.errors import AccessDenied, ContractContradicted, RunIncomplete
from pipeline.exits import Exit, code_for
from pipeline.jobs.building import build_now
from pipeline.jobs.outcome import Clock, Outcome, utc_now
from pipeline.jobs.reading import Selection, extract_now
from pipeline.jobs.reporting import ExportRequest, ReportRequest, export, report_weekly
from pipeline.runs.lock import hold_lock


def run_daily(settings: Settings, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Extract and build; accounts that are not complete keep their last complete snapshot and make the code 3 or 4."""
    code, failed = Exit.DONE, None
    with hold_lock(settings.data):
        try:
            extract_now(settings, Selection(), clock, show_progress=show_progress)
        except (AccessDenied, ContractContradicted, RunIncomplete) as error:
            code, failed = code_for(error), error
        built = build_now(settings, clock)
    return Outcome(built.lines, code, None if failed is None else str(failed), failed)


def run_weekly(settings: Settings, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Extract, build, report, exports; the report is made also when an account is stale, and says so."""
    daily = run_daily(settings, clock=clock, show_progress=show_progress)
    if not settings.database.exists():
        return daily
    reported = report_weekly(settings, ReportRequest())
    exported = export(settings, ExportRequest(audiences=("job", "people")))
    return Outcome(daily.lines + reported.lines + exported.lines, daily.exit_code, daily.complaint, daily.error)
