"""Lays pages down while more are fetched: what gathers while one batch is being written is the next batch.

So a slow disk makes batches larger, which share their syncs, and nobody waits for the disk but the window of pages.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Sequence

from pipeline.runs.landing import LandedPage

Keyed = tuple[LandedPage, "array[int]"]
"""A page to be laid down, with the key of each of its items."""


class Storing:
    """Writes batches one after the other, in the order of `add`, in a thread.

    `write` blocks until its pages are on the disk; then `stored` is called, in the event loop, with the places in the
    window of pages that are free again. After an error nothing more is written: the next `add`, or `finish`, raises it.
    """

    def __init__(self, write: Callable[[Sequence[Keyed]], None], stored: Callable[[int], None]) -> None:
        self._write = write
        self._stored = stored
        self._pages: list[Keyed] = []
        self._places = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, page: Keyed, places: int) -> None:
        """Have a page written that holds so many places in the window."""
        if self._task is not None and self._task.done():
            if self._task.exception() is not None:
                self._stored(places)
            self._task.result()
            self._task = None
        self._pages.append(page)
        self._places += places
        if self._task is None:
            self._task = asyncio.create_task(self._write_batches())

    async def finish(self) -> None:
        """Wait until all is on the disk, also when cancelled: what is written must not change under the reader."""
        if self._task is None:
            return
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await asyncio.wait([self._task])
            raise

    async def _write_batches(self) -> None:
        while self._pages:
            pages, places = self._pages, self._places
            self._pages, self._places = [], 0
            try:
                await asyncio.to_thread(self._write, pages)
            except BaseException:
                places += self._places
                raise
            finally:
                self._stored(places)
