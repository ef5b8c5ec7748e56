"""Which runs keep their pages, and the removal of the others.

Per account: every run of the last days (`all_days`), then the last complete one of each ISO week, then of each month,
in the configured zone. A run that was not complete is never the one of its week. What is removed are the folders of the
resources; manifest, opening and the marker `pruned.json` stay, so the chain of manifests can be followed for ever.
Audit events and job outcomes lie beside the runs and are not touched; nor is what no run has made: a folder that a
symbolic link leads to, one without manifest and opening, and any other file or folder in one of a run.

Ages do not come from the clock: they count back from the newest published run of the account, and a gap between two
runs counts as a week at most. A run that was started under a wrong clock ages the others by a week, not by years.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipeline.config import RESOURCES
from pipeline.errors import OutputFailed, UsageError, reason_of
from pipeline.policy import Policy, Retention
from pipeline.runs import manifest as manifests
from pipeline.runs import opening as openings
from pipeline.runs.disk import failed_output, replace_file, sync_folder

FILE_NAME = "pruned.json"
# What else lies beside the events is somebody's own.
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_LONGEST_GAP = timedelta(days=7)
_YEAR = timedelta(days=366)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Pruned(msgspec.Struct, frozen=True):
    """The marker of a run whose pages are removed, written before the first of them is.

    `counted_from` is the run that the age was counted from, `age_days` that age; `retention` the policy of that day.
    """

    run_id: str
    account: str
    pruned_at: datetime
    rule: str
    age_days: int
    counted_from: str
    retention: dict[str, int]
    format: int = 1


@dataclass(frozen=True, slots=True)
class Needed:
    """What the published file rests on: the newest published run by account, and (account, run) that it refers to."""

    newest: Mapping[str, str]
    runs: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Landed:
    """The folder of a run of one account; `is_complete` is false where there is no manifest, or it was not read."""

    account: str
    run_id: str
    is_complete: bool = False
    is_pruned: bool = False

    @property
    def started_at(self) -> datetime:
        """The instant that its name begins with."""
        return datetime.fromisoformat(self.run_id.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Removal:
    """A run whose pages are to go: how old it is, from which run that is counted, and the rule in words."""

    run: Landed
    age: timedelta
    counted_from: str
    rule: str


@dataclass(frozen=True, slots=True)
class Removed:
    """What a pass has removed: runs of accounts, and their bytes."""

    runs: int
    bytes: int


def refuse_pruned(landing: Path, run_id: str) -> None:
    """UsageError when pages of a run are gone: it cannot be built or resumed any more."""
    for path in sorted(landing.glob(f"*/{run_id}/{FILE_NAME}")):
        found = read_pruned(path)
        msg = (
            f"The pages of run {run_id} of account {found.account} were removed on {found.pruned_at:%Y-%m-%d} by"
            f" [retention] of policy.toml ({found.rule}) and only its manifest is left; name a run that has its pages."
        )
        raise UsageError(msg)


def read_pruned(path: Path) -> Pruned:
    """The marker in the file `path`; UsageError when it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Pruned)
    except (OSError, msgspec.DecodeError) as error:
        msg = (
            f"The marker {path} of a run without pages cannot be read ({reason_of(error)}); move the run's folder away."
        )
        raise UsageError(msg) from None


def find_retained(landing: Path) -> tuple[manifests.Manifest, ...]:
    """The finished runs below `landing` that have their pages, sorted by run id, then account."""
    paths = (path for path in landing.glob(f"*/*/{manifests.FILE_NAME}") if not (path.parent / FILE_NAME).exists())
    return tuple(sorted(map(manifests.read_manifest, paths), key=lambda one: (one.run_id, one.account)))


def find_pruned(landing: Path) -> list[Pruned]:
    """The markers of all runs below `landing` whose pages are gone, or on their way."""
    return [read_pruned(path) for path in sorted(landing.glob(f"*/*/{FILE_NAME}"))]


def is_pruned(landing: Path, account: str, run_id: str) -> bool:
    """Whether the pages of a run are gone, or on their way."""
    return (landing / account / run_id / FILE_NAME).exists()


def prune_runs(landing: Path, policy: Policy, zone: ZoneInfo, needed: Needed, now: datetime) -> Removed:
    """Remove what the policy does not keep, and what an earlier pass left half-removed; the caller holds the lock.

    `now` (aware) is only written down. A run that the disk refuses to remove does not keep the others: OutputFailed
    names the first of them at the end.
    """
    runs = find_landed(landing)
    removals = {removal.run: removal for removal in choose_removals(runs, policy, zone, needed)}
    sizes, failures = [], []
    for run in runs:
        folder = landing / run.account / run.run_id
        try:
            if run in removals:
                _mark(folder, removals[run], policy.retention, now)
            if run in removals or run.is_pruned:
                sizes.append(_remove_pages(folder))
        except OutputFailed as error:
            failures.append(error)
    if failures:
        raise failures[0]
    return Removed(sum(size is not None for size in sizes), sum(size or 0 for size in sizes))


