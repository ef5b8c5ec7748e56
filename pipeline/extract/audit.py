"""Reads the audit log in windows of time that split themselves when they hold more than the API may serve.

What the API serves at most of one query is not documented (a sibling product: fewer than 10,000 records). So a window
whose total is large, or a round number that smells of a cap, is not read but halved, down to one second; and one that
runs dry before its total teaches the limit and is halved too. The audit log is complete when every window is.

Whether `from` and `to` are inclusive is not documented either: every window but the first asks from a second before its
start. An event met twice keeps its id, by which events are told apart when they are loaded.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
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
"""A window with more is halved: half of what the sibling product stays below."""
_ROUND = 1_000  # a total that is a multiple of it may be a cap
_SECOND = timedelta(seconds=1)
_DRY_WINDOWS = 20  # after so many the limit is not what is wrong
_SHOWN_FAULTS = 3


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

    def halves(self) -> tuple[Window, ...]:
        """Earlier and later half; none when it is one second long."""
        seconds = (self.end - self.start) // _SECOND
        if seconds < 2:
            return ()
        middle = self.start + seconds // 2 * _SECOND
        return Window(self.start, middle, self.lead), Window(middle, self.end, _SECOND)


_EMPTY_DAYS = (
    Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)),
    Window(datetime(2999, 1, 1, tzinfo=UTC), datetime(2999, 1, 2, tzinfo=UTC)),
)


class _WindowPaging(Paging):
    """The reading of a window that ends before it begins when the total is too large, or before a restart told one."""

    def __init__(self, limit: int, most: int) -> None:
        super().__init__(limit)
        self._most = most
        self.is_too_large = False

    def next_ask(self) -> Ask | None:
        return None if self.is_too_large else super().next_ask()

    def resume(self, chain: array[int], end: int, totals: tuple[int | None, int | None], *, has_moved: bool) -> None:
        super().resume(chain, end, totals, has_moved=has_moved)
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
        self._show = source.on_page
        super().__init__(replace(source, on_page=self._tell), resource, account_folder, run_id)
        self._totals: list[tuple[int | None, int | None]] = []
        self._most = MOST_EVENTS
        self._dry = 0
        self._is_selected: bool | None = None

    async def read(self) -> str | None:
        """Read every window; why the audit log is not complete, or None."""
        faults: list[str] = []
        windows = [Window(*self.resource.span)] if self.resource.span else []
        while windows:
            window = windows.pop()
            fault, halves = await self._read_window(window)
            windows += reversed(halves)
            if fault is not None:
                faults.append(f"{window.name}: {fault}")
        if len(faults) > _SHOWN_FAULTS:
            faults[_SHOWN_FAULTS:] = [f"and {len(faults) - _SHOWN_FAULTS} more windows"]
        return "; ".join(faults) or None

    def result(self, status: Literal["complete", "incomplete", "skipped"], reason: str | None) -> Extract:
        """As of any resource; the totals are the sums of those of the windows, None where one gave none."""
        return msgspec.structs.replace(
            super().result(status, reason),
            api_total_start=_sum([first for first, _ in self._totals]),
            api_total_end=_sum([last for _, last in self._totals]),
        )

    async def _read_window(self, window: Window) -> tuple[str | None, tuple[Window, ...]]:
        """Read it: why it is not complete, or None; or the halves that are to be read in its place."""
        halves = () if self._is_selected is False else window.halves()
        paging = _WindowPaging(self._source.limit, self._most) if halves else self.new_paging()
        fault = await self._read_list(paging, window.parameters, window.name)
        if isinstance(paging, _WindowPaging) and paging.is_too_large:
            if await self._selects_by_time(paging.total_end or 0):
                return None, halves
            paging = self.new_paging()
            fault = await self._read_list(paging, window.parameters, window.name)
        elif fault is not None and halves and self._has_run_dry(paging):
            return None, halves
        self._totals.append((paging.total_start, paging.total_end))
        return fault, ()

    def _has_run_dry(self, paging: Paging) -> bool:
        """Whether the window ended before its total: then no larger one is asked for any more."""
        if paging.total_end is None or not 0 < paging.end < paging.total_end or self._dry == _DRY_WINDOWS:
            return False
        self._dry += 1
        self._most = min(self._most, paging.end)
        return True

    async def _selects_by_time(self, total: int) -> bool:
        """Whether `from` and `to` have an effect: days without events do not hold most of `total`. Asked once."""
        if self._is_selected is None:
            counts = [await self._count(window) for window in _EMPTY_DAYS]
            self._is_selected = all(2 * count <= total for count in counts)
            if not self._is_selected:
                self.note = "the API gives all events whatever from and to are, so they are read as one list"
        return self._is_selected

    async def _count(self, window: Window) -> int:
        """The total of a window; 0 where such a time is refused, or none is told."""
        parameters = {**page_parameters(self.resource.call, 0, 1), **window.parameters}
        request = build_request(self._source.caller, self.resource.call, parameters)
        try:
            page = await self._source.client.fetch(request, read_page, self._tally)
        except RequestRejected:
            return 0
        return len(page.items) if page.total is None else page.total

    def _tell(self, account: str, resource: str, received: int, total: int | None) -> None:
        """Progress over all windows, as far as their totals are known."""
        closed = _sum([last for _, last in self._totals])
        self._show(account, resource, received, None if total is None or closed is None else closed + total)


def new_reading(source: Source, resource: Resource, account_folder: Path, run_id: str) -> ResourceReading:
    """The reading of any resource: in windows where it has a span."""
    kind = ResourceReading if resource.span is None else AuditReading
    return kind(source, resource, account_folder, run_id)


def _sum(totals: Sequence[int | None]) -> int | None:
    known = [total for total in totals if total is not None]
    return sum(known) if len(known) == len(totals) else None
