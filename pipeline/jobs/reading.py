"""What talks to the service: the contract and the extraction."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import AccessDenied, ContractContradicted, RunIncomplete, TlmError
from pipeline.exits import Exit, code_for
from pipeline.extract.contract import Check, check_account, check_file, show_checks, show_contract
from pipeline.extract.resources import Wanted
from pipeline.extract.run import choose_accounts, extract_run, resume_run
from pipeline.jobs.outcome import Clock, Outcome, utc_now
from pipeline.progress import page_bars
from pipeline.runs.lock import hold_lock
from pipeline.runs.manifest import is_complete
from pipeline.runs.retention import refuse_pruned

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Selection:
    """What an extraction reads; None means all. `resume`: nothing new, but what is missing in this run.

    `since`: the day in the configured zone from which on the audit log is read, where that is earlier than usual.
    """

    resources: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    resume: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class ContractRequest:
    """What `tlm contract check` compares: a file, or the instances of `accounts` (None: all)."""

    file: Path | None = None
    accounts: tuple[str, ...] | None = None
    as_json: bool = False


def contract_show(settings: Settings | None, *, as_json: bool) -> Outcome:
    """The contract with its evidence; without settings, as shipped."""
    return Outcome(show_contract(settings, as_json=as_json))


def contract_check(settings: Settings | None, request: ContractRequest, *, clock: Clock = utc_now) -> Outcome:
    """The contract against a file, or against each account's own document: every account is tried, the worst counts."""
    checks: list[Check] = []
    errors: list[TlmError] = []
    if request.file is not None:
        checks.append(check_file(settings, request.file))
    elif settings is not None:
        for account in choose_accounts(settings, request.accounts):
            try:
                checks.append(asyncio.run(check_account(settings, account, clock)))
            except TlmError as error:
                errors.append(error)
    lines = show_checks(settings, checks, as_json=request.as_json) if checks else ()
    if errors:
        # Access before service before document: the first is what an administrator has to mend before anything else.
        code = min(map(code_for, errors), key=(Exit.OUTPUT, Exit.ACCESS, Exit.INCOMPLETE, Exit.USAGE).index)
        return Outcome(lines, code, " ".join(map(str, errors)))
    return Outcome(lines, Exit.THRESHOLD_CROSSED if any(one.is_contradicted for one in checks) else Exit.DONE)


def extract(settings: Settings, selection: Selection, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Every resource of every account into the landing zone; prints the run id, also of a run that is not complete."""
    with hold_lock(settings.data):
        try:
            return Outcome((extract_now(settings, selection, clock, show_progress=show_progress),))
        except (AccessDenied, ContractContradicted, RunIncomplete) as error:
            if error.run_id is None:
                raise
            return Outcome((error.run_id,), code_for(error), str(error), error)


def extract_now(settings: Settings, selection: Selection, clock: Clock, *, show_progress: bool) -> str:
    """The same for a caller that holds the lock: the run's id."""
    landing = settings.data / "landing"
    before = _newest_run(landing)
    with page_bars(enabled=show_progress) as on_page:
        if selection.resume is not None:
            refuse_pruned(landing, selection.resume)
            reading = resume_run(settings, selection.resume, clock=clock, on_page=on_page)
        else:
            day = selection.since
            since = None if day is None else datetime.combine(day, time(), settings.zone).astimezone(UTC)
            wanted = Wanted(selection.resources, selection.accounts, since)
            reading = extract_run(settings, wanted, clock=clock, on_page=on_page)
        try:
            result = asyncio.run(reading)
        except KeyboardInterrupt:
            newest = _newest_run(landing)
            started = selection.resume or (newest if newest != before else None)
            if started is not None:  # else it was stopped before it had begun
                logger.warning("Run %s is kept as far as it came; `tlm extract --resume %s` goes on.", started, started)
            raise
    for manifest in result.manifests:
        if not is_complete(manifest):
            logger.warning(
                "Account %s: run %s has what was asked for and is no whole run (%s), so `tlm build` does not take it;"
                " `tlm extract` without --resource reads all that a build needs.",
                *(manifest.account, manifest.run_id, manifest.reason),
            )
    return result.run_id


def _newest_run(landing: Path) -> str:
    """The newest run that has begun; empty when there is none."""
    return max((path.parent.name for path in landing.glob("*/*/run.json")), default="")
