"""Reads one resource: several pages under way at once, laid down in the order of their positions, counted, settled.

Memory is bounded by the account's window: a page takes a place in it before it is asked for and gives it back when it
is on the disk, where it is put while others are fetched (`storing.py`). What is on the disk when the process is killed
is not asked for again: the journal says what it was.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.api.client import Client, Tally
from pipeline.api.contract import Paging as PagingKind
from pipeline.api.paging import Ask, Paging, pick
from pipeline.api.reply import Page, read_page
from pipeline.api.request import Caller, build_request, page_parameters
from pipeline.api.settle import Answer, Settling
from pipeline.extract.distinct import Keys, count_distinct, repeated
from pipeline.extract.resources import Resource
from pipeline.extract.storing import Keyed, Storing
from pipeline.runs.landing import JournalLine, LandedPage, ResourceLanding
from pipeline.runs.manifest import Extract

ProgressCallback = Callable[[str, str, int, int | None], None]
"""Called with account, resource, positions received so far, and the API's total (None where it gives none)."""


_Ahead = deque[tuple[Ask, "asyncio.Task[Page]"]]


@dataclass(frozen=True, slots=True)
class Source:
    """An account being read: who asks, through which client, in pages of `limit`, at most `in_flight` at once.

    `window` has a place for each page that may be in memory: as many may wait for the disk as are under way.
    """

    caller: Caller
    client: Client
    limit: int
    in_flight: int
    window: asyncio.Semaphore
    on_page: ProgressCallback


@dataclass(slots=True)
class Journalled:
    """What the journal says of a list, or of one window of it: keys in list order, and what a second look added."""

    chain: array[int] = field(default_factory=lambda: array("q"))
    extra: set[int] = field(default_factory=set)
    totals: list[int] = field(default_factory=list)
    end: int = 0
    has_moved: bool = False
    has_jumped: bool = False
    is_over: bool = False

    def add(self, line: JournalLine, keys: array[int]) -> None:
        """One more page that is on the disk."""
        if line.is_repair:
            self.extra.update(keys)
            return
        self.chain.extend(keys)
        self.end, self.is_over = line.end, line.is_last
        self.has_moved, self.has_jumped = line.has_moved, line.has_jumped
        if line.total is not None:
            self.totals = [self.totals[0] if self.totals else line.total, line.total]

    def continue_in(self, paging: Paging) -> None:
        """Let `paging` go on behind it."""
        first, last = self.totals or (None, None)
        paging.resume(self.chain, self.end, (first, last))
        paging.has_moved, paging.has_jumped, paging.is_over = self.has_moved, self.has_jumped, self.is_over


@dataclass(slots=True)
class ListReading:
    """One list being read: all of a resource, or its part `window`; `extra`: keys on the disk besides the chain."""

    paging: Paging
    parameters: Mapping[str, str]
    window: str | None
    extra: set[int]


