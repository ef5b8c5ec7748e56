"""Reading lists whose rows come and go: every row that stays is there once, or the list is not called complete."""

from __future__ import annotations

import random
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.api.paging import Ask, Paging
from pipeline.api.reply import Page
from pipeline.api.settle import Answer, Settling


@dataclass
class Moving:
    """A list of numbers; before request n the edits of `edits[n]` happen, each at a share of the list's length.

    A page has at most as many items as `caps` say in turn.
    """

    rows: list[int]
    edits: dict[int, list[tuple[str, float]]] = field(default_factory=dict)
    caps: tuple[int, ...] = (1000,)
    tells_total: bool = True
    requests: int = 0
    is_doubted: bool = False
    ever: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ever |= set(self.rows)

    def page(self, offset: int, limit: int) -> Page:
        """The page as it is at this moment."""
        self.requests += 1
        assert self.requests < 5000, "reading does not end"
        for what, share in self.edits.get(self.requests, []):
            place = int(share * len(self.rows))
            if what.startswith("to ") and self.rows:  # the row at this share of the list moves to that one
                row = self.rows.pop(place)
                self.rows.insert(int(float(what[3:]) * len(self.rows)), row)
            elif what == "insert":
                self.rows.insert(place, 1_000_000 + len(self.ever))
                self.ever.add(self.rows[place])
            elif self.rows:
                self.gone.add(self.rows.pop(min(place, len(self.rows) - 1)))
        found = self.rows[offset : offset + min(limit, self.caps[self.requests % len(self.caps)])]
        items = [msgspec.Raw(str(number).encode()) for number in found]
        total = len(self.rows) if self.tells_total else None
        return Page(items, total, offset, limit, is_bare_array=False, body=b"")


def numbers_of(page: Page) -> list[int]:
    """The items as numbers, which are their own keys."""
    return [int(bytes(item)) for item in page.items]


def read(server: Moving, limit: int, *, ahead: int = 4, seed: int = 1) -> tuple[list[int], str | None]:
    """What is laid down, and why it is not complete; pages under way are answered in any order."""
    paging = Paging(limit)
    landed: list[int] = []
    under_way: deque[tuple[Ask, list[Page]]] = deque()
    order = random.Random(seed)  # noqa: S311 -- no secret
    while True:
        while len(under_way) < ahead and (ask := paging.next_ask()) is not None:
            under_way.append((ask, []))
        if not under_way or paging.is_over:
            return settle(server, paging, landed, limit)
        waiting = [one for one in under_way if not one[1]]
        order.shuffle(waiting)
        for one in waiting:
            one[1].append(server.page(one[0].offset, limit))
        first, (page,) = under_way.popleft()
        rest: Ask | None = first
        while rest is not None:
            keys = numbers_of(page)
            taken = paging.take(rest, page, keys)
            landed += [keys[place] for place in taken.places]
            rest = taken.rest
            if rest is not None:
                page = server.page(rest.offset, limit)


def settle(server: Moving, paging: Paging, landed: list[int], limit: int) -> tuple[list[int], str | None]:
    """The second look, where one is due."""
    doubles = {key for key, times in Counter(paging.chain).items() if times > 1}
    if (paging.fault and not paging.is_lost) or (paging.is_proven() and not doubles):
        return landed, paging.fault
    server.is_doubted = True
    settling = Settling(paging, lambda: Paging(limit), doubles, set())
    asking = settling.run()
    answer: Answer | None = None
    while True:
        try:
            ask = next(asking) if answer is None else asking.send(answer)
        except StopIteration:
            ask = None
        if answer is not None:
            landed += [numbers_of(answer[0])[place] for place in settling.fresh]
        if ask is None:
            return landed, settling.fault
        page = server.page(ask.offset, limit)
        answer = (page, numbers_of(page))


EDITS = st.dictionaries(
    st.integers(1, 40),
    st.lists(st.tuples(st.sampled_from(["insert", "remove"]), st.floats(0, 1)), max_size=6),
    max_size=12,
)


@settings(max_examples=700, derandomize=True)
@given(
    st.integers(0, 200),
    EDITS,
    st.tuples(
        st.sampled_from([(2, 2), (3, 3), (7, 7), (10, 10), (50, 50), (50, 5), (20, 3), (20, 20, 1), (9, 2, 7, 1)]),
        st.sampled_from(["tells a total", "tells none"]),
    ),
    st.integers(1, 6),
    st.integers(0, 9),
)
def test_every_row_that_stays_is_read_once(
    size: int,
    edits: dict[int, list[tuple[str, float]]],
    kind: tuple[tuple[int, ...], str],
    ahead: int,
    seed: int,
) -> None:
    """Rows come and go before any request: none that stays is missing or doubled, none is invented."""
    (limit, *caps), told = kind
    server = Moving(list(range(size)), edits, tuple(caps), tells_total=told == "tells a total")
    landed, fault = read(server, limit, ahead=ahead, seed=seed)
    assert set(landed) <= server.ever
    if fault is None:
        staying = set(range(size)) - server.gone
        assert staying <= set(landed)
        assert [number for number, times in Counter(landed).items() if times > 1 and number in staying] == []


