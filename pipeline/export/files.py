"""Job CSVs as files, whole or not at all: `out/exports/<run_id>/<action>.csv`, and `<action>.people.csv` to read.

The default selection has that name for itself: with `--where` it is `<action>.where-<8 hex digits>.csv`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Publish, Settings
from pipeline.errors import OutputFailed, UsageError
from pipeline.export.actions import ACTIONS, Action, find_action
from pipeline.export.table import check_where, count_left_out, write_job_csv, write_people_table
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
        _make_folder(folder)
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


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from None


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


@contextmanager
def replaced_file(path: Path, publish: Publish) -> Iterator[Path]:
    """A file to write in an empty folder of its own beside `path`; when the block ends well it takes `path`'s place.

    Mode and group are those of `publish`. On any error `path` is as it was; problems with the disk are OutputFailed,
    and so are a folder that does not exist and a `path` that is one.
    """
    check_file_place(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=path.parent))
        try:
            unfinished = folder / "file"
            yield unfinished
            unfinished.chmod(int(publish.mode, 8))
            if publish.group is not None:
                _give_to(unfinished, publish.group)
            _flush(unfinished)
            unfinished.replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise _unwritten(path, error) from None


def check_file_place(path: Path) -> None:
    """Refuse, with OutputFailed, a place where no file can be: a folder, or inside a folder that does not exist."""
    if path.is_dir():
        msg = f"{path} is a folder; name a file, e.g. {path / 'export.csv'}."
        raise OutputFailed(msg)
    if not path.parent.exists():
        msg = f"{path} could not be written: there is no folder {path.parent}; make it or name another place."
        raise OutputFailed(msg)


def _unwritten(path: Path, error: OSError) -> OutputFailed:
    return OutputFailed(
        f"{path} could not be written ({error.strerror or error}); free some space or mend the folder's rights."
    )


def _give_to(path: Path, group: str) -> None:
    try:
        shutil.chown(path, group=group)
    except LookupError:
        msg = f"The group {group!r} of [publish] is not known on this machine; name one that exists."
        raise OutputFailed(msg) from None


def _flush(path: Path) -> None:
    """The bytes are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
