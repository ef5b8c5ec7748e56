"""Offset paging as a state machine that proves that nothing was skipped: what to ask for next, what a page adds. Pure.

Pages overlap by one item, and each is *glued* to what came before: it must hold an item that is already there, and adds
what stands behind it. While the rows of a list keep their order among themselves, that is a proof, whenever and in
whatever order the pages were fetched: a row that is there the whole time stands either before or behind the shared item
in both pages, so it is in one of them. Rows that came or went in between move the offsets, not the proof; a page that
shares no item is asked for again further up. That rows keep their order is not promised by the API: offsets that moved
make a list one to look at twice (`has_moved`). Totals alone prove nothing: one row removed and another inserted leave
them as they were, and a row is skipped.

Once the first page has told the total, the further offsets are known and may be asked for at the same time; pages are
*taken* in the order of their offsets. `pipeline.api.settle` has what follows when the counts do not agree.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.api.reply import Page

T = TypeVar("T")

_BRIDGES = 7  # tries to find the thread again, each reaching further up: 1, 1, 2, 4, ... pages
_STALLS = 2  # pages in a row that add nothing although the API's total promises more
_LOOKS = 8  # the same in a list without a total, where each looks further behind


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish for the positions from `offset` up to, and without, `until`; None: as many as come."""

    offset: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a page added: its items at `places`, in order; and what must be asked for next to serve the same wish."""

    places: Sequence[int]
    rest: Ask | None = None


def pick(things: Sequence[T], places: Sequence[int]) -> Sequence[T]:
    """The things at `places`; nearly always that is a slice."""
    if isinstance(places, range):
        return things[places.start : places.stop]
    return [things[place] for place in places]


class Paging:
    """The reading of one list.

    `chain` has the key of each item in list order, without the overlap: 64-bit integers by which items are told apart.
    `end` is the position behind its last item, as of the page that brought it; totals are None where the API gave none.
    `is_over`: what is still under way is of no use. `is_array`: the list is documented as one bare array, so the first
    bare array is all of it. A list of which a part is on the disk is continued with `resume`. `has_moved`: the total
    changed, or a page did not begin with the item that the page before it ended with. `has_jumped`: what a page shares
    with the list stands behind items that nobody has seen, and what stood behind it is not there: that one item may
    have changed its place, and what was between is lost. `is_lost`: the fault is that no page shares an item any more.
    """

    def __init__(self, limit: int, *, is_array: bool = False) -> None:
        self.chain: array[int] = array("q")
        self.end = 0
        self.step = limit
        self.total_start: int | None = None
        self.total_end: int | None = None
        self.has_moved = False
        self.has_jumped = False
        self.is_lost = False
        self.is_over = False
        self.fault: str | None = None
        self._limit = limit
        self._is_array = is_array
        self._planned = 0
        self._under_way = 0
        self._bridges = 0
        self._stalls = 0
        self._is_last_full = False
        self._strays: set[int] = set()  # items that are there, and that rows inserted in front may bring once more

    @property
    def overlap(self) -> int:
        """Items that neighbouring pages share; pages of one item cannot share any."""
        return 1 if self.step > 1 else 0

    @property
    def has_ended(self) -> bool:
        """Whether the list was read to its end, without a fault."""
        is_at_end = self.total_end is not None and self.end >= self.total_end and not self._is_last_full
        return (
            self.fault is None
            and self._stalls < self._patience
            and (self.is_over or (is_at_end and not self._under_way))
        )

    def resume(self, chain: array[int], end: int, totals: tuple[int | None, int | None]) -> None:
        """Continue behind pages that are on the disk."""
        self.chain, self.end, self._planned = chain, end, end
        self.total_start, self.total_end = totals
        self._is_last_full = True

    def next_ask(self) -> Ask | None:
        """The next wish, or None when nothing can be asked for now: all is planned, or a page must be taken first."""
        if self.is_over:
            return None
        if self.total_end is not None and self._planned < self.total_end:
            offset = max(0, self._planned - self.overlap)
            self._planned = offset + self.step
            self._under_way += 1
            return Ask(offset, min(self._planned, self.total_end))
        if self._under_way:
            return None
        if self.total_end is not None and self.end >= self.total_end and not self._is_last_full:
            self.is_over = True
            return None
        self._under_way += 1
        return Ask(max(0, self.end - self.overlap))  # without a total, or to see that nothing stands behind it

    def take(self, ask: Ask, page: Page, keys: Sequence[int]) -> Taken:
        """Add the page that answered `ask`, `keys` by item; pages come here in the order of their wishes."""
        if page.offset is not None and page.offset != ask.offset:
            return self._stop(f"asked for offset {ask.offset}, the API answered with offset {page.offset}")
        if page.total is not None and page.total < 0:
            return self._stop(f"the API gives a total of {page.total}")
        is_first = not self.chain
        self._note_total(page.total)
        if page.is_bare_array and (whole := self._take_array(keys)) is not None:
            return whole
        if self.total_end is None and 0 < len(keys) == len(self.chain) and set(keys) == set(self.chain):
            return self._take_again(ask, len(keys))
        places = self._glue(ask, keys)
        if places is None:
            return self._bridge(ask)
        self._bridges = 0
        if self._strays:
            places = [place for place in places if keys[place] not in self._strays]
        self.chain.extend(pick(keys, places))
        self.end = ask.offset + len(keys)
        if is_first:
            self._learn_step(page)
            self._planned = self.end
        self._is_last_full = self.step <= len(keys) <= self._limit
        return Taken(places, self._rest(ask, len(keys), len(places)))

    def _note_total(self, total: int | None) -> None:
        if total is None:
            return
        if self.total_start is None:
            self.total_start = total
        self.has_moved = self.has_moved or total != self.total_start
        self.total_end = total

    def _take_array(self, keys: Sequence[int]) -> Taken | None:
        """The first bare array, where that is the whole list: it is documented so, or has more items than allowed."""
        if self.chain or not keys or not (self._is_array or len(keys) > self._limit):
            return None
        self.chain.extend(keys)
        self.end = len(keys)
        self.is_over = True
        return Taken(range(len(keys)))

    def _take_again(self, ask: Ask, size: int) -> Taken:
        """The page is all that is there once more: offsets are ignored, or as many rows were inserted in front.

        A question far behind the end tells which: there the list has nothing, unless the offset is ignored.
        """
        far = self.end + self._limit
        if ask.offset < far:
            return Taken((), Ask(far, ask.until))
        if size == self._limit:
            return self._stop(f"no total, and the same full page of {size} items at every offset; raise page_size")
        self.is_over = True
        return Taken(())

    def is_proven(self) -> bool:
        """Whether nothing is left to doubt: the total never moved, and is the number of positions received."""
        if self.fault is not None:
            return False
        if self.total_end is None:
            return not self.has_moved and self.end == len(self.chain) and (self.overlap > 0 or not self.end)
        return not self.has_moved and self.total_end == len(self.chain) and (self.overlap > 0 or self.end <= self.step)

    def _glue(self, ask: Ask, keys: Sequence[int]) -> Sequence[int] | None:
        """The places of what is not there yet; None when the page shares nothing with what is there.

        What stands behind the shared item, and before it what was not received: rows that were inserted, or those
        that a shared item left behind when it changed its place.
        """
        chain = self.chain
        if not chain:
            return range(len(keys))
        if not keys:
            return () if ask.offset == self.end else None
        if keys[0] == chain[-1]:
            return range(1, len(keys))
        if not self.overlap and ask.offset == self.end:
            return [place for place, key in enumerate(keys) if key not in chain]
        places = {key: place for place, key in enumerate(keys)}
        reach = max(4 * self._limit, 2 * (self.end - ask.offset))
        for index in range(len(chain) - 1, max(-1, len(chain) - 1 - reach), -1):
            if chain[index] in places:
                self._strays.update(chain[index + 1 :])
                self.has_moved = True
                shared = places[chain[index]]
                late = [place for place in range(shared) if keys[place] not in chain]
                self.has_jumped = self.has_jumped or (bool(late) and index < len(chain) - 1)
                if late:  # they stand in the chain behind rows that they stand before in the list
                    self._strays.update(keys[: shared + 1])
                    self._strays.difference_update(keys[place] for place in late)
                return [*late, *range(shared + 1, len(keys))]
        return None

    def _bridge(self, ask: Ask) -> Taken:
        """Rows went, so the page begins behind the gap: ask again further up, in front of it."""
        self._bridges += 1
        if self._bridges > _BRIDGES:
            self.is_lost = True
            return self._stop(f"rows moved faster than they could be read, near position {self.end}")
        is_behind = ask.offset == self.end  # it was only to see whether anything stands there
        back = 0 if is_behind else max(1, self.step - 1) * (1 << max(0, self._bridges - 2))
        end = self.end if self.total_end is None else min(self.end, self.total_end)
        return Taken((), Ask(max(0, end - 1 - back), ask.until))

    def _rest(self, ask: Ask, size: int, added: int) -> Ask | None:
        """What is left of the wish: the limit was capped without a word, the page was a bridge, an end is doubted."""
        total = self.total_end
        if added:
            self._stalls = 0
        rest: Ask | None = None
        if ask.until is None and not added:
            rest = self._look_behind(ask, size) if total is None else None
            self.is_over = self.is_over or (total is not None and (self.end >= total or not self._stall()))
        elif ask.until is not None and total is not None and self.end < min(ask.until, total):
            if added:
                self.step = min(self.step, size)
            elif not self._stall():
                return None
            rest = Ask(max(0, self.end - self.overlap), ask.until)
        self._under_way -= rest is None
        return rest

    def _look_behind(self, ask: Ask, size: int) -> Ask | None:
        """Without a total a list ends where nothing stands behind its last item: a short page may be a capped one."""
        if not size and ask.offset >= self.end:
            self.is_over = True
        elif self._stall():
            return Ask(self.end)
        else:
            self.fault = f"the API gives no total, and what it gives at position {ask.offset} is not new"
        return None

    @property
    def _patience(self) -> int:
        return _LOOKS if self.total_end is None else _STALLS

    def _stall(self) -> bool:
        """Note a page that added nothing; False when that was the last of patience."""
        self._stalls += 1
        self.is_over = self._stalls >= self._patience
        return not self.is_over

    def _learn_step(self, page: Page) -> None:
        if page.limit is not None and 0 < page.limit < self._limit:
            self.step = page.limit
        size = len(page.items)
        if 0 < size < self.step and (size == 1 if self.total_end is None else size < self.total_end):
            self.step = size

    def _stop(self, fault: str) -> Taken:
        self.is_over = True
        self.fault = fault
        return Taken(())
