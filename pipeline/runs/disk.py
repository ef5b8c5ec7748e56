"""What a run needs of the disk: owner-only folders and files, and names and bytes that survive a power cut."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pipeline.errors import OutputFailed


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Create `folder` and its parents, for the owner only unless `mode` says else; OutputFailed names the path."""
    try:
        for place in (*reversed(folder.parents), folder):
            if not place.exists():
                place.mkdir(mode, exist_ok=True)
                sync_folder(place.parent)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise failed_output(folder, error) from None


def append_synced(path: Path, chunks: Iterable[bytes]) -> None:
    """Append to `path` (created for the owner only) and wait until the bytes are on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(chunks)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Write `path` for the owner only, in one move that survives a power cut; OutputFailed names it."""
    draft = path.with_name(f"{path.name}.writing")
    try:
        draft.unlink(missing_ok=True)
        append_synced(draft, [content])
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):  # a disk that refuses this too keeps a draft that nothing reads
            draft.unlink()
        raise failed_output(path, error) from None


def sync_folder(folder: Path) -> None:
    """Make names that were created or moved in `folder` safe against a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def failed_output(path: Path, error: OSError) -> OutputFailed:
    """The error for a file or folder that could not be written."""
    reason = error.strerror or type(error).__name__
    return OutputFailed(
        f"{path} cannot be written ({reason}); check its folder's owner and free space, then try again."
    )
