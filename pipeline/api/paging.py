"""Offset paging as a small state machine: what to ask for next, what a page adds, whether the list is complete. Pure.

The configured limit is always sent and the returned page is believed: we advance by the items that came. Once the first
page has told the total, all further offsets are known and may be asked for at the same time; pages are *taken* in the
order of their offsets, so that what has been received is always one run of positions from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.api.reply import Page


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish for `size` positions from `offset` on; size None: as many as come."""

    offset: int
    size: int | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page added: its first `keep` items, and the part of the wish that it left open, to be asked for next."""

    keep: int
    rest: Ask | None = None


class Paging:
    """The reading of one list. `received` counts positions without overlap; totals are None where the API gave none;
    `is_over`: what is still under way is of no use.

    `is_array`: the list is documented as one bare array, so the first bare array is all of it.
    """

    def __init__(self, limit: int, *, is_array: bool = False) -> None:
        self.received = 0
        self.total_start: int | None = None
        self.total_end: int | None = None
        self._limit = limit
        self._step = limit
        self._is_array = is_array
        self._planned = 0
        self.is_over = False
        self._is_waiting = False
        self._fault: str | None = None
        self._previous: frozenset[bytes] = frozenset()

    def next_ask(self) -> Ask | None:
        """The next wish, or None when nothing can be asked for now: all is planned, or a page must be taken first."""
        if self.is_over:
            return None
        if self.total_end is None:
            if self._is_waiting:
                return None
            self._is_waiting = True
            return Ask(self.received, None)
        if self._planned >= self.total_end:
            return None
        ask = Ask(self._planned, min(self._step, self.total_end - self._planned))
        self._planned += self._step if ask.size is None else ask.size
        return ask

    def take(self, ask: Ask, page: Page) -> Taken:
        """Add the page that answered `ask`; pages come here in the order of their offsets."""
        if page.offset is not None and page.offset != ask.offset:
            return self._stop(f"asked for offset {ask.offset}, the API answered with offset {page.offset}")
        if page.total is not None and page.total < 0:
            return self._stop(f"the API gives a total of {page.total}")
        self._is_waiting = False
        is_first_total = self.total_end is None and page.total is not None
        if page.total is not None:
            self.total_start = page.total if self.total_start is None else self.total_start
            self.total_end = page.total
        if self.total_end is None:
            return self._take_untold(page)
        taken = self._take_counted(ask, page, self.total_end)
        if is_first_total:
            self._learn_step(page)
            self._planned = self.received
        return taken

    def fault(self) -> str | None:
        """Why the list is not complete, as half a sentence; None: it is complete."""
        if self._fault is not None:
            return self._fault
        if self.total_start != self.total_end:
            return f"the total moved from {self.total_start} to {self.total_end} while the list was read"
        if self.total_end is not None and self.received != self.total_end:
            return f"the API's total is {self.total_end}, received were {self.received}"
        return None

    def _take_counted(self, ask: Ask, page: Page, total: int) -> Taken:
        keep = len(page.items) if ask.size is None else min(len(page.items), ask.size)
        self.received += keep
        if not page.items:
            if ask.offset < total:
                return self._stop(f"the API's total is {total}, but the page at offset {ask.offset} is empty")
            return Taken(0)
        if ask.size is None or keep == ask.size or ask.offset + keep >= total:
            return Taken(keep)
        self._step = min(self._step, keep)  # the limit was capped without a word: plan the rest in smaller steps
        return Taken(keep, Ask(ask.offset + keep, ask.size - keep))

    def _take_untold(self, page: Page) -> Taken:
        """A bare array, or a list without a total: it ends with an empty page, or when paging is ignored."""
        if not page.items:
            self.is_over = True
            return Taken(0)
        is_all = page.is_bare_array and (self._is_array or len(page.items) > self._limit)
        if not is_all:
            items = frozenset(bytes(item) for item in page.items)
            if items <= self._previous:
                self.is_over = True
                return Taken(0)
            self._previous = items
        self.is_over = is_all
        self.received += len(page.items)
        return Taken(len(page.items))

    def _learn_step(self, page: Page) -> None:
        if page.limit is not None and 0 < page.limit < self._limit:
            self._step = page.limit
        if page.items and len(page.items) < self._step:
            self._step = len(page.items)

    def _stop(self, fault: str) -> Taken:
        self.is_over = True
        self._fault = fault
        return Taken(0)
