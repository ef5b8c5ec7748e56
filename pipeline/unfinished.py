"""A folder to work in, beside the place of the result; what a killed process leaves of it the next one removes.

The process holds a lock on the folder, which the kernel gives back when it dies. Only what nobody holds is removed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = ".tlm-unfinished-"
_ATTEMPTS = 10
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def unfinished_folder(beside: Path) -> Iterator[Path]:
    """An empty folder of the owner's own in the folder `beside`; gone after the block. Raises OSError."""
    remove_unheld(beside)
    folder, held = _make_held(beside)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


@contextmanager
def working_folder(beside: Path) -> Iterator[Path]:
    """The same where there is room for a database; in the system's folder for who may only read `beside`."""
    if os.access(beside, os.W_OK):
        with unfinished_folder(beside) as folder:
            yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="tlm-") as name:
            yield Path(name)


def remove_unheld(place: Path, pattern: str = "") -> None:
    """Remove such folders that no process holds from `place`, or from its folders of a `pattern` such as `*`.

    Where a file system knows no locks, or somebody else's folder may not be opened, they stay. Nothing is told.
    """
    for folder in place.glob(f"{pattern}/{PREFIX}*" if pattern else f"{PREFIX}*"):
        with suppress(OSError):
            held = _hold(folder)
            try:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)


def _make_held(beside: Path) -> tuple[Path, int]:
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=beside))
        try:
            held = _hold(folder)
        except (BlockingIOError, FileNotFoundError):  # another process takes it for a dead one's at this moment
            continue
        except OSError:  # no locks here: nobody will remove it
            return folder, os.open(folder, _FLAGS)
        if folder.exists():
            return folder, held
        os.close(held)
    raise FileExistsError(errno.EEXIST, "no folder to work in could be made", str(beside))


def _hold(folder: Path) -> int:
    """A descriptor that holds the folder; OSError where another process does, and where there are no locks."""
    descriptor = os.open(folder, _FLAGS)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
