"""Job CSVs as files, whole or not at all: `out/exports/<run_id>/<action>.csv`, and `<action>.people.csv` to read.

The default selection has that name for itself: with `--where` it is `<action>.where-<8 hex digits>.csv`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.export.actions import ACTIONS, Action, find_action
from pipeline.export.table import check_where, count_left_out, write_job_csv, write_people_table
from pipeline.output_file import check_file_place, make_output_folder, replaced_file
from pipeline.unfinished import remove_unheld
from pipeline.warehouse.duck import Warehouse, open_read_only

logger = logging.getLogger(__name__)

_WRITERS = {"job": (write_job_csv, ".csv"), "people": (write_people_table, ".people.csv")}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was written; `left_out` endpoints were chosen by `--where` and may not take the action."""

    action: str
    audience: str
    path: Path
    rows: int
    left_out: int = 0


def export_actions(
    settings: Settings,
    action: str,
    *,
    where: str | None = None,
    out: Path | None = None,
    audiences: Sequence[str] = ("job",),
) -> tuple[ExportedFile, ...]:
    """Write the CSV of one action, or with `all` of each whose default selection is a to-do list, per audience.

    `where` is SQL over the columns of core.endpoints, `out` the file instead of the default place (one action, one
    audience), in a folder that exists. Raises UsageError (action, where, no database) and OutputFailed.
    """
    actions = _chosen_actions(action, where)
    if where is not None and action == "all":
        raise UsageError("--where chooses endpoints for one action; name the action instead of all.")
    if out is not None and (action == "all" or len(audiences) != 1):
        raise UsageError("--out names one file; name one action and one audience, or leave it away.")
    if out is not None:
        check_file_place(out)
    with open_read_only(settings.database) as warehouse:
        if where is not None:
            check_where(warehouse, where)
        run_id = _current_run(warehouse, settings.database)
        left_out = 0 if where is None else count_left_out(warehouse, actions[0], where)
    if where is not None and left_out:
        _warn_of_left_out(actions[0], where, left_out)
    if out is None:
        folder = settings.output / "exports" / run_id
        make_output_folder(folder)
        remove_unheld(folder.parent, "*")
    written = []
    for one in actions:
        for audience in audiences:
            write, suffix = _WRITERS[audience]
            path = out or folder / f"{one.name}{_mark(where)}{suffix}"
            with (
                replaced_file(path, settings.publish) as unfinished,
                open_read_only(settings.database, [unfinished.parent]) as warehouse,
            ):
                rows = write(warehouse, one, where, unfinished)
            written.append(ExportedFile(one.name, audience, path, rows, left_out))
    return tuple(written)


def _mark(where: str | None) -> str:
    """What a condition adds to the file's name, so that it never replaces the default selection's file."""
    return "" if where is None else f".where-{hashlib.sha256(where.encode()).hexdigest()[:8]}"


def _warn_of_left_out(action: Action, where: str, count: int) -> None:
    condition = "..." if "\n" in where else where
    logger.warning(
        "%d of the chosen endpoints may not take the action %s and are left out: the view %s has those that may; "
        "select endpoint_key from core.endpoints where (%s) and endpoint_key not in (select endpoint_key from %s) "
        "lists the others.",
        count,
        action.name,
        action.view,
        condition,
        action.view,
    )


def _chosen_actions(name: str, where: str | None) -> tuple[Action, ...]:
    if name == "all":
        return tuple(action for action in ACTIONS if action.is_narrow)
    action = find_action(name)
    if action.needs_where and where is None:
        msg = (
            f'{name} has no default selection: say which endpoints, e.g. tlm export {name} --where "{action.example}".'
        )
        raise UsageError(msg)
    return (action,)


def _current_run(warehouse: Warehouse, database: Path) -> str:
    rows = warehouse.rows("select run_id from meta.current_run")
    if not rows:
        msg = f"{database} holds no published run yet; `tlm extract` and `tlm build` make one."
        raise UsageError(msg)
    return str(rows[0][0])
