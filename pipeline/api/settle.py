"""What follows when a list was read to its end and the counts leave a doubt: a second look where it is needed. Pure.

The chain of a list (`pipeline.api.paging`) has every row that was there the whole time. It may lack rows that were
inserted into a part that had been read, and still have rows that were removed since, so the number of its positions may
differ from the API's total at the end. Where the rows moved is found by bisection: a page tells by how much positions
have shifted there, and between two places with the same shift nothing is missing. So a moved row costs a dozen requests
however long the list is. A page read again is *spliced*: between its first and its last item that the chain knows, the
chain becomes what the page says.

A key that stands twice in the chain is either an id that the API gives twice, or a row that moved while it was read and
hides another one: it is looked for again in one page where one can show both places, for two pages may be of two states
or of two copies of the list. As many different items as a total counts that never changed are all there are, in
whatever order they come. Where a row is found to have changed its place among the others (a list in the order of the
last update), neither overlap nor bisection prove anything: all of the list is read again, until a reading is whole by
itself or brings nothing new. A short list whose total or offsets moved is read again in any case, for a row that moved
and one that went leave no other trace together; so is one that splicing cannot settle, and each without a total, where
nothing says by how much positions have shifted. Pages of one item cannot overlap: such a list is read until two
readings agree. What no reading can see is a row that moves from the unread to the read part while as many others come
and go that neither total nor offsets differ.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.api.paging import Ask, Paging
from pipeline.api.reply import Page

ROUNDS = 4
"""Second looks before the list counts as one that never stands still."""
_LEAST_PROBES = 60  # requests of one round, also for a short list
_SHORT = 50  # pages that may be asked for again without much thought

Answer = tuple[Page, Sequence[int]]
Asking = Generator[Ask, Answer, None]


@dataclass(slots=True)
class Place:
    """Position `position` of the list holds item `index` of the chain."""

    position: int
    index: int


@dataclass(slots=True)
class Settling:
    """A second look at the list that `paging` has read; keys of `landed` are on the disk besides those of its chain.

    `new_paging` gives the state of a list that nothing was read of, for one more reading. `repeated` are the keys that
    stand in the chain more than once; `moved` those that changed their place since.
    `run` yields wishes, is sent (page, keys), and after each `fresh` are the places in that page of items that were
    missing and are to be laid down. At the end `total` is the API's (or the positions seen, where it gives none), and
    `fault` says why the list is not complete, else `note` what was odd.
    """

    paging: Paging
    new_paging: Callable[[], Paging]
    repeated: Collection[int]
    landed: set[int]
    total: int = 0
    note: str | None = None
    fault: str | None = None
    fresh: list[int] = field(default_factory=list)
    inserted: int = 0
    removed: int = 0
    moved: set[int] = field(default_factory=set)
    _left: int = 0
    _totals: set[int] = field(default_factory=set)  # of one round of splicing
    _told: set[int | None] = field(default_factory=set)  # of all replies
    _size: int = 0
    _is_short: bool = False

    @property
    def chain(self) -> array[int]:
        """The keys of the list as far as it is known."""
        return self.paging.chain

    @property
    def step(self) -> int:
        """Items of a page."""
        return self.paging.step

    def run(self) -> Asking:
        """Look until the chain has as many positions as the API's total, or the list never stands still."""
        told = self.paging.total_end
        self.total = self.paging.end if told is None else told
        self._told.update({self.paging.total_start, told})
        if told is None or not self.paging.overlap or self.paging.is_lost:
            yield from self._read_again()
        else:
            yield from self._mend()
        if not self.fault and 2 * self.total < (self.paging.total_start or 0):  # an index that is made anew
            self.fault = f"the API's total fell from {self.paging.total_start} to {self.total} while the list was read"
        self._tell()

    def _mend(self) -> Asking:
        """Splice where the list moved; all of it again where that proves nothing."""
        yield from self._doubtful()
        yield from self._splice_all()
        is_short = len(self.chain) <= _SHORT * self.step
        if self.moved or self.paging.has_jumped or (is_short and (self.fault or self.paging.has_moved)):
            yield from self._read_again()
            if not self.fault:
                yield from self._confirm()

    def _confirm(self) -> Asking:
        """See that each key that still stands more than once does so in the list: else it hides another row."""
        for _ in range(ROUNDS):
            self.repeated = doubles = () if self._has_all() else _twice(self.chain)
            yield from self._doubtful()
            if len(self.repeated) == len(doubles):
                return
            yield from self._splice_all()
            if self.fault:
                return
        self.fault = f"rows stood twice and hid others in each of {ROUNDS} readings"

    def _splice_all(self) -> Asking:
        """Splice until the chain has as many positions as the API's total; else `fault` says why not."""
        self.fault = None
        for _ in range(ROUNDS):
            self._left = max(_LEAST_PROBES, len(self.chain) // (2 * self.step))
            self._totals.clear()
            self._is_short = False
            if (yield from self._is_tail_confirmed()):
                return
            is_whole = yield from self._look()
            if is_whole and len(self._totals) == 1 and self.total == len(self.chain):
                return
        self.fault = f"the API's total is {self.total}, but " + (
            f"the list ends after {len(self.chain)}"
            if self._is_short
            else f"received were {len(self.chain)}: rows came and went in each of {ROUNDS} readings"
        )

    def _is_tail_confirmed(self) -> Generator[Ask, Answer, bool]:
        """Whether the last item of the chain still stands where it stood, with nothing behind: positions agree.

        A total below the positions is then the API's error, confirmed by a second read; one above them means that
        rows are kept from us, and so does a list that ends elsewhere.
        """
        if not self.chain:
            _, keys = yield from self._ask(0)
            return not keys and not self.total
        _, keys = yield from self._ask(len(self.chain) - 1)
        ends_here = list(keys) == [self.chain[-1]]
        self._is_short = ends_here and self.total > len(self.chain)
        return ends_here and not self._is_short

    def _look(self) -> Generator[Ask, Answer, bool]:
        """Splice head, tail, and what differs between them; False when the tail could not be joined to the chain."""
        _, keys = yield from self._ask(0)
        head = self._splice(0, keys)
        if head is None or len(keys) >= self.total:
            return head is not None
        tail = yield from self._join_tail()
        if tail is None:
            return False
        yield from self._between(head[1], tail[0])
        return True

    def _join_tail(self) -> Generator[Ask, Answer, tuple[Place, Place] | None]:
        """Splice the last page; where it shares nothing with the chain, read on from the chain's end until it does."""
        while self._left > 0:
            position = max(0, self.total - max(1, self._size))
            _, keys = yield from self._ask(position)
            tail = self._splice(position, keys)
            if tail is not None:
                return tail
            before = len(self.chain)
            position = max(0, min(before, self.total) - max(1, self._size - 1))
            _, keys = yield from self._ask(position)
            self._splice(position, keys)
            if len(self.chain) <= before:
                return None
        return None

    def _between(self, first: Place, last: Place) -> Asking:
        """Make the chain agree between two places of the list; the later part first, so that indexes stay true."""
        span = last.position - first.position
        if span == last.index - first.index or span < 1 or self._left <= 0:
            return
        fits = span < self._size
        position = first.position if fits else (first.position + last.position) // 2
        _, keys = yield from self._ask(position)
        before = len(self.chain)
        found = self._splice(position, keys)
        if found is None or fits:
            return
        start, end = found
        last = Place(last.position, last.index + len(self.chain) - before)
        if end.position < last.position:
            yield from self._between(end, last)
        if first.position < start.position < last.position:  # else all in front is new and more than a page: as before
            yield from self._between(first, start)

    def _doubtful(self) -> Asking:
        """Read again what is around a key that stands more than once: if it does not any more, its row moved.

        Two pages may be of two states of the list, or of two copies of it that order equals differently. So places that
        one page can show count only when one page shows them.
        """
        doubles = frozenset(self.repeated)
        near, starts = self._places_of(doubles) if doubles else ((), ())
        stands: dict[int, set[int]] = {key: set() for key in doubles}
        together: set[int] = set()
        for position in sorted(starts):
            _, keys = yield from self._ask(position)
            for place, key in enumerate(keys):
                if key in doubles:
                    stands[key].add(position + place)
            together.update(_twice(keys))
            self._splice(position, keys)
        self.repeated = {key for key in doubles if key in together or (key not in near and len(stands[key]) > 1)}
        self.moved = (self.moved | doubles) - self.repeated

    def _places_of(self, doubles: Collection[int]) -> tuple[Collection[int], Collection[int]]:
        """Which of the keys stand so near that one page shows two places; and where the pages begin that show all."""
        places: dict[int, list[int]] = {}
        for index, key in enumerate(self.chain):
            if key in doubles:
                places.setdefault(key, []).append(index)
        near: set[int] = set()
        starts: set[int] = set()
        for key, indexes in places.items():
            pairs = [(one, two) for one, two in pairwise(indexes) if two - one < self.step]
            near.update([key] if pairs else ())
            for one, two in pairs or zip(indexes, indexes, strict=True):
                page = one - one % self.step  # as the list's own begin, so that one is asked for once for all its keys
                starts.add(page if two < page + self.step else one)
        return near, starts

    def _read_again(self) -> Asking:
        """All of the list again, until a reading stands by itself or has only what was received before.

        By itself: it is proven and its items are different. A row that was skipped would have left its place to one
        that is there twice. Pages of one item prove nothing: there two readings must agree. A list that moves in each
        reading must have brought nothing new in two, or in one when as many different items are there as it counts.
        """
        dry = 0
        for _ in range(ROUNDS):
            self.landed.update(self.chain)
            before = len(self.landed)
            again = self.new_paging()
            yield from self._read(again)
            if again.fault is not None:
                continue
            if again.total_end is None and self.paging.total_end is not None:
                self.fault = f"the API's total was {self.total}, and it tells none any more"
                continue
            doubles = _twice(again.chain)
            agrees = again.chain == self.chain and not again.has_moved
            stands = again.is_proven() and not doubles if again.overlap else agrees
            self.removed += len(set(self.chain).difference(again.chain))
            self.chain[:] = again.chain
            self.repeated = doubles
            if stands:
                self.fault = None
                return
            if not again.overlap:
                continue
            if again.total_end is not None:
                yield from self._splice_all()
            self.landed.update(self.chain)
            dry = dry + 1 if len(self.landed) == before else 0
            if dry and self._has_all():
                self.fault = None
                return
            if self.fault or dry > again.has_moved:
                return
        self.fault = self.fault or f"rows came, went or changed their places in each of {ROUNDS} readings"

    def _has_all(self) -> bool:
        """Whether as many different items were received as the API counts, and it always counted as many.

        Then it does not matter in what order they come: rows that are equal in what the service sorts by may change
        their places from one reply to the next.
        """
        return self._told == {len(self.landed)}

    def _read(self, again: Paging) -> Asking:
        """One more reading, page by page; what was not received before is to be laid down."""
        while (ask := again.next_ask()) is not None:
            rest: Ask | None = ask
            while rest is not None:
                page, keys = yield from self._ask(rest.offset)
                self.fresh = [place for place, key in enumerate(keys) if key not in self.landed]
                self.inserted += len(self.fresh)
                self.landed.update(keys)
                rest = again.take(rest, page, keys).rest

    def _ask(self, position: int) -> Generator[Ask, Answer, Answer]:
        self._left -= 1
        page, keys = yield Ask(position)
        self.fresh = []
        if page.total is not None:
            self.total = page.total
            self._told.add(page.total)
        self._totals.add(self.total)
        self._size = max(self._size, len(keys))
        return page, keys

    def _splice(self, position: int, keys: Sequence[int]) -> tuple[Place, Place] | None:
        """Put the page in the chain's place; where its ends are then, or None when it shares nothing with the chain."""
        chain = self.chain
        is_end = position + len(keys) >= self.total
        first = next(((n, at) for n, key in enumerate(keys) if (at := self._find(key, position + n)) is not None), None)
        back = range(len(keys) - 1, -1, -1)
        last = next(((n, at) for n in back if (at := self._find(keys[n], position + n)) is not None), None)
        if first and last and last[1] < first[1]:  # what stood in front stands behind
            self.moved.add(keys[first[0]])
            return None
        if first is None or last is None:
            if position or not is_end:
                return None
            first, last = (0, 0), (len(keys) - 1, len(chain) - 1)
        start, low = (0, 0) if position == 0 else first
        reaches_end = is_end or last[1] == len(chain) - 1  # what stands behind the chain's last item is new
        stop, high = (len(keys), len(chain)) if reaches_end else (last[0] + 1, last[1] + 1)
        old, new = chain[low:high], array("q", keys[start:stop])
        if old != new:
            known = set(old)
            added = [place for place in range(start, stop) if keys[place] not in known]
            self.inserted += len(added)
            self.removed += len(known.difference(new))
            known_elsewhere = {key for key in (keys[place] for place in added) if self._is_received(key, position)}
            self.moved |= known_elsewhere - set(self.repeated)
            self.fresh = [place for place in added if keys[place] not in known_elsewhere]
            self.landed.update(keys[place] for place in added)
            self.landed.update(known)  # what leaves the chain stays on the disk, and may come back
            chain[low:high] = new
        return Place(position + start, low), Place(position + stop - 1, low + len(new) - 1)

    def _is_received(self, key: int, near: int) -> bool:
        return key in self.landed or self._find(key, near) is not None

    def _find(self, key: int, near: int) -> int | None:
        """Where the chain has the key: near the position first, for a key may stand twice."""
        reach = 4 * max(self.step, 1)
        low = max(0, near - reach)
        for bounds in ((near, near + 1), (low, near + reach), (0, len(self.chain))):
            try:
                return self.chain.index(key, *bounds)
            except ValueError:
                continue
        return None

    def _tell(self) -> None:
        said = []
        if self.inserted or self.removed:
            said.append(f"{self.inserted} rows came and {self.removed} went while the list was read")
        if self.moved:
            said.append(f"{len(self.moved)} rows changed their places while the list was read")
        if self.paging.total_end is not None and self.total < len(self.chain):
            said.append(f"the API's total is {self.total}, a second read confirmed {len(self.chain)} positions")
        if self.repeated:
            said.append(f"{len(self.repeated)} ids stand in the list more than once, confirmed by a second read")
        self.note = "; ".join(said) or None


def _twice(keys: Sequence[int]) -> Collection[int]:
    return {key for key, times in Counter(keys).items() if times > 1} if len(set(keys)) < len(keys) else ()
