"""What makes a database: of landed runs, or a copy of the published one under other rules."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline import places
from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.extract.resume import resumable_runs
from pipeline.jobs.custom import add_custom_models, refuse_mistakes
from pipeline.jobs.keeping import retain
from pipeline.jobs.outcome import Clock, Outcome, utc_now
from pipeline.load.choose import Runs, Wish, choose_again, choose_events, choose_runs, find_events, passed_over
from pipeline.load.drift import find_drift, judge_drift
from pipeline.load.inputs import fingerprint_inputs
from pipeline.load.meta import create_meta
from pipeline.load.parameters import set_lists, set_policy, set_run
from pipeline.load.published import (
    Published,
    accept_run,
    accept_shrink,
    mark_published,
    read_published,
    record_shrink,
    restore_run,
)
from pipeline.load.raw import load_run, record_run
from pipeline.load.rewind import load_again, rewind
from pipeline.load.stand_in import unread_lists
from pipeline.policy import Policy, read_policy
from pipeline.runs.lock import hold_lock
from pipeline.runs.manifest import Manifest, find_runs, is_complete, manifest_path, missing_in, read_manifest
from pipeline.runs.retention import find_retained, is_pruned, refuse_pruned
from pipeline.transform.run import build_models, read_project
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import Build, Earlier, discard, open_build, publish

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What `tlm build` makes: all that is new, or one run; what is accepted in it, and why."""

    run_id: str | None = None
    accept_incomplete: str | None = None
    accept_shrink: bool = False


NEW_RUNS = BuildRequest()
Guard = Callable[[Warehouse], None]
"""Looks at a file that was built anew, and raises when it may not be published."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build file is filled with: runs, which accounts of them, and what the published file knew of them.

    `events` are the runs whose audit events come along, although they are not built themselves.
    """

    runs: Runs
    wish: Wish
    policy: Policy
    before: Published
    accept_shrink: bool = False
    events: tuple[Manifest, ...] = ()


def build(settings: Settings, request: BuildRequest = NEW_RUNS, *, clock: Clock = utc_now) -> Outcome:
    """Load the complete runs that are newer than the published ones, run models and checks, publish."""
    if request.accept_incomplete is not None and request.run_id is None:
        raise UsageError("--accept-incomplete is for one run: name it with --run RUN.")
    if request.accept_incomplete is not None and not request.accept_incomplete.strip():
        raise UsageError("--accept-incomplete needs a reason: it is printed on the report's cover.")
    with hold_lock(settings.data):
        return build_now(settings, clock, request)


def build_now(settings: Settings, clock: Clock, request: BuildRequest = NEW_RUNS) -> Outcome:
    """The same for a caller that holds the lock."""
    policy = read_policy(Path(settings.folder))
    landing = settings.data / "landing"
    if request.run_id is not None:
        refuse_pruned(landing, request.run_id)
    before = read_published(settings.database)
    wish = Wish(request.run_id, request.accept_incomplete, before.accepted)
    manifests = find_retained(landing)
    for late in passed_over(manifests, before.runs):
        logger.warning(
            "Account %s of run %s is complete and older than the newest published run, so no build takes more of"
            " it than its audit events; `tlm rebuild` does.",
            *(late.account, late.run_id),
        )
    runs = choose_runs(manifests, before.runs, wish)
    if not runs and request.run_id in {None, before.run_id}:
        runs = _choose_behind(before, manifests, wish) or _choose_changed(settings, policy, before, manifests)
    if not runs:
        has = "has every complete run" if settings.database.exists() else "waits for a first complete run"
        for unfinished in resumable_runs(settings, clock()):
            logger.warning("Run %s did not finish; `tlm extract --resume %s` goes on with it.", unfinished, unfinished)
        warn_of_absent(settings, {account for _, account in before.runs})
        return Outcome((f"Nothing new to build: {settings.database} {has}.",))
    with making(settings, policy, before, clock) as build_file:
        pruned = () if before.run_id else pruned_runs(landing)
        events = find_events(manifests, before.runs, wish, runs)
        plan = Plan(runs, wish, policy, before, request.accept_shrink, (*pruned, *events))
        fill(build_file, settings, plan)
    if request.accept_incomplete is not None:
        for manifest in runs[0][1]:
            if not is_complete(manifest):
                _warn_of_incomplete(runs[0][0], manifest, request.accept_incomplete, before)
    loaded = {one.account for _, found in runs for one in found if wish.takes(one)}
    warn_of_absent(settings, {account for _, account in before.runs} | loaded)
    retain(settings, policy, clock)
    return Outcome((str(settings.database),))


