"""Which runs a build takes: those that hold an account that the published file does not have yet, oldest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.runs.manifest import Manifest, is_complete, missing_in

Runs = list[tuple[str, list[Manifest]]]
"""Runs to build with their manifests, oldest first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What `tlm build` is asked for: one run alone, and the reason to publish its incomplete accounts all the same.

    `accepted` are the (run, account) for which that was wished in an earlier build: it holds.
    """

    run_id: str | None = None
    accept_incomplete: str | None = None
    accepted: frozenset[tuple[str, str]] = frozenset()

    def takes(self, manifest: Manifest) -> bool:
        """Whether the rows of this account are to be loaded."""
        is_accepted = self.accept_incomplete is not None or (manifest.run_id, manifest.account) in self.accepted
        return is_complete(manifest) or (is_accepted and _has_rows(manifest))


def choose_runs(manifests: Iterable[Manifest], published: Collection[tuple[str, str]], wish: Wish) -> Runs:
    """The runs to build.

    `published` are the (run, account) of the published file. The newest of its runs is built once more when another
    account of it has become complete, or is accepted. UsageError when the run that is wished for cannot be built.
    """
    newest = max((run for run, _ in published), default="")
    by_run = _by_run(manifests)
    if wish.run_id is not None:
        _refuse(wish, by_run, newest)
    return [
        (run, by_run[run])
        for run in sorted(by_run)
        if run >= newest
        and wish.run_id in {None, run}
        and any(wish.takes(one) and _is_news(one, published, wish) for one in by_run[run])
    ]


def passed_over(manifests: Iterable[Manifest], published: Collection[tuple[str, str]]) -> list[Manifest]:
    """Accounts that became complete too late: a newer run than theirs is published, and theirs is not."""
    newest = max((run for run, _ in published), default="")
    return [
        one
        for one in manifests
        if one.run_id < newest and (one.run_id, one.account) not in published and is_complete(one)
    ]


def choose_again(manifests: Iterable[Manifest], published: Collection[tuple[str, str]], run_id: str) -> Runs:
    """The run `run_id` of the published file, to be built once more; none when an account of it has no pages now."""
    found = _by_run(manifests).get(run_id, [])
    missing = {account for run, account in published if run == run_id} - {one.account for one in found}
    return [] if missing or not found else [(run_id, found)]


def choose_all(manifests: Iterable[Manifest], wish: Wish) -> Runs:
    """Every run that holds an account whose rows are to be loaded: the whole history anew."""
    return [(run, found) for run, found in sorted(_by_run(manifests).items()) if any(map(wish.takes, found))]


def choose_events(events: Iterable[Manifest], runs: Runs, wish: Wish, manifest: Manifest) -> list[Manifest]:
    """The runs of `events` whose audit events come in with the manifest's account: those since the run before it.

    With the newest run of the account come all that are behind it, too.
    """
    account = manifest.account
    built = [run for run, found in runs for one in found if one.account == account and wish.takes(one)]
    before = max((run for run in built if run < manifest.run_id), default="")
    is_newest = manifest.run_id == max(built, default="")
    return [
        one
        for one in events
        if one.account == account and before < one.run_id and (is_newest or one.run_id < manifest.run_id)
    ]


def find_events(
    manifests: Sequence[Manifest], published: Collection[tuple[str, str]], wish: Wish, runs: Runs
) -> tuple[Manifest, ...]:
    """Runs whose audit events come along with `runs`, as they are not built themselves.

    They were passed over, or got all they asked for, audit events among it, but too little to be built: one of the
    audit log alone. Of these only what is behind the newest published run of their account that is not built again:
    the run that followed it took the events of others along.
    """
    again = {run for run, _ in runs}
    newest: dict[str, str] = {}
    for run, account in published:
        if run not in again:
            newest[account] = max(run, newest.get(account, ""))
    late = passed_over(manifests, published)
    alone = [
        one
        for one in manifests
        if one.run_id > newest.get(one.account, "") and not wish.takes(one) and missing_in((), one.extracts) is None
    ]
    return tuple(one for one in (*late, *alone) if any(of.resource == "audit_log" and of.parts for of in one.extracts))


def _by_run(manifests: Iterable[Manifest]) -> dict[str, list[Manifest]]:
    by_run: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        by_run.setdefault(manifest.run_id, []).append(manifest)
    return by_run


def _is_news(manifest: Manifest, published: Collection[tuple[str, str]], wish: Wish) -> bool:
    """Whether the published file lacks the account of this run, or has only what was accepted of it."""
    who = (manifest.run_id, manifest.account)
    return who not in published or (who in wish.accepted and is_complete(manifest))


def _refuse(wish: Wish, by_run: dict[str, list[Manifest]], newest: str) -> None:
    run = wish.run_id or ""
    if run not in by_run:
        msg = f"No run {run} in the landing zone; it has: {', '.join(sorted(by_run)[-5:]) or 'none'}."
        raise UsageError(msg)
    if run < newest:
        msg = f"Run {run} is older than the newest published one ({newest}); history is never reordered."
        raise UsageError(msg)
    if not any(wish.takes(manifest) for manifest in by_run[run]):
        reason = by_run[run][0].reason
        advice = "extract again, resume it, or accept it as it is with --accept-incomplete REASON"
        if wish.accept_incomplete is not None:
            advice = "no endpoint list of it has rows to publish; extract again"
        msg = f"Run {run} is complete for no account ({reason}); {advice}."
        raise UsageError(msg)


def _has_rows(manifest: Manifest) -> bool:
    """Whether a list that the report needs has rows: publishing nothing at all would empty the account."""
    return any(one.resource in manifest.required and one.rows_received for one in manifest.extracts)
