"""When the next request of an account may be sent: never above the ceiling, slower when that is too much. Pure.

The rate halves on a reply that says "too much" and grows back by a hundredth of the ceiling with each reply that does
not: a service whose real limit lies below the ceiling is met with about one refusal in fifty. All times are seconds of
one clock that only goes forward, passed in by the caller.
"""

from __future__ import annotations

from math import inf

_SLOWER = 0.5
_FASTER = 0.01  # of the ceiling, for each good reply
_SLOWEST = 1 / 16  # of the ceiling
_TIMER_SECONDS = 0.002  # what a timer is late by; rates too fast for timers are kept on average instead


class Pace:
    """The rate of one account; `rate` and `ceiling` are requests a second."""

    def __init__(self, ceiling: float) -> None:
        self.ceiling = ceiling
        self.rate = ceiling
        self._sent_at = -inf
        self._slowed_at = -inf
        self._quiet_until = -inf

    def wait_seconds(self, now: float) -> float:
        """How long the next request must wait; 0 when it may be sent. Ask again after the wait: it may have grown."""
        return max(0.0, self._sent_at + 1 / self.rate - now, self._quiet_until - now)

    def send(self, now: float) -> None:
        """A request is sent: the next one has its turn one interval later."""
        interval = 1 / self.rate
        lateness = _TIMER_SECONDS if interval <= _TIMER_SECONDS else 0.0
        self._sent_at = max(self._sent_at + interval, now - lateness)

    @property
    def keeps_gaps(self) -> bool:
        """Whether requests are so far apart that each one's own gap is kept."""
        return 1 / self.ceiling > _TIMER_SECONDS

    def leave(self, now: float) -> None:
        """A request has left, later than its turn: its connection was opened first, or the computer was busy.

        The next one is an interval behind it, or the service would get two at once. For `keeps_gaps` only.
        """
        self._sent_at = max(self._sent_at, now)

    def hold(self, until: float) -> None:
        """Send nothing before `until`; an earlier wish of the service for longer silence stays."""
        self._quiet_until = max(self._quiet_until, until)

    def slow_down(self, sent_at: float, now: float) -> bool:
        """The service is overloaded; True when the rate has changed.

        A request sent before the last change tells nothing of the rate since: one overload, met by several requests
        under way at once, halves the rate once.
        """
        if sent_at < self._slowed_at:
            return False
        self._slowed_at = now
        before, self.rate = self.rate, max(self.rate * _SLOWER, self.ceiling * _SLOWEST)
        return self.rate < before

    def recover(self, sent_at: float) -> bool:
        """The service took a request well; True when that brings the rate back to the ceiling."""
        if self.rate == self.ceiling or sent_at < self._slowed_at:
            return False
        self.rate = min(self.ceiling, self.rate + self.ceiling * _FASTER)
        return self.rate == self.ceiling