def warn_of_absent(settings: Settings, present: set[str]) -> None:
    """Tell of accounts of the configuration of which the database, that has the accounts `present`, has nothing."""
    for account in settings.accounts if present else ():
        if account.name not in present:
            logger.warning(
                "Account %s has no complete run yet, so nothing of it is in the database and in the reports;"
                " `tlm extract --account %s` reads it.",
                *(account.name, account.name),
            )


def _choose_behind(before: Published, manifests: Sequence[Manifest], wish: Wish) -> Runs:
    """The newest published run, to be built once more, when audit events of its accounts were landed that it lacks."""
    runs = choose_again(manifests, before.runs, before.run_id)
    events = find_events(manifests, before.runs, wish, runs)
    fresh = [
        one.run_id
        for one in events
        if (before.run_id, one.account) in before.runs and (one.run_id, one.account) not in before.events
    ]
    if not fresh:
        return []
    came = ", ".join(sorted(set(fresh)))
    if runs:
        logger.info("Audit events of run %s came: run %s is built once more with them.", came, before.run_id)
    else:
        logger.warning("Audit events of run %s wait for the next run: %s has no pages any more.", came, before.run_id)
    return runs


def _choose_changed(settings: Settings, policy: Policy, before: Published, manifests: Sequence[Manifest]) -> Runs:
    """The newest published run, to be built once more, when policy, lists, zone or models are not as they were."""
    if not before.run_id or before.inputs == _inputs(settings, policy):
        return []
    runs = choose_again(manifests, before.runs, before.run_id)
    if runs:
        logger.info("Policy, lists, zone or models have changed: run %s is built once more.", before.run_id)
    else:
        logger.warning(
            "Policy, lists, zone or models have changed, and run %s has no pages in the landing zone any more;"
            " the change takes effect with the next run.",
            before.run_id,
        )
    return runs


def _inputs(settings: Settings, policy: Policy) -> str:
    return fingerprint_inputs(Path(settings.folder), places.content("sql"), policy, settings.timezone)


def pruned_runs(landing: Path) -> tuple[Manifest, ...]:
    """The runs whose pages are gone, and that got all they asked for: their audit events are still there."""
    found = (one for one in find_runs(landing) if missing_in((), one.extracts) is None)
    return tuple(one for one in found if is_pruned(landing, one.account, one.run_id))


def fill(build_file: Build, settings: Settings, plan: Plan) -> None:
    """Load the runs of the plan and build their models; the last one in full, with its checks."""
    warehouse, landing = build_file.warehouse, settings.data / "landing"
    project = read_project(warehouse, places.content("sql"))
    if plan.runs[0][0] == plan.before.run_id:
        _take_back(warehouse, landing, plan)
    configured = [account.name for account in settings.accounts]
    for number, (run, manifests) in enumerate(plan.runs, 1):
        is_last = number == len(plan.runs)
        for manifest in manifests:
            _load(warehouse, landing, plan, manifest)
        set_run(warehouse, run, manifests[0].as_of_at, settings.zone, configured)
        if is_last and plan.accept_shrink:
            accept_shrink(warehouse, run)
        report = build_models(project, everything=is_last, as_run=run)
        logger.info("Run %s is built (%d of %d).", run, number, len(plan.runs))
        for outcome in report.warnings:
            logger.warning("A check warns: %s; the build goes on.", outcome.sentence)
        if is_last and plan.accept_shrink:
            for sentence in record_shrink(warehouse, run):
                logger.warning("%s", sentence)
    for told in judge_drift(warehouse, plan.runs[-1][0], plan.policy.drift):
        logger.warning("%s", told)


