"""What the journal says of a list is what its reading goes on with."""

from __future__ import annotations

from array import array

import pytest

from pipeline.api.paging import Paging
from pipeline.extract.pages import Journalled
from pipeline.runs.landing import JournalLine


def line(offset: int, total: int | None, *, has_moved: bool = False, has_jumped: bool = False) -> JournalLine:
    """A page of ten items behind `offset`."""
    end = offset + 10
    return JournalLine(offset, 10, total, (), end=end, has_moved=has_moved, has_jumped=has_jumped)


@pytest.mark.parametrize(("has_moved", "has_jumped"), [(False, False), (True, False), (True, True)])
def test_a_doubt_survives_the_death_of_the_process(*, has_moved: bool, has_jumped: bool) -> None:
    """Offsets that moved without a trace in the totals would be forgotten, and the list taken for proven."""
    journalled = Journalled()
    journalled.add(line(0, 20), array("q", range(10)))
    journalled.add(line(10, 20, has_moved=has_moved, has_jumped=has_jumped), array("q", range(10, 20)))
    paging = Paging(10)
    journalled.continue_in(paging)
    assert (paging.has_moved, paging.has_jumped) == (has_moved, has_jumped)
    assert (paging.total_start, paging.total_end, paging.end, len(paging.chain)) == (20, 20, 20, 20)
    assert paging.is_proven() is not has_moved