class ResourceReading:
    """The reading of one resource of one run: `read` once, then `result`, also after `read` failed or was cancelled."""

    def __init__(self, source: Source, resource: Resource, account_folder: Path, run_id: str) -> None:
        self.resource = resource
        self.note: str | None = None
        self._source = source
        self._landing = ResourceLanding(account_folder, run_id, resource.name, resource.days_of)
        self._is_array = resource.call.paging is PagingKind.ARRAY
        self._paging = self.new_paging()
        self._keys = Keys(resource.call.identity)
        self._landed = array("q")  # the key of every line on the disk
        self._journalled: dict[str | None, Journalled] = {}
        self._tells_total = False
        self._tally = Tally()
        self._storing = Storing(self._write, self._stored)
        self._pages = 0
        self._hostile_pages = 0

    def new_paging(self) -> Paging:
        """The state of a list that nothing was read of."""
        return Paging(self._source.limit, is_array=self._is_array)

    def restore(self) -> None:
        """Take up what an earlier process left on the disk. Blocking; OutputFailed when it cannot be cut back."""
        for line, items in self._landing.resume():
            keys = self._keys.of(items)
            self._journalled.setdefault(line.window, Journalled()).add(line, keys)
            self._landed.extend(keys)
            self._tells_total = self._tells_total or line.total is not None
            self._pages += 1
            self._hostile_pages += line.is_hostile
            self._tally.requests, self._tally.retries = line.requests, line.retries

    async def read(self) -> str | None:
        """Read the list to its end; why it is not complete, or None. Raises as Client.fetch, and OutputFailed."""
        try:
            return await self._read_all()
        finally:
            await self._storing.finish()

    def result(self, status: Literal["complete", "incomplete", "skipped"], reason: str | None) -> Extract:
        """What the manifest says of this resource: `status`, `reason`, and what is on the disk."""
        return Extract(
            resource=self.resource.name,
            status=status,
            reason=reason,
            api_total_start=self._paging.total_start,
            api_total_end=self._paging.total_end,
            rows_received=len(self._landed),
            rows_distinct=count_distinct(self._landed),
            pages=self._pages,
            requests=self._tally.requests,
            retries=self._tally.retries,
            hostile_pages=self._hostile_pages,
            parts=self._landing.parts(),
        )

    async def _read_all(self) -> str | None:
        return await self._read_list(self._paging, self.resource.parameters, None)

    def _total(self) -> int | None:
        """The API's total, as far as it is known."""
        return self._paging.total_end

    async def _read_list(self, paging: Paging, parameters: Mapping[str, str], window: str | None) -> str | None:
        """Read one list, from where the journal ends; why it is not complete, or None."""
        left = self._journalled.get(window)
        reading = ListReading(paging, parameters, window, left.extra if left else set())
        if left and (left.chain or left.totals or left.is_over):
            left.continue_in(paging)
        ahead: _Ahead = deque()
        try:
            while self._ask_ahead(reading, ahead):
                await asyncio.wait([ahead[0][1]])
                await self._take_done(reading, ahead)
        finally:
            await self._drop(ahead)
        fault = (None if paging.is_lost else paging.fault) or await self._settle(reading)
        self._tells_total = self._tells_total or paging.total_end is not None
        if fault is None and self._tells_total and paging.total_end is None:  # a window of the audit log beside others
            return "the API gives no total any more, so nothing says whether this is all"
        return fault

    def _ask_ahead(self, reading: ListReading, ahead: _Ahead) -> bool:
        """Have as many pages under way as there is room for; False when nothing is left to take."""
        while len(ahead) < 2 * self._source.in_flight and (ask := reading.paging.next_ask()) is not None:
            ahead.append((ask, asyncio.create_task(self._fetch_into_window(reading, ask))))
        return bool(ahead) and not reading.paging.is_over

    async def _take_done(self, reading: ListReading, ahead: _Ahead) -> None:
        """The pages at the head that are here; a failed one raises its error when it comes first."""
        while ahead and ahead[0][1].done() and not reading.paging.is_over:
            ask, task = ahead.popleft()
            await self._take(reading, ask, task.result())

    async def _take(self, reading: ListReading, ask: Ask, page: Page) -> None:
        """The page as it counts, with those that a capped limit or moving rows make necessary for the same wish."""
        paging = reading.paging
        places = 1
        while True:
            keys = self._keys.of(page.items)
            taken = paging.take(ask, page, keys)
            fresh = array("q", pick(keys, taken.places))
            self._storing.add((self._landed_page(reading, ask, page, taken.places), fresh), places)
            if taken.rest is None:
                return
            ask, places = taken.rest, 0
            page = await self._fetch(reading, ask)

    def _landed_page(
        self, reading: ListReading, ask: Ask, page: Page, places: Sequence[int], *, is_repair: bool = False
    ) -> LandedPage:
        """The items at `places` of a page; `is_repair`: a second look found them."""
        paging = reading.paging
        return LandedPage(
            offset=ask.offset,
            total=page.total,
            items=pick(page.items, places),
            body=page.body,
            end=paging.end,
            is_repair=is_repair,
            is_last=paging.has_ended and not is_repair,
            is_hostile=page.is_hostile,
            requests=self._tally.requests,
            retries=self._tally.retries,
            window=reading.window,
            has_moved=paging.has_moved,
            has_jumped=paging.has_jumped,
        )

    async def _settle(self, reading: ListReading) -> str | None:
        """Look a second time where the counts leave a doubt; why the list is not complete, or None."""
        paging = reading.paging
        doubles = await asyncio.to_thread(repeated, paging.chain)
        if paging.is_proven() and not doubles:
            return None
        settling = Settling(paging, self.new_paging, doubles, reading.extra)
        asking = settling.run()
        answer: Answer | None = None
        ask: Ask | None = Ask(0)
        while ask is not None:
            last, page = ask, answer and answer[0]
            try:
                ask = next(asking) if answer is None else asking.send(answer)
            except StopIteration:
                ask = None
            if page is not None and settling.fresh:
                repair = self._landed_page(reading, last, page, settling.fresh, is_repair=True)
                self._storing.add((repair, self._keys.of(repair.items)), 0)
            if ask is not None:
                page = await self._fetch(reading, ask)
                answer = (page, self._keys.of(page.items))
        paging.total_end = paging.total_end if paging.total_end is None else settling.total
        self.note = "; ".join(filter(None, (self.note, settling.note))) or None
        return settling.fault

    async def _fetch_into_window(self, reading: ListReading, ask: Ask) -> Page:
        await self._source.window.acquire()
        try:
            return await self._fetch_sure(reading, ask)
        except BaseException:
            self._give_back(1)
            raise

    async def _fetch_sure(self, reading: ListReading, ask: Ask) -> Page:
        """The page; that a list is empty may be a slip of one reply, so two must say so."""
        page = await self._fetch(reading, ask)
        return page if ask.offset or page.items else await self._fetch(reading, ask)

    async def _fetch(self, reading: ListReading, ask: Ask) -> Page:
        call = self.resource.call
        parameters = {**page_parameters(call, ask.offset, self._source.limit), **reading.parameters}
        request = build_request(self._source.caller, call, parameters)
        return await self._source.client.fetch(request, read_page, self._tally)

    def _write(self, pages: Sequence[Keyed]) -> None:
        self._landing.write([page for page, _ in pages])
        for page, keys in pages:
            self._landed.extend(keys)
            self._hostile_pages += page.is_hostile
        self._pages += len(pages)

    def _stored(self, places: int) -> None:
        self._give_back(places)
        account = self._source.caller.account.name
        self._source.on_page(account, self.resource.name, len(self._landed), self._total())

    async def _drop(self, ahead: _Ahead) -> None:
        tasks = [task for _, task in ahead]
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        self._give_back(sum(isinstance(one, Page) for one in ended))

    def _give_back(self, places: int) -> None:
        for _ in range(places):
            self._source.window.release()
