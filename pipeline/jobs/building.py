"""What makes a database: of landed runs, or a copy of the published one under other rules."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline import places
from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.jobs.custom import add_custom_models
from pipeline.jobs.keeping import retain
from pipeline.jobs.outcome import Clock, Outcome, utc_now
from pipeline.load.choose import Wish, choose_runs
from pipeline.load.drift import find_drift, judge_drift
from pipeline.load.inputs import fingerprint_inputs
from pipeline.load.meta import create_meta
from pipeline.load.parameters import set_lists, set_policy, set_run
from pipeline.load.published import Published, accept_run, forget_metrics, mark_published, read_published
from pipeline.load.raw import load_run, record_run
from pipeline.policy import Policy, read_policy
from pipeline.runs.lock import hold_lock
from pipeline.runs.manifest import Manifest, is_complete
from pipeline.runs.retention import find_retained, refuse_pruned
from pipeline.transform.run import build_models
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import Earlier, discard, open_build, publish

logger = logging.getLogger(__name__)


def build(
    settings: Settings,
    run_id: str | None = None,
    *,
    accept_incomplete: str | None = None,
    clock: Clock = utc_now,
) -> Outcome:
    """Load the complete runs that are newer than the published ones, run models and checks, publish.

    `run_id`: this run alone; `accept_incomplete`: the reason to publish its incomplete accounts all the same.
    """
    if accept_incomplete is not None and run_id is None:
        raise UsageError("--accept-incomplete is for one run: name it with --run RUN.")
    if accept_incomplete is not None and not accept_incomplete.strip():
        raise UsageError("--accept-incomplete needs a reason: it is printed on the report's cover.")
    with hold_lock(settings.data):
        return build_now(settings, clock, run_id, accept_incomplete)


def build_now(
    settings: Settings, clock: Clock, run_id: str | None = None, accept_incomplete: str | None = None
) -> Outcome:
    """The same for a caller that holds the lock."""
    policy = read_policy(Path(settings.folder))
    landing = settings.data / "landing"
    wish = Wish(run_id, accept_incomplete)
    if run_id is not None:
        refuse_pruned(landing, run_id)
    before = read_published(settings.database)
    runs = choose_runs(find_retained(landing), before.runs, wish)
    if not runs:
        has = "has every complete run" if settings.database.exists() else "waits for a first complete run"
        return Outcome((f"Nothing new to build: {settings.database} {has}.",))
    with making(settings, policy, before, clock) as warehouse:
        warehouse.limit_memory(max(sum(_rows(one) for one in manifests) for _, manifests in runs))
        for number, (run, manifests) in enumerate(runs, 1):
            forget_metrics(warehouse, run)
            for manifest in manifests:
                _load(warehouse, landing, manifest, wish)
            set_run(warehouse, run, manifests[0].as_of_at, settings.zone)
            report = build_models(warehouse, places.content("sql"), everything=number == len(runs), as_run=run)
            logger.info("Run %s is built (%d of %d).", run, number, len(runs))
            for outcome in report.warnings:
                logger.warning("A check warns: %s; the database is published all the same.", outcome.sentence)
        for told in judge_drift(warehouse, runs[-1][0], policy.drift):
            logger.warning("%s", told)
    for run, manifests in runs:
        for manifest in manifests:
            if accept_incomplete is not None and not is_complete(manifest):
                _warn_of_incomplete(run, manifest, accept_incomplete)
    retain(settings, policy, clock)
    return Outcome((str(settings.database),))


@contextmanager
def making(settings: Settings, policy: Policy, before: Published, clock: Clock) -> Iterator[Warehouse]:
    """A copy of the published file with today's policy and lists; after the block it is published, or gone on an error.

    `before` is what the published file says of itself: it is kept under the run that it is of.
    """
    access = settings.publish
    folder, models = Path(settings.folder), places.content("sql")
    build_file = open_build(settings.database)
    try:
        create_meta(build_file.warehouse)
        set_policy(build_file.warehouse, policy)
        set_lists(build_file.warehouse, folder)
        yield build_file.warehouse
        for outcome in add_custom_models(build_file, folder):
            logger.warning("A check warns: %s; the database is published all the same.", outcome.sentence)
        mark_published(build_file.warehouse, clock(), fingerprint_inputs(folder, models, policy, settings.timezone))
        earlier = Earlier(before.run_id, access.keep) if before.run_id else None
        publish(build_file, mode=int(access.mode, 8), group=access.group, earlier=earlier)
    except BaseException:
        discard(build_file)
        raise


def _load(warehouse: Warehouse, landing: Path, manifest: Manifest, wish: Wish) -> None:
    """Load the run of an account where it is wanted; what is not is recorded all the same."""
    if not wish.takes(manifest):
        record_run(warehouse, landing, manifest)
        return
    load_run(warehouse, landing, manifest)
    find_drift(warehouse, landing, manifest)
    if not is_complete(manifest):
        accept_run(warehouse, manifest.run_id, manifest.account, wish.accept_incomplete or "")


def _warn_of_incomplete(run: str, manifest: Manifest, accepted: str) -> None:
    logger.warning(
        "Account %s of run %s is published INCOMPLETE, accepted because: %s. It lacks: %s. Counts may be too low and"
        " shares wrong; the report says so on its cover, and the next complete extract ends it.",
        *(manifest.account, run, accepted.rstrip("."), manifest.reason),
    )


def _rows(manifest: Manifest) -> int:
    """How many items the run of an account has landed."""
    return sum(extract.rows_received for extract in manifest.extracts)