def _take_back(warehouse: Warehouse, landing: Path, plan: Plan) -> None:
    """The newest run as if never built, but for its events; accounts that it is not loaded for get their rows back."""
    run, manifests = plan.runs[0]
    loaded = {one.account for one in manifests if plan.wish.takes(one)}
    for account, earlier in rewind(warehouse, run, keep_events=True):
        if account not in loaded:
            load_again(warehouse, landing, read_manifest(manifest_path(landing, account, earlier)))


def _load(warehouse: Warehouse, landing: Path, plan: Plan, manifest: Manifest) -> None:
    """The rows of a run of one account where they are to be loaded, else the record of it alone."""
    is_taken = plan.wish.takes(manifest)
    if is_taken:
        events = choose_events(plan.events, plan.runs, plan.wish, manifest)
        stand_ins = load_run(warehouse, landing, manifest, events)
        for resource, stand_in in stand_ins.items():
            logger.warning("Account %s: %s was %s.", manifest.account, resource, stand_in.sentence)
        lost = [one for one in unread_lists(manifest) if one.resource not in stand_ins]
        for extract in lost if manifest.run_id == plan.runs[-1][0] else ():
            logger.warning(
                "Account %s: %s was not read, and no earlier run has it, so what it says counts as not there: %s.",
                *(manifest.account, extract.resource, (extract.reason or "no reason given").rstrip(".")),
            )
        find_drift(warehouse, landing, manifest)
    else:
        record_run(warehouse, landing, manifest)
    known = plan.before.runs.get((manifest.run_id, manifest.account))
    if known is not None:
        restore_run(warehouse, manifest.run_id, manifest.account, known)
    if is_taken and not is_complete(manifest) and (known is None or not known.is_accepted):
        accept_run(warehouse, manifest.run_id, manifest.account, plan.wish.accept_incomplete or "")


@contextmanager
def making(
    settings: Settings, policy: Policy, before: Published, clock: Clock, guard: Guard | None = None
) -> Iterator[Build]:
    """A copy of the published file with today's policy and lists; after the block it is published, or gone on an error.

    `before` is what the published file says of itself: it is kept under the run that it is of. With a `guard` the file
    begins empty, and the guard may refuse it when all is built; then the file of before is kept for good.
    """
    access = settings.publish
    build_file = open_build(settings.database, is_empty=guard is not None)
    try:
        create_meta(build_file.warehouse)
        set_policy(build_file.warehouse, policy)
        set_lists(build_file.warehouse, Path(settings.folder))
        refuse_mistakes(build_file.warehouse, Path(settings.folder))
        yield build_file
        for outcome in add_custom_models(build_file, Path(settings.folder)):
            logger.warning("A check warns: %s; the build goes on.", outcome.sentence)
        if guard is not None:
            guard(build_file.warehouse)
        mark_published(build_file.warehouse, clock(), _inputs(settings, policy))
        earlier = Earlier(before.run_id, access.keep, is_rebuilt=guard is not None) if before.run_id else None
        publish(build_file, mode=int(access.mode, 8), group=access.group, earlier=earlier)
    except BaseException:
        discard(build_file)
        raise


def _warn_of_incomplete(run: str, manifest: Manifest, reason: str, before: Published) -> None:
    known = before.runs.get((run, manifest.account))
    if known is not None and known.is_accepted:
        logger.warning(
            "Account %s of run %s was accepted before, and the reason of then is kept: %s.",
            *(manifest.account, run, (known.reason or "").rstrip(".")),
        )
        return
    logger.warning(
        "Account %s of run %s is published INCOMPLETE, accepted because: %s. It lacks: %s. Counts may be too low and"
        " shares wrong; the report says so on its cover, and the next complete extract ends it.",
        *(manifest.account, run, reason.rstrip("."), manifest.reason),
    )
