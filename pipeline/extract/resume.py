"""Whether a run can be taken up again, and what is left of it on the disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.config import Account, Settings
from pipeline.errors import RunIncomplete, UsageError
from pipeline.extract.resources import AUDIT_LOG
from pipeline.runs.landing import what_is_wrong
from pipeline.runs.manifest import Manifest, find_runs
from pipeline.runs.opening import Opening, differences, read_opening

OLDEST = timedelta(days=1)
"""A snapshot is of one day: days left and ages count from the start of the run, whenever its last page was read."""


@dataclass(frozen=True, slots=True)
class Start:
    """A run as it begins: its id, its instant, the names of its accounts, and the resources asked for by name.

    `since`: how far back the audit log is to reach at least.
    """

    run_id: str
    as_of_at: datetime
    accounts: tuple[str, ...]
    wanted: tuple[str, ...] | None
    since: datetime | None = None


def left_of_run(
    settings: Settings, run_id: str, now: datetime
) -> list[tuple[Account, Start, Opening | Manifest | None]]:
    """What is left of a run, by account: its manifest when nothing is missing, else its opening.

    None: the process was killed before the account had a folder. UsageError when the run cannot be resumed.
    """
    landing = settings.data / "landing"
    openings = _read_openings(settings, run_id)
    if not openings:
        known = resumable_runs(settings, now)
        can = f"these can: {', '.join(known)}" if known else "none can, `tlm extract` starts a new one"
        msg = f"No run {run_id} can be resumed in {landing}; {can}."
        raise UsageError(msg)
    any_opening = next(iter(openings.values()))
    start = Start(run_id, any_opening.as_of_at, any_opening.accounts, any_opening.wanted, any_opening.since)
    _refuse_age(start, now)
    configured = {account.name: account for account in settings.accounts}
    left: list[tuple[Account, Start, Opening | Manifest | None]] = []
    for name in start.accounts:
        if name not in configured:
            msg = f"Run {run_id} reads the account {name}, which the configuration does not have; extract again."
            raise UsageError(msg)
        runs = find_runs(landing, name)
        finished = _find_finished(runs, run_id)
        newer = max((one.run_id for one in runs), default="")
        if finished is None and newer > run_id:
            msg = f"Account {name} has the later run {newer}, so run {run_id} is not resumed; extract again."
            raise UsageError(msg)
        left.append((configured[name], start, finished or openings.get(name)))
    return left


def finished_run(settings: Settings, run_id: str) -> tuple[Manifest, ...]:
    """The manifests of a run in which nothing is missing, whatever its age; else none, nor of an unknown run."""
    landing = settings.data / "landing"
    accounts = next((one.accounts for one in _read_openings(settings, run_id).values()), ())
    found = [_find_finished(find_runs(landing, name), run_id) for name in accounts]
    whole = tuple(one for one in found if one is not None)
    return whole if len(whole) == len(found) else ()


def refuse_damage(landing: Path, manifests: Iterable[Manifest]) -> None:
    """RunIncomplete for a part that is not as it was landed: what came in a finished run is not asked for again.

    It may be published, and what is served now is of another instant.
    """
    for manifest in manifests:
        folder = landing / manifest.account / manifest.run_id
        for extract in manifest.extracts:
            of_parts = folder.parent if extract.resource == AUDIT_LOG else folder / extract.resource
            for part in extract.parts:
                fault = what_is_wrong(of_parts / part.name, part)
                if fault is not None:
                    msg = (
                        f"Run {manifest.run_id} of account {manifest.account} is finished, but {of_parts / part.name} "
                        f"{fault}; put it back from a backup, or move {folder} away and extract again."
                    )
                    raise RunIncomplete(msg)


def _read_openings(settings: Settings, run_id: str) -> dict[str, Opening]:
    """How a run began, by account."""
    return {path.parts[-3]: read_opening(path) for path in (settings.data / "landing").glob(f"*/{run_id}/run.json")}


def _find_finished(runs: Iterable[Manifest], run_id: str) -> Manifest | None:
    return next((one for one in runs if one.run_id == run_id and is_finished(one)), None)


def resumable_runs(settings: Settings, now: datetime) -> list[str]:
    """The runs that are not finished and can be taken up again at `now`, oldest first."""
    landed = sorted({path.parts[-2] for path in (settings.data / "landing").glob("*/*/run.json")})
    return [run_id for run_id in landed if _can_be_resumed(settings, run_id, now)]


def _can_be_resumed(settings: Settings, run_id: str, now: datetime) -> bool:
    try:
        return not finished_run(settings, run_id) and bool(left_of_run(settings, run_id, now))
    except UsageError:
        return False


def is_finished(manifest: Manifest) -> bool:
    """Whether nothing that the run was to read is missing: a run of a few resources ends complete without being so."""
    return manifest.status != "failed" and all(one.status != "incomplete" for one in manifest.extracts)


def refuse_differences(before: Opening | None, now: Opening) -> None:
    """UsageError when what shapes the rows is not as it was at the start of the run."""
    found = differences(before, now) if before is not None else []
    if found:
        msg = (
            f"Run {now.run_id} of account {now.account} cannot be resumed: {'; '.join(found)}; "
            "set it back, or extract again without --resume."
        )
        raise UsageError(msg)


def _refuse_age(start: Start, now: datetime) -> None:
    age = now - start.as_of_at
    if age > OLDEST:
        hours = int(age.total_seconds() // 3600)
        msg = (
            f"Run {start.run_id} started {hours} hours ago, more than the {int(OLDEST.total_seconds() // 3600)} "
            "within which a run is resumed: it would not show one day; extract again without --resume."
        )
        raise UsageError(msg)
