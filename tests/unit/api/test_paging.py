"""The paging machine against lists that behave, and lists that do not."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

import msgspec
import pytest

from pipeline.api.paging import Ask, Paging
from pipeline.api.reply import Page

Server = Callable[[int, int], Page]


def page(numbers: range | list[int], total: int | None, offset: int | None, limit: int | None = None) -> Page:
    """A page whose items are numbers."""
    items = [msgspec.Raw(str(number).encode()) for number in numbers]
    return Page(items, total, offset, limit, is_bare_array=total is None, body=b"")


def serve(total: int, *, cap: int = 10**9, tells: bool = False) -> Server:
    """A list of 0, 1, 2, ... with a cap on the limit that it tells, or not."""

    def answer(offset: int, limit: int) -> Page:
        size = min(limit, cap)
        return page(range(offset, min(offset + size, total)), total, offset, size if tells else limit)

    return answer


def read_all(paging: Paging, server: Server, limit: int, *, ahead: int = 4) -> tuple[list[int], list[int]]:
    """The items taken and the offsets asked for, with up to `ahead` wishes under way."""
    taken: list[int] = []
    offsets: list[int] = []
    under_way: deque[tuple[Ask, Page]] = deque()

    def send(ask: Ask) -> Page:
        offsets.append(ask.offset)
        assert len(offsets) < 1000, "paging does not end"
        return server(ask.offset, limit)

    while True:
        while len(under_way) < ahead and (ask := paging.next_ask()) is not None:
            under_way.append((ask, send(ask)))
        if not under_way or paging.is_over:
            return taken, offsets
        ask, answer = under_way.popleft()
        while True:
            numbers = [int(bytes(item)) for item in answer.items]
            step = paging.take(ask, answer, numbers)
            taken += [numbers[place] for place in step.places]
            if step.rest is None:
                break
            ask = step.rest
            answer = send(ask)


@pytest.mark.parametrize("total", [0, 1, 9, 10, 11, 20, 95])
@pytest.mark.parametrize("ahead", [1, 4])
def test_a_list_is_read_once_with_the_fewest_requests(total: int, ahead: int) -> None:
    """Every position once, in order, and no request more than the pages there are."""
    paging = Paging(10)
    taken, offsets = read_all(paging, serve(total), 10, ahead=ahead)
    assert taken == list(range(total))
    assert offsets[0] == 0
    assert offsets[1:] == list(range(9, max(total - 1 + (total == 10), 1), 9))[: len(offsets) - 1]
    assert len(offsets) <= 1 + -(-total // 9)
    assert (list(paging.chain), paging.total_start, paging.total_end) == (list(range(total)), total, total)
    assert (paging.fault, paging.is_proven()) == (None, True)


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("cap", [1, 3, 7])
def test_a_capped_limit_is_noticed_on_the_first_page(cap: int, tells: bool) -> None:
    """The rest is planned in pages of the size that came, with no request lost; one more shows that it is over."""
    paging = Paging(10)
    taken, offsets = read_all(paging, serve(25, cap=cap, tells=tells), 10)
    assert taken == list(range(25))
    assert offsets[:-1] == list(range(0, 25, cap - (cap > 1)))[: len(offsets) - 1]
    assert len(offsets) <= 2 + 25 // max(1, cap - 1)
    assert (paging.fault, paging.is_proven()) == (None, cap > 1)


def test_a_limit_capped_in_the_middle_is_filled_up() -> None:
    """Pages that come short later leave gaps, which are asked for before anything behind them is taken."""
    full, capped = serve(100), serve(100, cap=4)
    paging = Paging(10)
    taken, _ = read_all(paging, lambda offset, limit: (full if offset < 20 else capped)(offset, limit), 10)
    assert taken == list(range(100))
    assert paging.fault is None


def test_a_page_longer_than_the_wish_adds_no_position_twice() -> None:
    """A server that gives more than was planned overlaps the next page; the surplus is left out."""
    capped, full = serve(30, cap=4), serve(30)
    paging = Paging(10)
    taken, _ = read_all(paging, lambda offset, limit: (full if offset else capped)(offset, limit), 10)
    assert taken == list(range(30))


def test_a_first_page_with_everything_is_everything() -> None:
    """A server that ignores the limit answers with the whole list."""
    paging = Paging(10)
    taken, offsets = read_all(paging, lambda _offset, _limit: page(range(45), 45, 0), 10)
    assert (taken, offsets, paging.fault) == (list(range(45)), [0], None)


def test_a_total_that_is_too_high_is_not_proven() -> None:
    """Nothing comes any more before the API's total is reached: asked for twice, then left to the second look."""
    paging = Paging(10)
    taken, offsets = read_all(
        paging, lambda offset, limit: page(range(offset, min(offset + limit, 25)), 40, offset), 10
    )
    assert taken == list(range(25))
    assert (paging.fault, paging.is_proven(), paging.has_ended) == (None, False, False)
    assert len(offsets) < 15


