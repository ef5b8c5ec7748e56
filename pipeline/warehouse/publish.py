"""Write beside, check, swap: the published file is replaced whole or not at all.

A build works on a copy (`tlm.duckdb.building`) of the published file. `publish` makes the copy safe on disk and moves
it over the published one; readers that hold the old file keep it. A crash at any point leaves the old file byte for
byte, and what a dead build left is removed when the next one starts.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import OutputFailed
from pipeline.warehouse.duck import CATALOG, STORAGE_VERSION, Warehouse, literal, open_writable

_SUFFIX = ".building"


@dataclass(frozen=True, slots=True)
class Build:
    """A build at work: the open warehouse, its file, and the published file that it will replace."""

    warehouse: Warehouse
    building: Path
    published: Path


def open_build(published: Path) -> Build:
    """Start a build on a copy of `published` (or on a new file); one at a time, the caller holds the lock."""
    building = published.with_name(published.name + _SUFFIX)
    with _output(published):
        published.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(building)
        if published.exists():
            shutil.copyfile(published, building)
            building.chmod(0o600)
    warehouse = open_writable(building)
    with _output(published):
        building.chmod(0o600)
    return Build(warehouse, building, published)


def publish(build: Build, *, mode: int = 0o640, group: str | None = None) -> None:
    """Swap the build in, readable as `mode` and `group` say; if that fails the old file stays and the build is gone."""
    try:
        with _output(build.published):
            _compact(build.warehouse, build.building)
            build.warehouse.close()
            build.building.chmod(mode)
            if group is not None:
                _give_to(build.building, group)
            _flush(build.building, os.O_RDWR)
            build.building.replace(build.published)
            _flush(build.published.parent, os.O_RDONLY)
    except BaseException:
        discard(build)
        raise


def discard(build: Build) -> None:
    """Throw the build away; the published file is as it was."""
    build.warehouse.close()
    _remove_leftovers(build.building)


def _compact(warehouse: Warehouse, building: Path) -> None:
    """Checkpoint; write the file anew when more than half of its blocks are free (a checkpoint gives nothing back)."""
    warehouse.execute(f"checkpoint {CATALOG}")
    sizes = "select total_blocks, free_blocks from pragma_database_size() where database_name = ?"
    total, free = warehouse.rows(sizes, [CATALOG])[0]
    if free * 2 <= total:
        return
    small = building.with_name(building.name + ".small")
    warehouse.execute(f"attach {literal(str(small))} as small (storage_version '{STORAGE_VERSION}')")
    warehouse.execute(f"copy from database {CATALOG} to small")
    warehouse.execute("checkpoint small")
    warehouse.execute("detach small")
    warehouse.close()
    small.replace(building)


def _give_to(path: Path, group: str) -> None:
    try:
        shutil.chown(path, group=group)
    except LookupError:
        msg = f"The group {group!r} of [publish] is not known on this machine; name one that exists."
        raise OutputFailed(msg) from None


def _flush(path: Path, flags: int) -> None:
    """Everything of `path` (a file or a folder's list of names) is on the disk when this returns."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(building: Path) -> None:
    """Whatever a dead build left: its file, log, spill folder and half-written compact copy."""
    for path in building.parent.glob(building.name + "*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _output(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{place} could not be written ({error.strerror or error}); free some space or mend the folder's rights."
        raise OutputFailed(msg) from None
