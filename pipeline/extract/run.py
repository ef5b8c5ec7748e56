"""One run: all resources of all accounts, accounts side by side, each with its own client, budget and manifest."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pipeline import __version__
from pipeline.api.client import Client, Patience
from pipeline.api.line import open_line
from pipeline.api.request import Caller
from pipeline.config import Account, Settings
from pipeline.errors import (
    AccessDenied,
    ContractContradicted,
    Refused,
    RunIncomplete,
    TryAgain,
    Unauthorized,
    Unreachable,
    UsageError,
)
from pipeline.extract.audit import new_reading
from pipeline.extract.contract import find_contradiction
from pipeline.extract.pages import ProgressCallback, ResourceReading, Source
from pipeline.extract.resources import EVERYTHING, FIRST, Resource, Wanted, audit_window, choose_resources, left_out
from pipeline.extract.resume import Start, finished_run, left_of_run, refuse_damage, refuse_differences
from pipeline.runs.disk import make_folder
from pipeline.runs.landing import read_items
from pipeline.runs.manifest import (
    Extract,
    KeySees,
    Manifest,
    find_runs,
    fingerprint,
    manifest_hash,
    manifest_path,
    missing_in,
    new_run_id,
    write_manifest,
)
from pipeline.runs.opening import Opening, write_opening

T = TypeVar("T")
logger = logging.getLogger(__name__)

_SHOWN_NAMES = 5
_TURN_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run that got all it asked for: its id and the manifest of each account.

    A manifest is still "incomplete" when fewer resources were asked for than are required.
    """

    run_id: str
    manifests: tuple[Manifest, ...]


@dataclass(slots=True)
class _AccountRun:
    """The run of one account: its fixed parts, and the outcome of each resource that is left out or has ended."""

    caller: Caller
    client: Client
    folder: Path
    opening: Opening
    resources: tuple[Resource, ...]
    left_out: tuple[Extract, ...]
    previous_manifest_hash: str | None
    is_resumed: bool = False
    extracts: dict[str, Extract] = field(default_factory=dict)
    stopped: AccessDenied | ContractContradicted | None = None


async def extract_run(
    settings: Settings, wanted: Wanted = EVERYTHING, *, clock: Callable[[], datetime], on_page: ProgressCallback
) -> RunResult:
    """Read what is wanted into the landing zone.

    Every account is tried to its end and gets its manifest; then AccessDenied is raised when one was denied, else
    RunIncomplete when a resource that was asked for is not complete, else ContractContradicted. UsageError,
    ConfigurationError and OutputFailed come before anything is sent; OutputFailed, when the disk fills up, also later,
    and then without a manifest.
    """
    as_of_at = clock().astimezone(UTC).replace(microsecond=0)
    if wanted.since is not None and wanted.since > as_of_at:
        msg = f"--since {wanted.since:%Y-%m-%d %H:%M} UTC lies in the future; name a day that has begun."
        raise UsageError(msg)
    chosen = choose_accounts(settings, wanted.accounts)
    names = tuple(account.name for account in chosen)
    start = Start(new_run_id(as_of_at), as_of_at, names, wanted.resources, wanted.since)
    runs = [_prepare(settings, account, start, clock) for account in chosen]
    make_folder(settings.data, 0o777)  # less the umask: the database in it may be for a group; what is below is not
    for run in runs:
        make_folder(run.folder / start.run_id)
        write_opening(run.folder / start.run_id, run.opening)
    return await _read_all(settings, runs, clock, on_page)


async def resume_run(
    settings: Settings, run_id: str, *, clock: Callable[[], datetime], on_page: ProgressCallback
) -> RunResult:
    """Go on with a run that was killed, or that ended incomplete: only what is missing is asked for.

    Its instant stays that of its start. Accounts that are complete are not read again; the others end like those of
    `extract_run`. A run in which nothing is missing is told and given as it is; RunIncomplete where a part of it is
    damaged. UsageError, before anything is sent: there is no such run, it started longer than a day ago, a later run
    of the account exists, or what shapes the rows is not as it was.
    """
    whole = finished_run(settings, run_id)
    if whole:
        refuse_damage(settings.data / "landing", whole)
        logger.info("Run %s is finished, nothing is missing in it; `tlm build` publishes it.", run_id)
        return RunResult(run_id, whole)
    runs, done = [], []
    for account, start, left in left_of_run(settings, run_id, clock()):
        if isinstance(left, Manifest):
            done.append(left)
            continue
        run = _prepare(settings, account, start, clock)
        refuse_differences(left, run.opening)
        run.is_resumed = left is not None
        if left is not None:
            run.opening = left
            run.resources = choose_resources(settings.extract, left.wanted, (left.audit_from, left.as_of_at))
        runs.append(run)
    for run in runs:
        make_folder(run.folder / run_id)
        write_opening(run.folder / run_id, run.opening)
    result = await _read_all(settings, runs, clock, on_page)
    return RunResult(run_id, (*done, *result.manifests))