def test_a_total_that_is_too_low_does_not_end_the_list() -> None:
    """A full page at the end of the total is followed until nothing comes."""
    paging = Paging(10)
    taken, _ = read_all(paging, lambda offset, limit: page(range(offset, min(offset + limit, 45)), 19, offset), 10)
    assert (taken, paging.is_proven()) == (list(range(45)), False)


def test_a_total_that_moves_is_not_proven() -> None:
    """Rows came at the end: they are read, and a second look is due."""
    paging = Paging(10)
    taken, _ = read_all(paging, lambda offset, limit: serve(30 if offset < 20 else 33)(offset, limit), 10, ahead=1)
    assert (taken, paging.fault, paging.is_proven()) == (list(range(33)), None, False)


def test_a_gap_is_closed_from_above() -> None:
    """Rows went in front of the next page: it shares no item, so it is asked for again further up."""
    rows = list(range(50))
    paging = Paging(10)
    asked = 0

    def answer(offset: int, limit: int) -> Page:
        nonlocal asked
        asked += 1
        if asked == 3:
            del rows[2:6]
        return page(rows[offset : offset + limit], len(rows), offset)

    taken, _ = read_all(paging, answer, 10, ahead=1)
    assert (taken, paging.fault, paging.is_proven()) == (list(range(50)), None, False)


def test_a_list_that_shares_nothing_any_more_is_a_fault() -> None:
    """Every page is another list: no thread is found."""
    paging = Paging(10)
    others = itertools.count()
    read_all(paging, lambda offset, limit: page(list(itertools.islice(others, limit)), 500, offset), 10)
    assert "rows moved faster than they could be read" in (paging.fault or "")


def test_an_ignored_offset_is_a_fault() -> None:
    """A server that always answers with its first page would make a list of doubles with the right count."""
    paging = Paging(10)
    read_all(paging, lambda _offset, _limit: page(range(10), 40, 0), 10)
    assert paging.fault == "asked for offset 9, the API answered with offset 0"


def test_a_negative_total_is_a_fault() -> None:
    """A total below zero says nothing."""
    paging = Paging(10)
    read_all(paging, lambda _offset, _limit: page(range(3), -1, 0), 10)
    assert paging.fault == "the API gives a total of -1"


def test_a_documented_bare_array_needs_one_request() -> None:
    """Profiles come whole."""
    paging = Paging(10, is_array=True)
    taken, offsets = read_all(paging, lambda _offset, _limit: page(range(10), None, None), 10)
    assert (taken, offsets, paging.fault) == (list(range(10)), [0], None)
    assert paging.total_end is None


@pytest.mark.parametrize("total", [0, 5, 10, 30, 34])
def test_a_bare_array_that_pages_ends_with_an_empty_page(total: int) -> None:
    """A list without a total is asked on until nothing comes."""
    paging = Paging(10)
    taken, _ = read_all(paging, lambda offset, limit: page(range(offset, min(offset + limit, total)), None, None), 10)
    assert (taken, paging.fault) == (list(range(total)), None)


@pytest.mark.parametrize("total", [1, 5, 9, 45])
def test_a_bare_array_that_ignores_paging_is_taken_once(total: int) -> None:
    """The same items again, in whatever order, or more than the limit: the list was whole the first time."""
    calls = 0

    def answer(_offset: int, _limit: int) -> Page:
        nonlocal calls
        calls += 1
        return page(list(range(total))[:: 1 if calls == 1 else -1], None, None)

    paging = Paging(10)
    taken, offsets = read_all(paging, answer, 10)
    assert (taken, paging.fault) == (list(range(total)), None)
    assert len(offsets) == (1 if total > 10 else 3)


def test_a_bare_array_that_ignores_paging_and_fills_a_page_may_have_more() -> None:
    """Ten of ten at every offset: whether there is an eleventh cannot be seen."""
    paging = Paging(10)
    read_all(paging, lambda _offset, _limit: page(range(10), None, None), 10)
    assert "the same full page of 10 items at every offset" in (paging.fault or "")


@pytest.mark.parametrize("size", [5, 9, 10])
def test_rows_inserted_in_front_are_not_taken_for_an_ignored_offset(size: int) -> None:
    """So many rows came that the second page is the first one again: there is more behind it."""
    rows = list(range(40))
    asked = 0

    def answer(offset: int, limit: int) -> Page:
        nonlocal asked
        asked += 1
        if asked == 2:
            rows[:0] = range(100, 100 + size - 1)
        return page(rows[offset : offset + min(limit, size)], None, None)

    paging = Paging(10)
    taken, _ = read_all(paging, answer, 10)
    assert set(range(40)) <= set(taken)
    assert (paging.fault, paging.is_proven()) == (None, False)


def test_a_documented_bare_array_that_pages_is_read_on() -> None:
    """Profiles that come as a page with a total are read to the end like every other list."""
    paging = Paging(10, is_array=True)
    taken, offsets = read_all(paging, serve(25), 10)
    assert (taken, offsets) == (list(range(25)), [0, 9, 18])
