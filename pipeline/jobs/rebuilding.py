"""The database anew from what the landing zone retains, unless that would lose history."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.jobs.building import Plan, fill, making, pruned_runs
from pipeline.jobs.keeping import retain
from pipeline.jobs.outcome import Clock, Outcome, utc_now
from pipeline.load.choose import Wish, choose_all, find_events
from pipeline.load.lost import find_lost
from pipeline.load.published import read_published
from pipeline.policy import read_policy
from pipeline.runs.lock import hold_lock
from pipeline.runs.retention import find_retained
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import REBUILT, SHELF

logger = logging.getLogger(__name__)


def rebuild(settings: Settings, *, accept_shrink: bool = False, clock: Clock = utc_now) -> Outcome:
    """Build every run that has its pages, oldest first, into a new file, and publish it in the place of the old one.

    What the old file alone knows of a run is taken over: what was accepted and why, and when it was published. All is
    judged by today's policy and models. UsageError when history would be lost and that is not accepted.
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
                    " put the pages back, or lose it with `tlm rebuild --accept-shrink`."
                )
                raise UsageError(msg)
            if lost:
                kept = settings.database.resolve().with_name(SHELF) / f"{REBUILT}{before.run_id}"
                logger.warning("Lost, as accepted: %s. The file of before is kept as %s.", ", ".join(lost), kept)

        with making(settings, policy, before, clock, guard) as build_file:
            events = (*pruned_runs(landing), *find_events(manifests, (), wish, runs))
            plan = Plan(runs, wish, policy, replace(before, run_id=""), accept_shrink, events)
            fill(build_file, settings, plan)
        retain(settings, policy, clock)
    return Outcome((str(settings.database),))
