"""Reads one resource: several pages under way at once, laid down in the order of their positions, counted.

Memory is bounded by the account's window: a page takes a place in it before it is asked for and gives it back when it
is on the disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.api.client import Client, Tally
from pipeline.api.contract import Paging as PagingKind
from pipeline.api.paging import Ask, Paging
from pipeline.api.reply import Page, read_page
from pipeline.api.request import Caller, build_request, page_parameters
from pipeline.extract.distinct import Distinct
from pipeline.extract.resources import Resource
from pipeline.runs.landing import LandedPage, ResourceLanding
from pipeline.runs.manifest import Extract

ProgressCallback = Callable[[str, str, int, int | None], None]
"""Called with account, resource, positions received so far, and the API's total (None where it gives none)."""


_Ahead = deque[tuple[Ask, "asyncio.Task[Page]"]]


@dataclass(frozen=True, slots=True)
class Source:
    """An account being read: who asks, through which client, in pages of `limit`.

    `window` has a place for each of the `window_pages` pages that may be in memory.
    """

    caller: Caller
    client: Client
    limit: int
    window_pages: int
    window: asyncio.Semaphore
    on_page: ProgressCallback


class ResourceReading:
    """The reading of one resource of one run: `read` once, then `result`, also after `read` failed or was cancelled."""

    def __init__(self, source: Source, resource: Resource, account_folder: Path, run_id: str) -> None:
        self.resource = resource
        self._source = source
        self._landing = ResourceLanding(account_folder, run_id, resource.name, resource.day_of)
        self._paging = Paging(source.limit, is_array=resource.call.paging is PagingKind.ARRAY)
        self._distinct = Distinct(resource.call.identity)
        self._tally = Tally()
        self._pages = 0
        self._rows = 0

    async def read(self) -> str | None:
        """Read the list to its end; why it is not complete, or None. Raises TryAgain, Refused and OutputFailed."""
        ahead: _Ahead = deque()
        try:
            while self._ask_ahead(ahead):
                await asyncio.wait([ahead[0][1]])
                places, pages = await self._take_done(ahead)
                await _finish(asyncio.to_thread(self._store, pages))
                self._give_back(places)
                self._source.on_page(
                    self._source.caller.account.name, self.resource.name, self._rows, self._paging.total_end
                )
        finally:
            await self._drop(ahead)
        return self._paging.fault()

    def result(self, status: Literal["complete", "incomplete", "skipped"], reason: str | None) -> Extract:
        """What the manifest says of this resource: `status`, `reason`, and what is on the disk."""
        return Extract(
            resource=self.resource.name,
            status=status,
            reason=reason,
            api_total_start=self._paging.total_start,
            api_total_end=self._paging.total_end,
            rows_received=self._rows,
            rows_distinct=self._distinct.count(),
            pages=self._pages,
            requests=self._tally.requests,
            retries=self._tally.retries,
            parts=self._landing.parts(),
        )

    def _ask_ahead(self, ahead: _Ahead) -> bool:
        """Have as many pages under way as there is room for; False when nothing is left to take."""
        while len(ahead) < self._source.window_pages and (ask := self._paging.next_ask()) is not None:
            ahead.append((ask, asyncio.create_task(self._fetch_into_window(ask))))
        return bool(ahead) and not self._paging.is_over

    async def _take_done(self, ahead: _Ahead) -> tuple[int, list[LandedPage]]:
        """The pages at the head that are here, so that one sync serves them all, and the places they hold.

        A failed page raises its error only when it comes first: what came before it is laid down.
        """
        places = 0
        pages: list[LandedPage] = []
        while ahead and ahead[0][1].done() and not self._paging.is_over:
            ask, task = ahead[0]
            if pages and task.exception() is not None:
                break
            ahead.popleft()
            page = task.result()
            places += 1
            pages += await self._take(ask, page)
        return places, pages

    async def _take(self, ask: Ask, page: Page) -> list[LandedPage]:
        """The page as it counts, with the pages that a capped limit makes necessary to answer the same wish."""
        pages = []
        while True:
            taken = self._paging.take(ask, page)
            pages.append(LandedPage(ask.offset, page.total, page.items[: taken.keep], page.body))
            if taken.rest is None:
                return pages
            ask = taken.rest
            page = await self._fetch(ask)

    async def _fetch_into_window(self, ask: Ask) -> Page:
        await self._source.window.acquire()
        try:
            return await self._fetch(ask)
        except BaseException:
            self._give_back(1)
            raise

    async def _fetch(self, ask: Ask) -> Page:
        call = self.resource.call
        parameters = {**page_parameters(call, ask.offset, self._source.limit), **self.resource.parameters}
        request = build_request(self._source.caller, call, parameters)
        return await self._source.client.fetch(request, read_page, self._tally)

    def _store(self, pages: list[LandedPage]) -> None:
        self._landing.write(pages)
        for page in pages:
            self._distinct.add(page.items)
            self._rows += len(page.items)
        self._pages += len(pages)

    async def _drop(self, ahead: _Ahead) -> None:
        tasks = [task for _, task in ahead]
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        self._give_back(sum(isinstance(one, Page) for one in ended))

    def _give_back(self, places: int) -> None:
        for _ in range(places):
            self._source.window.release()


async def _finish(work: Coroutine[Any, Any, None]) -> None:
    """Wait for work in a thread to its end, also when cancelled: what it writes must not change under the reader."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
