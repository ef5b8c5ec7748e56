"""One job at a time on a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import LockHeld, OutputFailed
from pipeline.runs.disk import failed_output


@contextmanager
def hold_lock(data: Path) -> Iterator[None]:
    """Hold `data/lock` for the block; LockHeld when another process does, naming it.

    The kernel gives the lock back when its holder dies, so nothing is ever left locked; the file stays and says who
    held it last.
    """
    path = data / "lock"
    try:
        data.mkdir(parents=True, exist_ok=True)  # the published file in it is for others too
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        msg = f"The data folder {data} cannot be used ({error.strerror}); check its path and mode (`data_dir`)."
        raise OutputFailed(msg) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            msg = f"Another run is at work on {data} (process {holder}); wait for it to end and try again."
            raise LockHeld(msg) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise failed_output(path, error) from None
        yield
    finally:
        os.close(descriptor)