def test_a_moved_row_costs_a_dozen_requests() -> None:
    """However long the list is: where it moved is found by bisection."""
    still = Moving(list(range(20_000)))
    read(still, 100)
    assert still.requests <= 204
    moving = Moving(list(range(20_000)), {150: [("insert", 0.1)]})
    landed, fault = read(moving, 100)
    assert (fault, sorted(landed)) == (None, sorted(moving.rows))
    assert moving.requests <= still.requests + 16


@pytest.mark.parametrize("edits", [{}, {4: [("insert", 0.0)]}, {4: [("remove", 0.0)]}])
def test_pages_of_one_item_are_read_until_two_readings_agree(edits: dict[int, list[tuple[str, float]]]) -> None:
    """They share no item, so nothing else could show that a row was skipped."""
    server = Moving(list(range(9)), edits, caps=(1,))
    landed, fault = read(server, 10)
    assert (fault, set(landed) >= set(server.rows)) == (None, True)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 5000])
def test_a_list_that_stands_still_is_not_looked_at_twice(size: int) -> None:
    """The overlap costs one page in a hundred, and the end at most one more."""
    server = Moving(list(range(size)))
    assert read(server, 100) == (list(range(size)), None)
    assert server.requests <= max(1, -(-size // 100)) + size // 9900 + 1


def test_a_reading_that_stopped_early_is_continued_to_its_end() -> None:
    """The tail shares nothing with the chain yet, so the list is read on from where the chain ends."""
    paging = Paging(5)
    paging.resume(array("q", range(10)), 10, (20, 20))
    paging.has_moved = True
    landed, fault = settle(Moving(list(range(20))), paging, list(range(10)), 5)
    assert (landed, fault) == (list(range(20)), None)


def test_the_right_number_of_other_rows_is_not_complete() -> None:
    """Positions and total agree, but nothing joins the list to what was received, and it is long."""
    paging = Paging(5)
    paging.resume(array("q", range(1000, 1400)), 400, (400, 400))
    paging.has_moved = True
    _, fault = settle(Moving(list(range(400))), paging, [], 5)
    assert "rows came and went in each of 4 readings" in (fault or "")


def test_a_short_list_of_other_rows_is_read_again() -> None:
    """Nothing joins it to what was received: what it has now is taken whole."""
    paging = Paging(5)
    paging.resume(array("q", range(100, 120)), 20, (20, 20))
    paging.has_moved = True
    assert settle(Moving(list(range(20))), paging, [], 5) == (list(range(20)), None)


MOVES = st.dictionaries(
    st.integers(1, 40),
    st.lists(
        st.tuples(st.sampled_from(["insert", "remove", "to 0", "to 0.3", "to 0.7", "to 1"]), st.floats(0, 0.99)),
        max_size=2,
    ),
    max_size=6,
)


@settings(max_examples=700, derandomize=True)
@given(
    st.integers(1, 260),
    MOVES,
    st.tuples(st.sampled_from([6, 7, 10, 20, 50]), st.sampled_from(["tells a total", "tells none"])),
    st.integers(1, 6),
    st.integers(0, 9),
)
def test_rows_that_change_their_places_are_read_too(
    size: int, edits: dict[int, list[tuple[str, float]]], kind: tuple[int, str], ahead: int, seed: int
) -> None:
    """A list in the order of the last update: none that stays is missing, or the list is not called complete.

    Between two requests at most two rows change: of more, such may cancel out that neither offsets nor total show them.
    """
    limit, told = kind
    server = Moving(list(range(size)), edits, tells_total=told == "tells a total")
    landed, fault = read(server, limit, ahead=ahead, seed=seed)
    assert set(landed) <= server.ever
    assert fault is not None or not server.is_doubted or set(range(size)) - server.gone <= set(landed)


@pytest.mark.parametrize("tells_total", [True, False])
@pytest.mark.parametrize("edit", ["insert", "remove"])
@pytest.mark.parametrize("rows", [1, 9, 10, 15, 30])
def test_a_list_that_moved_by_more_than_a_page_is_read_again(*, rows: int, edit: str, tells_total: bool) -> None:
    """No page shares an item any more, and then the list stands still."""
    server = Moving(list(range(60)), {2: [(edit, 0.0)] * rows}, tells_total=tells_total)
    landed, fault = read(server, 10, ahead=1)
    assert fault is None
    assert set(server.rows) - set(range(1_000_000, 2_000_000)) <= set(landed)


def test_a_gap_wider_than_a_page_is_not_asked_for_again_and_again() -> None:
    """No page reaches from its one side to the other, so bisection ends there; it took 256 requests."""
    server = Moving(list(range(60)), {2: [("insert", 0.0)] * 10})
    landed, fault = read(server, 10, ahead=1)
    assert (fault, set(landed)) == (None, set(server.rows))
    assert server.requests < 50


def test_a_row_that_moved_while_another_went_leaves_no_shift() -> None:
    """Offsets are as they were, the total fell by one: only reading again finds the row that moved."""
    server = Moving(list(range(100)), {4: [("to 0.1", 0.9), ("remove", 0.12)]})
    landed, fault = read(server, 20, ahead=1)
    assert (fault, set(landed)) == (None, set(range(100)))


def test_a_row_that_came_twice_was_moved_and_is_not_given_twice() -> None:
    """The note must not blame the API's ids, and what the moved row hid is there."""
    server = Moving(list(range(100)), {4: [("to 0.1", 0.9), ("to 0.75", 0.46)]})
    landed, fault = read(server, 20, ahead=1)
    assert (fault, set(landed)) == (None, set(range(100)))


def test_a_total_that_nobody_gave_is_not_the_apis() -> None:
    """A list without a total that grows with every request: the reason does not name a total of the API."""
    edits = {number: [("insert", 0.0)] for number in range(1, 400)}
    _, fault = read(Moving(list(range(60)), edits, tells_total=False), 10)
    assert fault is not None
    assert "API's total" not in fault


@dataclass
class Tied(Moving):
    """Groups of `size` neighbours are equal in what the service sorts by: each reply has them in another order."""

    size: int = 2
    seed: int = 0

    def page(self, offset: int, limit: int) -> Page:
        """The page of this reply's order."""
        order = random.Random(f"{self.seed} {self.requests}")  # noqa: S311 -- no secret
        for start in range(0, len(self.rows), self.size):
            group = self.rows[start : start + self.size]
            order.shuffle(group)
            self.rows[start : start + self.size] = group
        return super().page(offset, limit)


@pytest.mark.parametrize("size", [2, 3, 5, 7])
def test_equal_rows_in_another_order_in_each_reply_are_all_read(size: int) -> None:
    """A row that stands twice hides another one; as many different rows as the total counts are all of them."""
    outcomes = []
    for seed in range(40):
        server = Tied(list(range(200)), size=size, seed=seed)
        landed, fault = read(server, 20, seed=seed)
        outcomes.append(fault)
        assert fault or set(landed) == set(range(200)), seed
    assert outcomes.count(None) >= 36


class KeepingBack(Moving):
    """The fourth row of each page from the second on is kept back, but not of the last ones."""

    def page(self, offset: int, limit: int) -> Page:
        """The page without it."""
        page = super().page(offset, limit)
        if 20 < offset <= 99:
            del page.items[3]
        return page


def test_a_row_that_no_page_shows_leaves_the_list_incomplete() -> None:
    """Whatever stands twice does not make up for it in the count."""
    landed, fault = read(KeepingBack(list(range(130))), 50)
    assert (len(set(landed)), fault) == (129, "rows stood twice and hid others in each of 4 readings")


@dataclass
class OddOrEven(Moving):
    """Two copies of a list answer in turn; in one of them some neighbours stand the other way round."""

    def page(self, offset: int, limit: int) -> Page:
        """The page of the copy whose turn it is."""
        for place in range(3, len(self.rows) - 1, 9):
            self.rows[place : place + 2] = reversed(self.rows[place : place + 2])
        return super().page(offset, limit)


@pytest.mark.parametrize("limit", [5, 10, 20, 50])
def test_two_copies_that_differ_in_order_are_read_whole(limit: int) -> None:
    """One page shows both neighbours, two may show one of them twice."""
    for count in range(100, 160):
        landed, fault = read(OddOrEven(list(range(count))), limit, ahead=1 + count % 5)
        assert (set(landed), fault) == (set(range(count)), None)


@pytest.mark.parametrize("left", [0, 2])
@pytest.mark.parametrize("from_request", [2, 3, 4])
def test_an_index_that_is_made_anew_is_no_list(from_request: int, left: int) -> None:
    """What is left of a list in the middle of reading it is not all of it, whatever the total says then."""

    class Dying(Moving):
        def page(self, offset: int, limit: int) -> Page:
            if self.requests + 1 == from_request:
                del self.rows[left:]
            return super().page(offset, limit)

    _, fault = read(Dying(list(range(100))), 20)
    assert fault == f"the API's total fell from 100 to {left} while the list was read"


@pytest.mark.parametrize("rows", [[], [7]])
def test_a_total_that_was_told_still_counts_when_it_is_not_told_any_more(rows: list[int]) -> None:
    """From the third reply on there is an array without a total, empty or not."""

    class Silent(Moving):
        def page(self, offset: int, limit: int) -> Page:
            page = super().page(offset, limit)
            if self.requests < 3:
                return page
            items = [msgspec.Raw(str(row).encode()) for row in rows]
            return Page(items, None, None, None, is_bare_array=True, body=b"")

    landed, fault = read(Silent(list(range(100))), 20, ahead=1)
    assert (fault is not None, set(range(39)) <= set(landed)) == (True, True)