async def _read_all(
    settings: Settings, runs: list[_AccountRun], clock: Callable[[], datetime], on_page: ProgressCallback
) -> RunResult:
    """All accounts to their ends, then the error of those that are not complete."""
    with _quick_turns():
        manifests = await _side_by_side(_read_account(settings, run, clock, on_page) for run in runs)
    run_id = runs[0].opening.run_id
    stopped = [run.stopped for run in runs if run.stopped is not None]
    sentences = " ".join(map(str, stopped))
    if any(isinstance(error, AccessDenied) for error in stopped):
        msg = f"{sentences} {_say_next_steps(run_id, manifests)}"
        raise AccessDenied(msg, run_id)
    of_stopped = {run.opening.account for run in runs if run.stopped is not None}
    faults = {one.account: missing_in((), one.extracts) for one in manifests if one.account not in of_stopped}
    incomplete = [
        f"Account {account} is incomplete: {fault.rstrip('.')}." for account, fault in faults.items() if fault
    ]
    if incomplete:
        msg = " ".join([*incomplete, sentences, _say_next_steps(run_id, manifests)]).replace("  ", " ")
        raise RunIncomplete(msg, run_id)
    if stopped:  # no next steps: what releases the call is another contract, and that needs a new run
        raise ContractContradicted(sentences, run_id)
    return RunResult(run_id, tuple(manifests))


def _say_next_steps(run_id: str, manifests: Iterable[Manifest]) -> str:
    """The last sentence about a run that lacks something; without required rows a build has nothing to accept."""
    resume = f"Run {run_id} is kept as far as it came: `tlm extract --resume {run_id}` reads what is missing"
    lacking = [one for one in manifests if one.status != "complete"]
    if not any(of.rows_received and of.resource in one.required for one in lacking for of in one.extracts):
        return f"{resume}."
    return f"{resume}, `tlm build --run {run_id} --accept-incomplete REASON` publishes it as it is."


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let the event loop have the interpreter back from the thread that writes within a millisecond, not five.

    It hands it over with every read of a socket: measured with audit events, a fifth to a third less time in all.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def choose_accounts(settings: Settings, wanted: tuple[str, ...] | None) -> tuple[Account, ...]:
    """The configured accounts named `wanted` (None: all), in the order of the configuration; else UsageError."""
    names = [account.name for account in settings.accounts]
    unknown = sorted(set(wanted or ()) - set(names))
    if unknown:
        msg = f"No account {unknown[0]!r} in the configuration; it has: {', '.join(names)}."
        raise UsageError(msg)
    return tuple(account for account in settings.accounts if wanted is None or account.name in wanted)


def _prepare(settings: Settings, account: Account, start: Start, clock: Callable[[], datetime]) -> _AccountRun:
    landing = settings.data / "landing"
    earlier = [one for one in find_runs(landing, account.name) if one.run_id < start.run_id]
    window = audit_window(settings.extract, earlier, start.as_of_at, start.since)
    caller, line = open_line(settings, account)
    resources = choose_resources(settings.extract, start.wanted, window)
    paths = {one.name: caller.paths.get(one.name, one.call.path) for one in resources}
    return _AccountRun(
        caller=caller,
        client=Client(
            requests_per_second=settings.extract.requests_per_second,
            concurrency=settings.extract.concurrency,
            clock=clock,
            patience=Patience(budget_seconds=60 * settings.extract.budget_minutes),
            line=line,
        ),
        folder=landing / account.name,
        opening=Opening(
            run_id=start.run_id,
            account=account.name,
            accounts=start.accounts,
            as_of_at=start.as_of_at,
            base_url=account.base_url,
            account_id=account.account_id,
            wanted=start.wanted,
            required=settings.extract.required,
            paths=paths,
            audit_from=window[0],
            tool_version=__version__,
            config_hash=_config_hash(account, caller.paths, paths),
            since=start.since,
        ),
        resources=resources,
        left_out=left_out(settings.extract, start.wanted),
        previous_manifest_hash=(
            manifest_hash(manifest_path(landing, account.name, earlier[-1].run_id)) if earlier else None
        ),
    )


async def _read_account(
    settings: Settings, run: _AccountRun, clock: Callable[[], datetime], on_page: ProgressCallback
) -> Manifest:
    extract = settings.extract
    async with run.client as client:
        window = asyncio.Semaphore(2 * extract.concurrency)
        source = Source(run.caller, client, extract.page_size, extract.concurrency, window, on_page)
        readings = [new_reading(source, resource, run.folder, run.opening.run_id) for resource in run.resources]
        if run.is_resumed:
            for reading in readings:
                await asyncio.to_thread(reading.restore)
        try:
            await _read_resources(run, readings, client)
        except (AccessDenied, ContractContradicted) as error:
            run.stopped = error
        for reading in readings:
            if reading.resource.name not in run.extracts:
                run.extracts[reading.resource.name] = reading.result("incomplete", "not read to the end")
    return _close(run, clock())