def find_landed(landing: Path) -> list[Landed]:
    """All runs below `landing`, finished or not, by account and run; RunIncomplete when a manifest is damaged."""
    found = []
    accounts = [path for path in landing.glob("*") if path.is_dir() and not path.is_symlink()]
    for folder in sorted(path for account in accounts for path in account.iterdir() if _is_run(path)):
        run = Landed(folder.parent.name, folder.name, is_pruned=(folder / FILE_NAME).exists())
        if not run.is_pruned and (folder / manifests.FILE_NAME).exists():
            run = replace(run, is_complete=manifests.is_complete(manifests.read_manifest(folder / manifests.FILE_NAME)))
        found.append(run)
    return found


def _is_run(path: Path) -> bool:
    """Whether this tool has made it: a folder of its own, named for an instant, with an opening or a manifest."""
    if path.is_symlink() or not _RUN_ID.fullmatch(path.name):
        return False
    try:
        is_dated = Landed(path.parent.name, path.name).started_at >= _EARLIEST
    except ValueError:  # the 30th of February
        return False
    return is_dated and any((path / name).is_file() for name in (openings.FILE_NAME, manifests.FILE_NAME))


def choose_removals(runs: Iterable[Landed], policy: Policy, zone: ZoneInfo, needed: Needed) -> list[Removal]:
    """The runs that neither the policy, a legal hold nor the published file keeps, oldest first in each account."""
    accounts: dict[str, list[Landed]] = {}
    for run in runs:
        accounts.setdefault(run.account, []).append(run)
    removals = []
    for account, all_runs in sorted(accounts.items()):
        newest = needed.newest.get(account) or max(needed.newest.values(), default="")
        past = sorted((run for run in all_runs if run.run_id <= newest), key=lambda run: run.run_id)
        ages = _count_ages(past)
        last = _last_of_periods(past, zone)
        for run in past:
            rule = _broken_rule(run, ages[run.run_id], last, policy.retention)
            is_needed = run.is_pruned or run.run_id == newest or (account, run.run_id) in needed.runs
            if rule is not None and not is_needed and not _is_held(run.started_at.astimezone(zone).date(), policy):
                removals.append(Removal(run, ages[run.run_id], past[-1].run_id, rule))
    return removals


def _count_ages(past: Sequence[Landed]) -> dict[str, timedelta]:
    """Age by run of an account's runs, oldest first: the gaps up to the newest one, each a week at most."""
    ages: dict[str, timedelta] = {}
    age = timedelta()
    for number in range(len(past) - 1, -1, -1):
        if number < len(past) - 1:
            age += min(past[number + 1].started_at - past[number].started_at, _LONGEST_GAP)
        ages[past[number].run_id] = age
    return ages


def _last_of_periods(past: Sequence[Landed], zone: ZoneInfo) -> tuple[set[str], set[str]]:
    """The last complete run of each ISO week, and of each month, of the runs of an account, oldest first."""
    weeks: dict[tuple[int, int], str] = {}
    months: dict[tuple[int, int], str] = {}
    for run in past:
        if run.is_complete:
            day = run.started_at.astimezone(zone).date()
            weeks[day.isocalendar()[:2]] = run.run_id
            months[day.year, day.month] = run.run_id
    return set(weeks.values()), set(months.values())


def _broken_rule(run: Landed, age: timedelta, last: tuple[set[str], set[str]], retention: Retention) -> str | None:
    """Why the pages of a run are not kept, in words; None when they are."""
    weeks_end, months_end = _YEAR * retention.weekly_years, _YEAR * retention.monthly_years
    is_young = age <= timedelta(days=retention.all_days)
    is_of_week = age <= weeks_end and run.run_id in last[0]
    is_of_month = age <= months_end and run.run_id in last[1]
    if is_young or is_of_week or is_of_month:
        return None
    if not run.is_complete:
        return f"not complete and older than {retention.all_days} days"
    if age <= weeks_end:
        return f"older than {retention.all_days} days and not the last complete run of its week or month"
    if age <= months_end:
        return f"older than {retention.weekly_years} years and not the last complete run of its month"
    years = max(retention.weekly_years, retention.monthly_years)
    return f"older than {years} years" if years else f"older than {retention.all_days} days"


def _is_held(day: date, policy: Policy) -> bool:
    """Whether a legal hold of the policy is over that day."""
    return any(hold.from_on <= day <= (hold.to_on or date.max) for hold in policy.legal_holds)


def _mark(folder: Path, removal: Removal, retention: Retention, now: datetime) -> None:
    """Write the marker of a run whose pages go next."""
    marker = Pruned(
        run_id=removal.run.run_id,
        account=removal.run.account,
        pruned_at=now.astimezone(UTC).replace(microsecond=0),
        rule=removal.rule,
        age_days=removal.age.days,
        counted_from=removal.counted_from,
        retention=msgspec.structs.asdict(retention),
    )
    replace_file(folder / FILE_NAME, msgspec.json.format(msgspec.json.encode(marker), indent=2) + b"\n")


def _remove_pages(folder: Path) -> int | None:
    """Remove the folders of the resources of a run; their bytes, or None when they are gone already."""
    size = None
    try:
        for resource in (folder / name for name in RESOURCES):
            if resource.is_dir() and not resource.is_symlink():
                size = (size or 0) + sum(file.stat().st_size for file in resource.rglob("*") if file.is_file())
                shutil.rmtree(resource)
        sync_folder(folder)
    except OSError as error:
        raise failed_output(folder, error) from None
    return size
