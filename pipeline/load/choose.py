"""Which runs a build takes: those that hold an account that the published file does not have yet, oldest first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.runs.manifest import Manifest, is_complete


@dataclass(frozen=True, slots=True)
class Wish:
    """What `tlm build` is asked for: one run alone, and the reason to publish its incomplete accounts all the same."""

    run_id: str | None = None
    accept_incomplete: str | None = None

    def takes(self, manifest: Manifest) -> bool:
        """Whether the rows of this account are to be loaded."""
        return is_complete(manifest) or (self.accept_incomplete is not None and _has_rows(manifest))


def choose_runs(
    manifests: Iterable[Manifest], published: Collection[tuple[str, str]], wish: Wish
) -> list[tuple[str, list[Manifest]]]:
    """The runs to build with their manifests, by run id.

    `published` are the (run, account) of the published file. The newest of its runs is built once more when another
    account of it has become complete, or is accepted. UsageError when the run that is wished for cannot be built.
    """
    newest = max((run for run, _ in published), default="")
    by_run: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        by_run.setdefault(manifest.run_id, []).append(manifest)
    if wish.run_id is not None:
        _refuse(wish, by_run, newest)
    return [
        (run, by_run[run])
        for run in sorted(by_run)
        if run >= newest
        and wish.run_id in {None, run}
        and any(wish.takes(one) and (run, one.account) not in published for one in by_run[run])
    ]


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
