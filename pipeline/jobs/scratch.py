"""Copies of the published database that are built anew: under the rules of another day, or as of an earlier one.

The published file is only read; a copy lies in a folder of its own beside it and is gone after the block.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path

from pipeline import places
from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.jobs.custom import add_custom_models, refuse_mistakes
from pipeline.load.earlier import EarlierRun, newest_run_until
from pipeline.load.meta import create_meta
from pipeline.load.parameters import judge_on, set_as_of, set_lists, set_policy, set_run
from pipeline.load.rewind import load_again, rewind
from pipeline.policy import read_policy
from pipeline.runs.manifest import Manifest
from pipeline.runs.retention import find_retained
from pipeline.transform.run import build_models, read_project
from pipeline.unfinished import working_folder
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import discard, open_build, publish


@dataclass(frozen=True, slots=True)
class Question:
    """What is other than published: `as_of` the day whose newest run is built, `rules_on` the day whose rules judge."""

    as_of: date | None = None
    rules_on: date | None = None


@contextmanager
def built_anew(settings: Settings, database: Path, question: Question) -> Iterator[Path]:
    """A copy of `database` in which `question` holds; an earlier day is under the rules and the policy of today."""
    with working_folder(database.parent) as folder:
        copy = folder / database.name
        build_file = open_build(copy, of=database)
        warehouse = build_file.warehouse
        try:
            create_meta(warehouse)
            refuse_mistakes(warehouse, Path(settings.folder))
            if question.as_of is not None:
                _go_back(warehouse, settings, question.as_of)
            if question.rules_on is not None:
                judge_on(warehouse, question.rules_on)
            run_id = str(warehouse.rows("select run_id from meta.current_run")[0][0])
            warehouse.execute("delete from mart.metrics where run_id = ?", [run_id])  # they are of the published file
            build_models(read_project(warehouse, places.content("sql")), everything=True, as_run=run_id)
            add_custom_models(build_file, Path(settings.folder))
            publish(build_file, mode=0o600)
        except BaseException:
            discard(build_file)
            raise
        yield copy


def _go_back(warehouse: Warehouse, settings: Settings, day: date) -> None:
    """Make the newest complete run of `day` or before the current one: later runs go, its pages come back.

    The run itself is not taken back but built over, as `tlm build` does with a run that an account joins late.
    """
    run = newest_run_until(warehouse, day, settings.zone)
    lacking = () if run.next_run_id is None else rewind(warehouse, run.next_run_id)
    landing = settings.data / "landing"
    found = {(one.account, one.run_id): one for one in find_retained(landing)}
    for manifest in _all_found(lacking, found, run):
        load_again(warehouse, landing, manifest)
    set_policy(warehouse, read_policy(Path(settings.folder)))
    set_lists(warehouse, Path(settings.folder))
    configured = [account.name for account in settings.accounts]
    set_run(warehouse, run.run_id, run.as_of_at.replace(tzinfo=UTC), settings.zone, configured)
    set_as_of(warehouse, day)


def _all_found(
    lacking: tuple[tuple[str, str], ...], found: dict[tuple[str, str], Manifest], run: EarlierRun
) -> list[Manifest]:
    """The manifests of the (account, run) whose pages are needed; UsageError when one is no longer there."""
    missing = [who for who in lacking if who not in found]
    if missing:
        account, needed = missing[0]
        msg = (
            f"Run {run.run_id} ({run.as_of_at:%Y-%m-%d}) cannot be built again: the pages of account {account!r} of run"
            f" {needed} are no longer in the landing zone; its endpoints are still to be had with tlm query"
            f" \"from core.endpoints_as_of(timestamp '{run.as_of_at:%Y-%m-%d %H:%M:%S}')\"."
        )
        raise UsageError(msg)
    return [found[who] for who in lacking]
