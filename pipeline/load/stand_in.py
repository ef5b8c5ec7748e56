"""Lists that an account can do without and that were refused, or not asked for in a run of others by name.

The rows of its newest earlier run with them stand in. Without them what such a list says would seem to have gone:
certificates reissued and closed findings, which all come back with the list. An account that is
stale keeps its last snapshot for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.runs.landing import what_is_wrong
from pipeline.runs.manifest import NOT_ASKED, Extract, Manifest, find_runs, is_complete
from pipeline.runs.retention import is_pruned

_EVENTS = "audit_log"  # events are kept apart: what came once does not go


@dataclass(frozen=True, slots=True)
class StandIn:
    """An earlier run of the account, whose rows of a list are taken; `since` is the first run that did not get it."""

    manifest: Manifest
    extract: Extract
    since: str
    reason: str

    @property
    def sentence(self) -> str:
        """What is told of it, without a full stop."""
        return (
            f"not read since run {self.since}, so the rows of run {self.manifest.run_id}"
            f" ({self.manifest.as_of_at:%Y-%m-%d}) stand in: {self.reason.rstrip('.')}"
        )


def find_stand_ins(landing: Path, manifest: Manifest) -> dict[str, StandIn]:
    """By resource what stands in for the lists that a run did not get; none where no earlier run has it as landed."""
    unread = unread_lists(manifest)
    if not unread:
        return {}
    earlier = [
        one
        for one in find_runs(landing, manifest.account)
        if one.run_id < manifest.run_id and one.base_url == manifest.base_url
    ]
    found = {one.resource: _newest_with(landing, (*earlier, manifest), one) for one in unread}
    return {resource: stand_in for resource, stand_in in found.items() if stand_in is not None}


def unread_lists(manifest: Manifest) -> list[Extract]:
    """The lists, but for the audit log, that the run can do without and of which it has nothing."""
    return [one for one in manifest.extracts if one.resource not in (*manifest.required, _EVENTS) and _has_nothing(one)]


def _has_nothing(extract: Extract) -> bool:
    """Whether a list was refused or not asked for, or ended before its first row."""
    return extract.status == "skipped" or (extract.status == "incomplete" and not extract.rows_received)


def _newest_with(landing: Path, runs: Sequence[Manifest], unread: Extract) -> StandIn | None:
    """The newest of `runs`, oldest first, that read the list to its end, and whose pages are there as landed."""
    since = runs[-1].run_id
    for run in reversed(runs[:-1]):
        extract = next((one for one in run.extracts if one.resource == unread.resource), None)
        if extract is None or (extract.reason == NOT_ASKED and not is_complete(run)):  # nobody wanted it then
            continue
        if extract.status != "complete":
            since = run.run_id
        elif _is_sound(landing, run, extract):
            return StandIn(run, extract, since, unread.reason or "no reason given")
    return None


def _is_sound(landing: Path, run: Manifest, extract: Extract) -> bool:
    folder = landing / run.account / run.run_id / extract.resource
    return not is_pruned(landing, run.account, run.run_id) and all(
        what_is_wrong(folder / part.name, part) is None for part in extract.parts
    )
