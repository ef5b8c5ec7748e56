"""The rate of an account, second by second, with a clock that is a number."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.pace import Pace


def send_for(pace: Pace, seconds: float, start: float = 0.0) -> list[float]:
    """When requests go out if one is always waiting, from `start` on."""
    now, times = start, []
    while (now := now + pace.wait_seconds(now)) < start + seconds:
        pace.send(now)
        times.append(now)
    return times


def test_requests_go_out_evenly_at_the_ceiling() -> None:
    """Five a second: one every 0.2 s from the first on, without a burst."""
    assert send_for(Pace(5), 1.0) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])


def test_time_without_requests_is_not_made_up_for() -> None:
    """After a pause the next two are still an interval apart."""
    pace = Pace(5)
    pace.send(0.0)
    assert send_for(pace, 0.5, start=100.0) == pytest.approx([100.0, 100.2, 100.4])


def test_a_request_that_leaves_late_moves_the_next_one() -> None:
    """Its connection took 0.15 s to open: the service sees the next one 0.2 s later, not 0.05 s."""
    pace = Pace(5)
    pace.send(0.0)
    pace.leave(0.15)
    assert send_for(pace, 0.5) == pytest.approx([0.35])
    pace.leave(0.2)  # that of another connection, which overtook nobody
    assert pace.wait_seconds(0.35) == pytest.approx(0.2)
    assert [Pace(rate).keeps_gaps for rate in (400, 500, 10_000)] == [True, False, False]


def test_a_rate_beyond_what_timers_can_space_is_kept_on_average() -> None:
    """A turn that comes 1 ms late does not cost the turns that would have fitted in."""
    pace, now, sent = Pace(5000), 0.0, 0
    while now < 1.0:
        while pace.wait_seconds(now) == 0.0:
            pace.send(now)
            sent += 1
        now += 0.001
    assert 4900 <= sent <= 5015


def test_an_overload_halves_the_rate_once() -> None:
    """Eight requests under way meet the same overload: the rate halves, it does not go to 1/256."""
    pace = Pace(8)
    assert pace.slow_down(sent_at=1.0, now=2.0)
    assert not any(pace.slow_down(sent_at=1.0 + number / 8, now=2.1) for number in range(1, 8))
    assert pace.rate == 4
    assert pace.slow_down(sent_at=2.5, now=3.0)
    assert pace.rate == 2


def test_the_rate_does_not_fall_below_its_floor() -> None:
    """A sixteenth of the ceiling; a further overload changes nothing and says so."""
    pace = Pace(16)
    changes = [pace.slow_down(sent_at=float(now), now=float(now)) for now in range(10)]
    assert changes == [True] * 4 + [False] * 6
    assert pace.rate == 1


def test_the_rate_grows_back_by_a_hundredth_with_each_good_reply() -> None:
    """Fifty good replies undo a halving; the last one is told."""
    pace = Pace(10)
    pace.slow_down(sent_at=0.0, now=1.0)
    told = [pace.recover(sent_at=2.0) for _ in range(51)]
    assert told.count(True) == 1
    assert pace.rate == 10
    assert not pace.recover(sent_at=3.0)


def test_a_good_reply_to_an_earlier_request_is_no_recovery() -> None:
    """It was sent before the service said that it was too much."""
    pace = Pace(10)
    pace.slow_down(sent_at=1.0, now=2.0)
    assert not pace.recover(sent_at=1.5)
    assert pace.rate == 5


def test_a_lower_rate_holds_for_the_turn_that_is_waited_for() -> None:
    """The interval after the last request is that of the new rate."""
    pace = Pace(5)
    pace.send(0.0)
    pace.slow_down(sent_at=0.0, now=0.1)
    assert pace.wait_seconds(0.1) == pytest.approx(0.3)


def test_silence_is_kept_until_its_end() -> None:
    """The longest wish counts, and only then do turns begin again."""
    pace = Pace(5)
    pace.hold(30.0)
    pace.hold(10.0)
    assert send_for(pace, 0.3, start=29.9) == pytest.approx([30.0])
    assert pace.wait_seconds(30.0) == pytest.approx(0.2)


@given(
    st.floats(0.1, 400),
    st.lists(st.tuples(st.sampled_from(["send", "slow", "good", "hold"]), st.floats(0, 3)), max_size=60),
)
def test_the_ceiling_is_never_exceeded(ceiling: float, events: list[tuple[str, float]]) -> None:
    """Whatever the service says, two requests are never closer than the ceiling allows, and the rate stays positive."""
    pace, now, times = Pace(ceiling), 0.0, []
    for event, seconds in events:
        now += seconds
        if event == "send":
            now += pace.wait_seconds(now)
            pace.send(now)
            times.append(now)
        elif event == "slow":
            pace.slow_down(now, now)
        elif event == "good":
            pace.recover(now)
        else:
            pace.hold(now + seconds)
        assert 0 < pace.rate <= ceiling
    assert all(later - earlier >= 1 / ceiling - 1e-9 for earlier, later in itertools.pairwise(times))
