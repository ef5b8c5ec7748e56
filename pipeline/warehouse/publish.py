"""Write beside, check, swap: the published file is replaced whole or not at all.

A build works on a copy (`tlm.duckdb.building`) of the published file. `publish` makes the copy safe on disk and moves
it over the published one; readers that hold the old file keep it. A crash at any point leaves the old file byte for
byte, and what a dead build left is removed when the next one starts.

The file that is replaced gets a second name first, `published/<its run>/tlm.duckdb` beside it: a hard link, which takes
no space and is there or not there. Those of the newest few runs are kept, one of each run; what a rebuild replaced
has a name that says so, and only a person removes it.

Where the published file is a symbolic link, all of this happens beside the file behind it, and the link stays.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline.output_file import give_to, unwritten
from pipeline.unfinished import remove_unheld
from pipeline.warehouse.duck import CATALOG, FILE_OPTIONS, Warehouse, literal, open_apart, open_writable

_SUFFIX = ".building"
_COPYING = ".copying"
logger = logging.getLogger(__name__)
_EARLIER = re.compile(r"(\d{8}T\d{6}Z-[0-9a-f]{6})(?:-(\d+))?")
SHELF = "published"
"""The folder beside the published file in which earlier ones are kept."""
REBUILT = "before-rebuild-"
"""What the name begins with of an earlier file that is never removed: it may have history that nothing else has."""


Done = TypeVar("Done")


@dataclass(slots=True)
class Build:
    """A build at work: the open warehouse, its file, and the published file that it will replace."""

    warehouse: Warehouse
    building: Path
    published: Path

    @property
    def apart(self) -> Path:
        """The file beside it that `work_apart` fills; it goes when the build is published or thrown away."""
        return self.building.with_name(self.building.name + ".apart")


def open_build(published: Path, *, is_empty: bool = False, of: Path | None = None) -> Build:
    """Start a build on a copy of `published`, of another file `of`, or on a new file.

    One at a time for each `published`: the caller holds the lock.
    """
    published = published.resolve()
    begins_with = published if of is None else of
    building = published.with_name(published.name + _SUFFIX)
    try:
        with _output(published):
            published.parent.mkdir(parents=True, exist_ok=True)
            remove_unheld(published.parent)
            _remove_leftovers(building)
            if begins_with.exists() and not is_empty:
                shutil.copyfile(begins_with, building)
                building.chmod(0o600)
        warehouse = open_writable(building)
        with _output(published):
            building.chmod(0o600)
    except BaseException:
        with suppress(OSError):
            _remove_leftovers(building)
        raise
    return Build(warehouse, building, published)


def work_apart(build: Build, work: Callable[[Warehouse], Done]) -> Done:
    """Let `work` fill a file of its own, `build.apart`, for which the build is read-only; then the build is open again.

    One process may write a file or read it many times, so `build.warehouse` is another connection afterwards.
    """
    memory_limit = build.warehouse.memory_limit
    build.warehouse.execute(f"checkpoint {CATALOG}")
    build.warehouse.close()
    with open_apart(build.apart, build.building, memory_limit) as warehouse:
        done = work(warehouse)
        warehouse.execute("checkpoint apart")
    build.warehouse = open_writable(build.building)
    build.warehouse.execute(f"set memory_limit = {literal(memory_limit)}")
    return done


@dataclass(frozen=True, slots=True)
class Earlier:
    """How the file that is replaced is kept: under the name of its run, and of how many runs there may be one.

    One that is `rebuilt` has a name of its own and does not count.
    """

    run_id: str
    count: int
    is_rebuilt: bool = False


def publish(build: Build, *, mode: int = 0o640, group: str | None = None, earlier: Earlier | None = None) -> None:
    """Swap the build in, readable as `mode` and `group` say; if that fails the old file stays and the build is gone.

    `earlier`: the old file is kept; None, and a first file, keep nothing.
    """
    folder = build.published.with_name(SHELF)
    try:
        with _output(build.published):
            build.apart.unlink(missing_ok=True)
            _compact(build.warehouse, build.building)
            build.warehouse.close()
            build.building.chmod(mode)
            if group is not None:
                give_to(build.building, group)
            _flush(build.building, os.O_RDWR)
        if earlier is not None and (earlier.count or earlier.is_rebuilt) and build.published.exists():
            with _output(folder):
                place = _keep(build.published, folder, earlier)
                _open_to((folder, place), mode, group)
        with _output(build.published):
            build.building.replace(build.published)
    except BaseException:
        discard(build)
        raise
    try:
        _flush(build.published.parent, os.O_RDONLY)
    except OSError as error:  # readers have the new file already
        logger.warning(
            "%s is published, but a power cut now may bring back the file of before (%s); check the disk.",
            *(build.published, error.strerror or error),
        )
    if earlier is not None:
        _thin(folder, earlier.count)


def discard(build: Build) -> None:
    """Throw the build away; the published file is as it was."""
    build.warehouse.close()
    with suppress(OSError):  # the next build removes what a failing disk keeps; the error that led here is told
        _remove_leftovers(build.building)


def _compact(warehouse: Warehouse, building: Path) -> None:
    """Checkpoint; write the file anew when more than half of its blocks are free (a checkpoint gives nothing back)."""
    warehouse.execute(f"checkpoint {CATALOG}")
    sizes = "select total_blocks, free_blocks from pragma_database_size() where database_name = ?"
    total, free = warehouse.rows(sizes, [CATALOG])[0]
    if free * 2 <= total:
        return
    small = building.with_name(building.name + ".small")
    warehouse.execute(f"attach {literal(str(small))} as small ({FILE_OPTIONS})")
    with warehouse.in_order():  # that of a table's ORDER BY
        warehouse.execute(f"copy from database {CATALOG} to small")
    warehouse.execute("checkpoint small")
    warehouse.execute("detach small")
    warehouse.close()
    small.replace(building)


def _keep(published: Path, folder: Path, earlier: Earlier) -> Path:
    """Give the published file a second name in a folder below `folder`, which is given back.

    A build that died may have done so already. A run that is published again has a number behind it.
    """
    prefix = REBUILT if earlier.is_rebuilt else ""
    numbers = [0]
    for run, number, place in _earlier(folder, prefix):
        if (place / published.name).exists() and (place / published.name).samefile(published):
            return place
        numbers += [number] if run == earlier.run_id else []
    name = prefix + earlier.run_id
    place = folder / (name if numbers == [0] else f"{name}-{max(numbers) + 1}")
    place.mkdir(parents=True, exist_ok=True)
    kept = place / published.name
    try:
        os.link(published, kept)
    except OSError:  # a file system without hard links: a copy, which has another name until it is whole
        draft = kept.with_name(kept.name + _COPYING)
        shutil.copy2(published, draft)
        shutil.chown(draft, group=published.stat().st_gid)
        _flush(draft, os.O_RDWR)
        draft.replace(kept)
    for changed in (place, folder, folder.parent):
        _flush(changed, os.O_RDONLY)
    return place


def _open_to(folders: tuple[Path, ...], mode: int, group: str | None) -> None:
    """Let those who may read the published file look into the folders of the earlier ones."""
    readers = mode & 0o044
    for folder in folders:
        folder.chmod(0o700 | readers | readers >> 2)
        if group is not None:
            give_to(folder, group)


def _earlier(folder: Path, prefix: str = "") -> list[tuple[str, int, Path]]:
    """Run, number and place of the earlier files below `folder`; what people put beside them is theirs."""
    names = ((_EARLIER.fullmatch(place.name.removeprefix(prefix)), place) for place in folder.glob(f"{prefix}*"))
    return [(name[1], int(name[2] or 1), place) for name, place in names if name is not None]


def _thin(folder: Path, count: int) -> None:
    """Remove all but the newest earlier file of each of `count` runs, and what a build that died left of one.

    The new file is published already: what cannot be removed is told, and tried again the next time.
    """
    found = _earlier(folder)
    whole = sorted(one for one in found if any(not file.name.endswith(_COPYING) for file in one[2].glob("*")))
    newest_of_runs = list({run: (run, number, place) for run, number, place in whole}.values())
    try:
        for one in found:
            if one not in newest_of_runs[max(0, len(newest_of_runs) - count) :]:
                shutil.rmtree(one[2])
    except OSError as error:
        logger.warning(
            "Earlier published files are still in %s (%s); mend its rights.", folder, error.strerror or error
        )


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
        raise unwritten(place, error) from None
