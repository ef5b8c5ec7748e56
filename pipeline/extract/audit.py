"""Reads the audit log in windows of time that split themselves when they hold more than the API may serve.

What the API serves at most of one query is not documented (a sibling product: fewer than 10,000 records). So a window
whose total is large, or a round number that smells of a cap, is not read but halved, down to one second; and one that
runs dry before its total teaches the limit and is halved too. The audit log is complete when every window is.

Whether `from` and `to` are inclusive is not documented either: every window but the first asks from a second before its
start. An event met twice keeps its id, by which events are told apart when they are loaded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.api.contract import Paging as PagingKind
from pipeline.api.paging import NOTHING, Ask, Paging, Taken
from pipeline.api.reply import Page, read_page
from pipeline.api.request import build_request
from pipeline.errors import Refused
from pipeline.extract.pages import ResourceReading, Source
from pipeline.extract.resources import Resource
from pipeline.runs.manifest import Extract

log = logging.getLogger(__name__)

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
        return {"from": _wire_time(self.start - self.lead), "to": _wire_time(self.end)}

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


class _WindowPaging(Paging):
    """The reading of a window that ends before it begins when the first page tells a total that is too large."""

    def __init__(self, limit: int, most: int) -> None:
        super().__init__(limit)
        self._most = most
        self.is_too_large = False

    def take(self, ask: Ask, page: Page, keys: Sequence[int]) -> Taken:
        if self.chain or page.total is None or not _is_too_large(page.total, self._most):
            return super().take(ask, page, keys)
        self.total_start = self.total_end = page.total
        self.is_too_large = self.is_over = True
        self.fault = f"its total of {page.total} is too large"
        return Taken(NOTHING)


class AuditReading(ResourceReading):
    """The reading of the audit log of one run: used like that of any other resource."""

    def __init__(self, source: Source, resource: Resource, account_folder: Path, run_id: str) -> None:
        self._show = source.on_page
        super().__init__(replace(source, on_page=self._tell), resource, account_folder, run_id)
        self._totals: list[tuple[int | None, int | None]] = []
        self._faults: list[str] = []
        self._most = MOST_EVENTS
        self._dry = 0
        self._is_selected: bool | None = None

    async def read(self) -> str | None:
        """Read every window; why the audit log is not complete, or None."""
        windows = [Window(*self.resource.span)] if self.resource.span else []
        while windows:
            windows += reversed(await self._read_window(windows.pop()))
        if len(self._faults) > _SHOWN_FAULTS:
            self._faults[_SHOWN_FAULTS:] = [f"and {len(self._faults) - _SHOWN_FAULTS} more windows"]
        return "; ".join(self._faults) or None

    def result(self, status: Literal["complete", "incomplete", "skipped"], reason: str | None) -> Extract:
        """As of any resource; the totals are the sums of those of the windows, None where one gave none."""
        return msgspec.structs.replace(
            super().result(status, reason),
            api_total_start=_sum([first for first, _ in self._totals]),
            api_total_end=_sum([last for _, last in self._totals]),
        )

    async def _read_window(self, window: Window) -> tuple[Window, ...]:
        """Read it, or give the halves to be read in its place."""
        halves = () if self._is_selected is False else window.halves()
        paging = self.new_paging()
        if halves and not self._has_pages(window):
            paging = _WindowPaging(self._source.limit, self._most)
            if not self._was_too_large(window):
                fault = await self._read_list(paging, window.parameters, window.name)
            if self._was_too_large(window) or paging.is_too_large:
                ...
