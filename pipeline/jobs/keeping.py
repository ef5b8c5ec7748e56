"""What is kept: the pages of runs, by the policy, after a build that published something."""

from __future__ import annotations

import logging

from pipeline.config import Settings
from pipeline.errors import OutputFailed, RunIncomplete
from pipeline.jobs.outcome import Clock
from pipeline.load.published import read_published
from pipeline.policy import Policy
from pipeline.runs.retention import prune_runs

logger = logging.getLogger(__name__)
_MEGABYTE = 1_000_000


def retain(settings: Settings, policy: Policy, clock: Clock) -> None:
    """Remove the pages of runs that the policy does not keep; the caller holds the lock and has just published.

    What cannot be removed is told and tried again after the next build: the database is published all the same.
    """
    landing = settings.data / "landing"
    try:
        removed = prune_runs(landing, policy, settings.zone, read_published(settings.database).needed, clock())
    except (OutputFailed, RunIncomplete, OSError) as error:
        logger.warning("Old runs are still there: %s", error)
        return
    if removed.runs:
        logger.info(
            "The retention removed the pages of %d %s (%.1f MB); manifests, audit events and the database keep all.",
            removed.runs,
            "run" if removed.runs == 1 else "runs",
            removed.bytes / _MEGABYTE,
        )
