"""Pages are written in batches, in order, while others come; an error stops the writing and is told."""

from __future__ import annotations

import asyncio
import threading
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from pipeline.errors import OutputFailed
from pipeline.extract.storing import Keyed, Storing
from pipeline.runs.landing import LandedPage


def page(number: int) -> Keyed:
    """A page that is known by its offset."""
    return LandedPage(number, None, [], b""), array("q")


@dataclass
class Disk:
    """A disk that writes when it is let; `fails_at` is the batch that it refuses."""

    fails_at: int = 0
    batches: list[list[int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    is_free: threading.Event = field(default_factory=threading.Event)
    is_asked: threading.Event = field(default_factory=threading.Event)

    def write(self, pages: Sequence[Keyed]) -> None:
        self.is_asked.set()
        assert self.is_free.wait(100)
        if len(self.batches) + 1 == self.fails_at:
            msg = "full"
            raise OutputFailed(msg)
        self.batches.append([one.offset for one, _ in pages])

    async def wait_until_asked(self) -> None:
        """Let the event loop go on until the disk is at work."""
        await asyncio.to_thread(self.is_asked.wait, 100)


def test_what_comes_while_the_disk_is_busy_is_one_batch() -> None:
    """In order, and each place is given back once, after its page is on the disk."""

    async def store(disk: Disk) -> None:
        storing = Storing(disk.write, disk.places.append)
        storing.add(page(0), 1)
        await disk.wait_until_asked()
        for number in range(1, 5):
            storing.add(page(number), number % 2)
        assert (disk.batches, disk.places) == ([], [])
        disk.is_free.set()
        await storing.finish()
        storing.add(page(5), 1)
        await storing.finish()

    disk = Disk()
    asyncio.run(store(disk))
    assert disk.batches == [[0], [1, 2, 3, 4], [5]]
    assert disk.places == [1, 2, 1]


def test_after_an_error_nothing_more_is_written() -> None:
    """Both the next page and the end tell it; no place is lost, or others would wait for it for ever."""

    async def store(disk: Disk) -> None:
        storing = Storing(disk.write, disk.places.append)
        storing.add(page(0), 1)
        await disk.wait_until_asked()
        storing.add(page(1), 1)
        disk.is_free.set()
        with pytest.raises(OutputFailed):
            await storing.finish()
        with pytest.raises(OutputFailed):
            storing.add(page(2), 1)
        with pytest.raises(OutputFailed):
            await storing.finish()

    disk = Disk(fails_at=1)
    asyncio.run(store(disk))
    assert disk.batches == []
    assert sum(disk.places) == 3


def test_the_end_waits_for_the_disk_also_when_it_is_cancelled() -> None:
    """A thread that still writes would change files under the reader of the folder."""

    async def store(disk: Disk) -> None:
        storing = Storing(disk.write, disk.places.append)
        storing.add(page(0), 1)
        await disk.wait_until_asked()
        ending = asyncio.create_task(storing.finish())
        await asyncio.sleep(0)
        ending.cancel()
        await asyncio.sleep(0)
        assert not ending.done()
        disk.is_free.set()
        with pytest.raises(asyncio.CancelledError):
            await ending

    disk = Disk()
    asyncio.run(store(disk))
    assert disk.batches == [[0]]
