"""The charts of a report as numbers: what the macros of `reports/parts/figures.html` draw, one class per macro.

`title` is the text alternative, in words with the numbers. Shares are floats from 0 to 1 (drawing only; printed shares
are text made from their counts). `is_hot` means that a target is missed or a person is needed: the accent.
`ascending` widths and ticks are computed here, millimetres in the macros.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

WEEKS = 13


@dataclass(frozen=True, slots=True)
class Spark:
    """Up to 13 weeks, oldest first, None where a week has no run. A share is a line, a count columns from zero."""

    macro: ClassVar[str] = "spark"
    title: str
    values: tuple[float | None, ...]
    width: float
    height: float
    is_share: bool = False
    target: float | None = None
    is_hot: bool = False


@dataclass(frozen=True, slots=True)
class Bullet:
    """A share against its target."""

    macro: ClassVar[str] = "bullet"
    title: str
    value: float
    target: float
    is_hot: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """A share (full), the share 13 weeks ago (ring, or None) and the target (line) on an axis from `low` to 1."""

    macro: ClassVar[str] = "dot"
    title: str
    value: float | None
    earlier: float | None
    target: float
    low: float
    is_hot: bool


@dataclass(frozen=True, slots=True)
class DotAxis:
    """The axis over a column of dots: its low end and the target, in words."""

    macro: ClassVar[str] = "dot_axis"
    title: str
    low: float
    target: float
    low_words: str
    target_words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A share over up to 13 weeks with its target; `ticks` are (value, words) between `low` and `high`."""

    macro: ClassVar[str] = "trend"
    title: str
    name: str
    values: tuple[float | None, ...]
    first_words: str
    last_words: str
    week_words: tuple[str, str, str]
    target: float
    target_words: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    is_hot: bool


@dataclass(frozen=True, slots=True)
class StackRow:
    """One bar: its label and the counts of its parts."""

    label: str
    parts: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Stack:
    """Bars of three parts (dark, fill, hatched), named over the first; the total stands right."""

    macro: ClassVar[str] = "stack"
    title: str
    names: tuple[str, str, str]
    rows: tuple[StackRow, ...]


@dataclass(frozen=True, slots=True)
class PartRow:
    """One bar with a part inside: all, and those by hand."""

    label: str
    everything: int
    part: int
    is_hot: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the strip that says how large the drawn rows are among all."""

    words: str
    count: int


@dataclass(frozen=True, slots=True)
class Parts:
    """Bars with a part inside, drawn to the largest of `rows`; `strip` shows those rows among everything, to scale.

    The first segment of the strip is what the rows below it show in detail; without a strip the rows are everything.
    """

    macro: ClassVar[str] = "parts"
    title: str
    heads: tuple[str, str]
    rows: tuple[PartRow, ...]
    strip: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One plain bar: label, count, and soft words after it."""

    label: str
    count: int
    words: str
    is_hot: bool = False


@dataclass(frozen=True, slots=True)
class Bars:
    """Plain bars from zero, the count at their end."""

    macro: ClassVar[str] = "bars"
    title: str
    rows: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the bridge: its name and signed size."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Bridge:
    """From one total to another in signed steps; only the differences are drawn."""

    macro: ClassVar[str] = "bridge"
    title: str
    start: int
    start_words: str
    end: int
    end_words: str
    steps: tuple[Step, ...]

    @property
    def levels(self) -> tuple[int, ...]:
        """Where each step begins, and where the last one ends, counted from the start."""
        levels = [0]
        for step in self.steps:
            levels.append(levels[-1] + step.size)
        return tuple(levels)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar: endings, those by hand, and which of its sides are the outline of a freeze."""

    count: int
    by_hand: int
    is_hot: bool
    outline: tuple[bool, bool, bool, bool] = (False, False, False, False)  # top, right, bottom, left

    @property
    def shade(self) -> int:
        """0 nothing, 1 up to 29, 2 up to 59, 3 up to 89, 4 from 90 on: the grey of the cell."""
        return 0 if self.count == 0 else min(1 + self.count // 30, 4)


@dataclass(frozen=True, slots=True)
class Week:
    """A column of the calendar, Monday to Sunday; a day outside the 90 days is None."""

    name: str
    monday: str
    days: tuple[Day | None, ...]
    freeze: str = ""  # the name of a freeze that begins in this week

    @property
    def count(self) -> int:
        """Endings of the week."""
        return sum(d.count for d in self.days if d)

    @property
    def by_hand(self) -> int:
        """Those of them by hand."""
        return sum(d.by_hand for d in self.days if d)

    @property
    def is_hot(self) -> bool:
        """Whether a person must act for this week within 30 days."""
        return any(d.is_hot and d.by_hand for d in self.days if d)


@dataclass(frozen=True, slots=True)
class Calendar:
    """13 weeks of endings."""

    macro: ClassVar[str] = "calendar"
    title: str
    weeks: tuple[Week, ...]


Figure = Spark | Bullet | Dot | DotAxis | Trend | Stack | Parts | Bars | Bridge | Calendar


def low_end(values: list[float], target: float) -> float:
    """The low end of an axis to 1: the next multiple of 10 % that is a bit under the smallest value and the target."""
    lowest = min([*values, target])
    tens = int(lowest * 10)
    if lowest * 10 - tens < 0.1 and tens > 0:  # a dot on the very edge would look cut
        tens -= 1
    return min(tens, 9) / 10


def ticks(values: list[float], target: float) -> tuple[float, float, tuple[tuple[float, str], ...]]:
    """Low end, high end and ticks of a trend's axis in shares: at least three steps of 1, 2, 5, 10, 20 or 50 points.

    The target is inside, and the axis never leaves 0 to 100 %.
    """
    lowest, highest = min([*values, target]) * 100, max([*values, target]) * 100
    step = next((s for s in (1, 2, 5, 10, 20) if highest - lowest <= 4 * s), 50)
    low = max(0, int(lowest // step) * step)
    if lowest - low < step * 0.2 and low >= step:
        low -= step
    marks = [m for m in range(low, 101, step) if m < highest]
    # a tick beside the target's own line would print two labels over each other
    marks = [m for m in marks if abs(m - target * 100) > step * 0.4]
    return low / 100, max(highest, low + step) / 100, tuple((m / 100, str(m)) for m in marks)
