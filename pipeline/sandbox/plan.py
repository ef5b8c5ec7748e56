"""What estate is wanted: the few numbers from which everything else follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.sandbox.faults import Fault


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same plan gives the same estate, byte for byte.

    `endpoints` is the size at `as_of`, the instant of the last week; the estate is smaller before. `shares`: how the
    endpoints are divided among the accounts, by name; the first is the head office's, and one with share 0 is empty.
    `refusals`: by account and name of a call, the status (403 or 404) with which that call is refused. `faults`: what
    else goes wrong; they change nothing in the estate.
    """

    endpoints: int = 1000
    seed: int = 1
    as_of: datetime = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    weeks: int = 13
    shares: dict[str, float] = msgspec.field(default_factory=lambda: {"prod": 0.8, "apac": 0.2})
    refusals: dict[str, dict[str, int]] = {}
    faults: tuple[Fault, ...] = ()

    @property
    def instants(self) -> tuple[datetime, ...]:
        """The instant of each week, oldest first; the last one is `as_of`."""
        return tuple(self.as_of - timedelta(weeks=self.weeks - 1 - week) for week in range(self.weeks))
