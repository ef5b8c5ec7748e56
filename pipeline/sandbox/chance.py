"""Seeded chance with the few throws that the estate needs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice(random.Random):
    """A generator whose throws depend on nothing but its seed."""

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def about(self, expected: float) -> int:
        """A whole number around an expected value, never negative; its mean is the value also below one."""
        spread = max(expected + self.gauss(0, expected**0.5 / 2), 0)
        whole = int(spread)
        return whole + self.happens(spread - whole)

    def pick(self, pairs: Sequence[tuple[T, float]]) -> T:
        """One of weighted things."""
        mark = self.random() * sum(weight for _, weight in pairs)
        for thing, weight in pairs:
            mark -= weight
            if mark < 0:
                return thing
        return pairs[-1][0]

    def some(self, things: Sequence[T], count: int) -> list[T]:
        """Up to `count` different ones, in random order."""
        return self.sample(things, min(count, len(things)))

    def identifier(self) -> str:
        """A version 4 UUID as text."""
        digits = f"{self.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
