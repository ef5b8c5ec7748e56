"""The database anew from what the landing zone retains, unless that would lose history."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.jobs.building import Plan, fill, making, pruned_runs, warn_of_absent
from pipeline.jobs.keeping import retain
from pipeline.jobs.outcome import Clock, Outcome, utc_now
from pipeline.load.choose import Wish, choose_all, find_events
from pipeline.load.lost import find_lost
from pipeline.load.published import Published, read_published
from pipeline.policy import read_policy
from pipeline.runs.lock import hold_lock
from pipeline.runs.retention import find_pruned, find_retained
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import REBUILT, SHELF

logger = logging.getLogger(__name__)


def rebuild(settings: Settings, *, accept_shrink: bool = False, clock: Clock = utc_now) -> Outcome:
    """Build every run that has its pages, oldest first, into a new file, and publish it in the place of the old one.

    What the old file alone knows of a run is taken over: what was accepted and why, and when it was published. All is
    judged by today's policy and models, and by the checks that stop. UsageError when history would be lost and
    `accept_shrink` does not accept that.
    """
    with hold_lock(settings.data):
        policy = read_policy(Path(settings.folder))
        landing = settings.data / "landing"
        before = read_published(settings.database)
        wish = Wish(accepted=before.accepted)
        manifests = find_retained(landing)
        runs = choose_all(manifests, wish)
        if not runs:
            msg = f"No complete run in {landing} has its pages, so there is nothing to rebuild from; extract first."
            raise UsageError(msg)

        def guard(warehouse: Warehouse) -> None:
            lost = find_lost(warehouse, settings.database)
            if lost and not accept_shrink:
                msg = (
                    f"{settings.database} has history that the landing zone does not give again: {', '.join(lost)};"
                    f" {_why_gone(landing, before)} `tlm rebuild --accept-shrink`, which keeps the file of before."
                )
                raise UsageError(msg)
            if lost:
                kept = settings.database.resolve().with_name(SHELF) / f"{REBUILT}{before.run_id}"
                logger.warning("Lost, as accepted: %s. The file of before is kept as %s.", ", ".join(lost), kept)

        with making(settings, policy, before, clock, guard) as build_file:
            events = (*pruned_runs(landing), *find_events(manifests, (), wish, runs))
            plan = Plan(runs, wish, policy, replace(before, run_id=""), events=events)
            fill(build_file, settings, plan)
        if len(runs) > 1:
            logger.info(
                "Checks were made of run %s: those of earlier runs are in the file of before only.", runs[-1][0]
            )
        warn_of_absent(settings, {one.account for _, found in runs for one in found if wish.takes(one)})
        retain(settings, policy, clock)
    return Outcome((str(settings.database),))


def _why_gone(landing: Path, before: Published) -> str:
    """The middle of the sentence that refuses: what became of the pages, and what can be done."""
    pruned = [one for one in find_pruned(landing) if (one.run_id, one.account) in before.runs]
    if not pruned:
        return "put the pages back, or lose it with"
    since = min(one.pruned_at for one in pruned)
    runs = f"{len(pruned)} of its runs of an account" if len(pruned) > 1 else "one of its runs of an account"
    return f"the pages of {runs} were removed by [retention] of policy.toml since {since:%Y-%m-%d}; lose it with"