async def _read_resources(run: _AccountRun, readings: list[ResourceReading], client: Client) -> None:
    """All of them; the first alone, because what stops it (the key, the address) would stop the others as well.

    What ails that list alone keeps none of the others from being read. Then the instance's own document is asked once
    whether it describes the calls that the account cannot do without.
    """
    first, *others = readings
    await _read_resource(run, first)
    if run.extracts[first.resource.name].status == "incomplete" and not client.has_answered:
        return
    contradiction = await find_contradiction(client, run.caller, run.opening.required)
    if contradiction is not None:
        raise ContractContradicted(contradiction)
    await _side_by_side(_read_resource(run, reading) for reading in others)


async def _read_resource(run: _AccountRun, reading: ResourceReading) -> None:
    """Read one and record its outcome; AccessDenied when the account cannot be read without it."""
    resource = reading.resource
    try:
        fault = await reading.read()
        extract = reading.result("complete", reading.note) if fault is None else reading.result("incomplete", fault)
    except (TryAgain, Unreachable) as error:
        extract = reading.result("incomplete", str(error))
    except Refused as error:
        logger.warning("%s", error)
        can_do_without = not resource.is_required and not isinstance(error, Unauthorized)
        extract = reading.result("skipped", str(error))
        if not can_do_without or extract.rows_received:  # a part of a list would look like all of it
            extract = msgspec.structs.replace(extract, status="incomplete")
        run.extracts[resource.name] = extract
        if not can_do_without:
            _deny(run.caller.account, resource, error)
    run.extracts[resource.name] = extract


def _deny(account: Account, resource: Resource, error: Refused) -> None:
    """Raise AccessDenied for the refusals that name something an administrator can give: key, role, feature."""
    facts = {
        401: f"the API does not accept the key at {resource.name}",
        403: f"the key may not read {resource.name}",
        404: f"{resource.name} is not there",
    }
    advice = {
        401: "check api_key or client_certificate, its end date, and that it belongs to this environment",
        403: "give its service user a role with the permission to view the inventory of certificates and endpoints",
        404: (
            "the endpoints feature (managed automation) is not enabled for the account, or base_url "
            f"({account.base_url}) is not the API's, or the path differs and must be overridden in [contract] paths"
        ),
    }
    if error.status in facts:
        said = f"{error.status} {error.code}" if error.code else f"{error.status}"
        msg = f"Account {account.name}: {facts[error.status]} ({said}); {advice[error.status]}."
        raise AccessDenied(msg)


def _close(run: _AccountRun, finished_at: datetime) -> Manifest:
    opening = run.opening
    folder = run.folder / opening.run_id
    extracts = (*(run.extracts[resource.name] for resource in run.resources), *run.left_out)
    reason = str(run.stopped) if run.stopped is not None else missing_in(opening.required, extracts)
    manifest = Manifest(
        run_id=opening.run_id,
        account=opening.account,
        as_of_at=opening.as_of_at,
        finished_at=finished_at.astimezone(UTC),
        status="failed" if run.stopped is not None else "complete" if reason is None else "incomplete",
        reason=reason,
        tool_version=__version__,
        config_hash=opening.config_hash,
        base_url=opening.base_url,
        required=opening.required,
        key_sees=_what_the_key_sees(folder / FIRST),
        extracts=extracts,
        previous_manifest_hash=run.previous_manifest_hash,
    )
    write_manifest(folder, manifest)
    rows = sum(one.rows_received for one in extracts)
    logger.info("Account %s: %d rows, %s; %s.", opening.account, rows, manifest.status, _say_sight(manifest.key_sees))
    return manifest


def _config_hash(account: Account, overrides: Mapping[str, str], resources: Iterable[str]) -> str:
    """Of what must be the same when a run is resumed: the service, the account, the paths, the resources."""
    paths = [text for name, path in sorted(overrides.items()) for text in (name, path)]
    return fingerprint([account.base_url, account.account_id, *paths, None, *resources])


class _Unit(msgspec.Struct):
    class _Account(msgspec.Struct):
        id: str | None = None

    name: str | None = None
    account: _Account | None = None


def _what_the_key_sees(folder: Path) -> KeySees:
    names: set[str] = set()
    accounts: set[str] = set()
    for part in sorted(folder.glob("part-*")):
        for line in read_items(part):
            try:
                unit = msgspec.json.decode(line, type=_Unit)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # a strange item is landed all the same
                continue
            names.add(unit.name or "")
            accounts.add((unit.account and unit.account.id) or "")
    return KeySees(tuple(sorted(names - {""})), tuple(sorted(accounts - {""})))


def _say_sight(key_sees: KeySees) -> str:
    """What "complete" is complete for, in words."""
    if not (key_sees.business_units or key_sees.accounts):
        return "what the key sees is not known, for no business unit came"
    return f"the key sees {_count(key_sees.business_units, 'business unit')} in {_count(key_sees.accounts, 'account')}"


def _count(names: tuple[str, ...], noun: str) -> str:
    more = len(names) - _SHOWN_NAMES
    shown = [*names[:_SHOWN_NAMES], *([f"{more} more"] if more > 0 else [])]
    return f"{len(names)} {noun}{'' if len(names) == 1 else 's'} ({', '.join(shown) or 'none named'})"


async def _side_by_side(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all; the first error cancels the others, waits for them, and is raised."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
