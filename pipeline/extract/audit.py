"""Reads the audit log in windows of time that split themselves when they hold more than the API may serve.

What the API serves at most of one query is not documented (a sibling product: fewer than 10,000 records). So a window
whose total is large, or a round number that smells of a cap, is not read but split, down to one second; and one that
runs dry before its total teaches the limit and is halved. Windows are read side by side, as many as requests may be
under way; each is proven by itself, and the audit log is complete when every window is.

Whether `from` and `to` are inclusive is not documented either: every window but the first asks from a second before its
start, and the last one ends a second after the instant of the run. An event met twice keeps its id, by which events are
told apart when they are loaded.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.api.paging import Ask, Paging, Taken
from pipeline.api.reply import Page, read_page
from pipeline.api.request import build_request, page_parameters
from pipeline.errors import RequestRejected
from pipeline.extract.pages import ResourceReading, Source
from pipeline.extract.resources import Resource, wire_time
from pipeline.runs.manifest import Extract

MOST_EVENTS = 5_000
"""A window with more is split: half of what the sibling product stays below."""
_MOST_PARTS = 64  # of one window: a total that lies does not cost more requests than this at once
_ROUND = 1_000  # a total that is a multiple of it may be a cap
_SECOND = timedelta(seconds=1)
_DRY_WINDOWS = 20  # after so many the limit is not what is wrong
_LEAST_EVENTS = 100  # no service gives fewer of one query; totals that are always too high must not split every second
_SHOWN_FAULTS = 3
_WIDTHS = (timedelta(days=1) - _SECOND, timedelta(hours=1) - _SECOND)  # of what is asked for where more is refused
_REFUSALS = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class Window:
    """The events of [start, end), whole seconds of UTC; asked for from `lead` before its start on."""

    start: datetime
    end: datetime
    lead: timedelta = timedelta(0)

    @property
    def parameters(self) -> dict[str, str]:
        """What the API is asked for."""
        return {"from": wire_time(self.start - self.lead), "to": wire_time(self.end)}

    @property
    def name(self) -> str:
        """Its name in the journal and in sentences."""
        return "/".join(self.parameters.values())

    def parts(self, count: int) -> tuple[Window, ...]:
        """As many windows of the same length as fit it by the second, in order; none when it is one second long."""
        seconds = (self.end - self.start) // _SECOND
        count = min(count, seconds)
        cuts = [self.start + seconds * number // count * _SECOND for number in range(1, count)]
        starts, ends = [self.start, *cuts], [*cuts, self.end]
        leads = [self.lead, *(_SECOND for _ in cuts)]
        return tuple(map(Window, starts, ends, leads)) if cuts else ()


_EMPTY_DAYS = (
    Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)),
    Window(datetime(2999, 1, 1, tzinfo=UTC), datetime(2999, 1, 2, tzinfo=UTC)),
)


_Outcome = tuple[str | None, tuple[Window, ...]]
"""Of a window: why it is not complete, or None; and the windows that are to be read in its place."""


class _WindowPaging(Paging):
    """The reading of a window that ends before it begins when the total is too large, or before a restart told one."""

    def __init__(self, limit: int, most: int) -> None:
        super().__init__(limit)
        self._most = most
        self.is_too_large = False

    def next_ask(self) -> Ask | None:
        return None if self.is_too_large else super().next_ask()

    def resume(self, chain: array[int], end: int, totals: tuple[int | None, int | None]) -> None:
        super().resume(chain, end, totals)
        if not chain:
            self._judge(self.total_end)

    def take(self, ask: Ask, page: Page, keys: Sequence[int]) -> Taken:
        if not self.chain and self._judge(page.total):
            return Taken(())
        return super().take(ask, page, keys)

    def _judge(self, total: int | None) -> bool:
        if total is not None and (total > self._most or (total > 0 and total % _ROUND == 0)):
            self.total_start = self.total_end = total
            self.is_too_large = self.is_over = True
            self.fault = f"its total of {total} is too large"
        return self.is_too_large


class AuditReading(ResourceReading):
    """The reading of the audit log of one run over `resource.span`: used like that of any other resource."""

    def __init__(self, source: Source, resource: Resource, account_folder: Path, run_id: str) -> None:
        super().__init__(source, resource, account_folder, run_id)
        self._open: dict[Window, Paging] = {}
        self._totals: list[tuple[int | None, int | None]] = []
        self._promised = 0
        self._most = MOST_EVENTS
        self._dry = 0
        self._is_selected: bool | None = None
        self._takes_an_hour: bool | None = None
        self._probing = asyncio.Lock()

    def result(self, status: Literal["complete", "incomplete", "skipped"], reason: str | None) -> Extract:
        """As of any resource; the totals are the sums of those of the windows, None where one gave none."""
        return msgspec.structs.replace(
            super().result(status, reason),
            api_total_start=_sum([first for first, _ in self._totals]),
            api_total_end=_sum([last for _, last in self._totals]),
        )

    async def _read_all(self) -> str | None:
        """Read every window; why the audit log is not complete, or None."""
        faults: list[tuple[Window, str]] = []
        waiting = [Window(*self.resource.span)] if self.resource.span else []
        under_way: dict[asyncio.Task[_Outcome], Window] = {}
        try:
            while waiting or under_way:
                while waiting and len(under_way) < self._source.in_flight:
                    window = waiting.pop()
                    under_way[asyncio.create_task(self._read_window(window))] = window
                done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    window = under_way.pop(task)
                    fault, parts = task.result()
                    waiting += reversed(parts)
                    faults += [(window, fault)] if fault is not None else []
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        return _say_faults(faults)

    async def _read_window(self, window: Window) -> _Outcome:
        """Read it: why it is not complete, or None; or the windows that are to be read in its place."""
        can_split = self._is_selected is not False and bool(window.parts(2))
        paging = _WindowPaging(self._source.limit, self._most) if can_split else self.new_paging()
        try:
            fault = await self._read_paging(window, paging)
        except RequestRejected as error:
            if can_split and self._has_run_dry(paging):  # so deep a position is not served
                return None, window.parts(2)
            if can_split and not paging.end and error.status in _REFUSALS and (parts := await self._narrower(window)):
                return None, parts
            raise
        if isinstance(paging, _WindowPaging) and paging.is_too_large:
            total = paging.total_end or 0
            self._promised = max(self._promised, total)
            if await self._selects_by_time(total):
                return None, window.parts(_parts_for(total))
            paging = self.new_paging()
            fault = await self._read_paging(window, paging)
        elif fault is not None and can_split and self._has_run_dry(paging):
            return None, window.parts(2)
        self._totals.append((paging.total_start, paging.total_end))
        return fault, ()

    async def _read_paging(self, window: Window, paging: Paging) -> str | None:
        self._open[window] = paging
        try:
            return await self._read_list(paging, window.parameters, window.name)
        finally:
            del self._open[window]

    def _has_run_dry(self, paging: Paging) -> bool:
        """Whether the window ended before its total: then no larger one is asked for any more."""
        if paging.total_end is None or not 0 < paging.end < paging.total_end or self._dry == _DRY_WINDOWS:
            return False
        self._dry += 1
        self._most = min(self._most, max(paging.end, _LEAST_EVENTS))
        return True

    async def _narrower(self, window: Window) -> tuple[Window, ...]:
        """The days of a window that was refused, or the hours of a day; none where an hour is refused as well."""
        parts = next(
            (parts for width in _WIDTHS if (parts := window.parts(-((window.start - window.end) // width)))), ()
        )
        async with self._probing:
            if parts and self._takes_an_hour is None:
                hour = Window(window.end - _WIDTHS[-1], window.end)
                self._takes_an_hour = await self._count(hour) is not None
        return parts if self._takes_an_hour else ()

    async def _selects_by_time(self, total: int) -> bool:
        """Whether `from` and `to` have an effect: days without events do not hold most of `total`. Asked once."""
        async with self._probing:
            if self._is_selected is None:
                counts = [await self._count(window) or 0 for window in _EMPTY_DAYS]
                self._is_selected = all(2 * count <= total for count in counts)
                if not self._is_selected:
                    self.note = "the API gives all events whatever from and to are, so they are read as one list"
        return self._is_selected

    async def _count(self, window: Window) -> int | None:
        """The total of a window, of one that tells none the items of its page; None where such a time is refused."""
        parameters = {**page_parameters(self.resource.call, 0, 1), **window.parameters}
        request = build_request(self._source.caller, self.resource.call, parameters)
        try:
            page = await self._source.client.fetch(request, read_page, self._tally)
        except RequestRejected:
            return None
        return len(page.items) if page.total is None else page.total

    def _total(self) -> int | None:
        """Of all windows whose totals are known, but at least that of a window that was split; None while none is."""
        ends = [end for _, end in self._totals] + [paging.total_end for paging in self._open.values()]
        return max(self._promised, sum(end for end in ends if end is not None)) or None


def new_reading(source: Source, resource: Resource, account_folder: Path, run_id: str) -> ResourceReading:
    """The reading of any resource: in windows where it has a span."""
    kind = ResourceReading if resource.span is None else AuditReading
    return kind(source, resource, account_folder, run_id)


def _sum(totals: Sequence[int | None]) -> int | None:
    known = [total for total in totals if total is not None]
    return sum(known) if len(known) == len(totals) else None


def _parts_for(total: int) -> int:
    """Into how many windows one is split: a fifth smaller than they may be, for events are not spread evenly."""
    return min(_MOST_PARTS, max(2, total * 5 // (MOST_EVENTS * 4) + 1))


def _say_faults(faults: list[tuple[Window, str]]) -> str | None:
    """The first of them in the order of time, and how many more there are."""
    faults.sort(key=lambda one: one[0].start)
    said = [f"{window.name}: {fault}" for window, fault in faults]
    if len(said) > _SHOWN_FAULTS:
        said[_SHOWN_FAULTS:] = [f"and {len(said) - _SHOWN_FAULTS} more windows"]
    return "; ".join(said) or None
