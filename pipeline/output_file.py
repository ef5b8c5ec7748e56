"""A file for people: written beside its place and moved in whole, with the mode and the group of [publish]."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config import Publish
from pipeline.errors import OutputFailed
from pipeline.unfinished import unfinished_folder


@contextmanager
def replaced_file(path: Path, publish: Publish) -> Iterator[Path]:
    """A file to write in an empty folder of its own beside `path`; when the block ends well it takes `path`'s place.

    On any error `path` is as it was; problems with the disk are OutputFailed, and so are a folder that does not exist
    and a `path` that is one.
    """
    check_file_place(path)
    try:
        with unfinished_folder(path.parent) as folder:
            unfinished = folder / "file"
            yield unfinished
            finish_file(unfinished, publish)
            unfinished.replace(path)
    except OSError as error:
        raise unwritten(path, error) from None


def finish_file(path: Path, publish: Publish) -> None:
    """Mode and group of `publish`, and its bytes on the disk: what a file needs before it is moved into place."""
    path.chmod(int(publish.mode, 8))
    if publish.group is not None:
        give_to(path, publish.group)
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to(path: Path, group: str) -> None:
    """Let a file or a folder belong to `group`; OutputFailed where there is no such group."""
    try:
        shutil.chown(path, group=group)
    except LookupError:
        msg = f"The group {group!r} of [publish] is not known on this machine; name one that exists."
        raise OutputFailed(msg) from None


def make_output_folder(folder: Path) -> None:
    """Create `folder` and its parents; OutputFailed names it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(folder, error) from None


def check_file_place(path: Path) -> None:
    """Refuse, with OutputFailed, a place where no file can be: a folder, or inside a folder that does not exist."""
    if path.is_dir():
        msg = f"{path} is a folder; name a file, e.g. {path / 'export.csv'}."
        raise OutputFailed(msg)
    if not path.parent.exists():
        msg = f"{path} could not be written: there is no folder {path.parent}; make it or name another place."
        raise OutputFailed(msg)


def unwritten(path: Path, error: OSError) -> OutputFailed:
    """The error for an output that could not be written."""
    return OutputFailed(
        f"{path} could not be written ({error.strerror or error}); free some space or mend the folder's rights."
    )
