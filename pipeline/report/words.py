"""How numbers, dates and names are written in a report: one function for each, all pure.

Shares are computed from their two counts in whole numbers, so that the same counts give the same digits everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

THIN = "\u202f"  # narrow no-break space, before the per cent sign
MINUS = "\u2212"
NO_BREAK = "\u00a0"
ELLIPSIS = "\u2026"
LONGEST_NAME = 96
_HEAD, _TAIL = 52, 24
_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# What a renderer, a terminal or a reader's eye may take for more than text: control characters, lone surrogates,
# non-characters, and the marks that turn the writing direction around.
_UNSAFE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]"
)
_BLANKS = re.compile(r"[\t\n\v\f\r]+")


def clean(text: str) -> str:
    """`text` with line breaks as blanks and unsafe characters as U+FFFD."""
    return _UNSAFE.sub("\ufffd", _BLANKS.sub(" ", text))


def cut_name(text: str) -> tuple[str, str]:
    """A clean name of at most 96 characters; a longer one without its middle, and its length ("300 characters")."""
    name = clean(text)
    if len(name) <= LONGEST_NAME:
        return name, ""
    return f"{name[:_HEAD]}{ELLIPSIS}{name[-_TAIL:]}", f"{number(len(name))} characters"


def short_reason(text: str) -> str:
    """The first part of a reason, without what was added to it after a semicolon, and without its full stop."""
    return cut_name(text.split("; ", 1)[0].rstrip("."))[0]


def number(value: int) -> str:
    """`10,214`, with a true minus."""
    return f"{value:,}".replace("-", MINUS)


def tenths(numerator: int, denominator: int) -> int:
    """A share in tenths of a per cent, half rounded up; never 0 or 1000 unless it is."""
    exact = (2000 * numerator + denominator) // (2 * denominator)
    if 0 < numerator < denominator:
        return min(max(exact, 1), 999)
    return exact


def share(numerator: int, denominator: int) -> str:
    """`92.3 %`; an en dash where there is nothing to divide by."""
    if denominator == 0:
        return "–"
    whole, tenth = divmod(tenths(numerator, denominator), 10)
    return f"{whole}.{tenth}{THIN}%"


def of(numerator: int, denominator: int) -> str:
    """`4,512 of 4,890`."""
    return f"{number(numerator)} of {number(denominator)}"


def percent(value: float) -> str:
    """A target such as 0.98 as `98 %`, with as many decimals as it needs."""
    return f"{value * 100:.6g}{THIN}%"


def signed(value: int) -> str:
    """`+7`, `−8`; zero is `0`."""
    return f"+{number(value)}" if value > 0 else number(value)


def signed_points(now: tuple[int, int], then: tuple[int, int]) -> str:
    """The difference of two shares in points, `+0.2 points`; one too small to print keeps its sign, `+0.0 points`."""
    difference = now[0] * then[1] - then[0] * now[1]
    over = now[1] * then[1]
    if difference == 0:
        return "0.0 points"
    size = (2000 * abs(difference) + over) // (2 * over)
    sign = "+" if difference > 0 else MINUS
    return f"{sign}{size // 10}.{size % 10} points"


def spelled(value: int, *, start: bool = False) -> str:
    """Up to twelve in words, figures beyond; `start` begins a sentence."""
    word = _SMALL[value] if 0 < value < len(_SMALL) else number(value)
    return word.capitalize() if start else word


def count(value: int, one: str, many: str | None = None) -> str:
    """`1 endpoint`, `23 endpoints`, with a space that does not break."""
    return f"{number(value)}{NO_BREAK}{one if value == 1 else many or one + 's'}"


def joined(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:  # nothing to join
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def instant(at: datetime, zone: ZoneInfo) -> tuple[str, str]:
    """A naive UTC instant in the zone, in two parts that may break apart: `Mon 23 Nov 2026,` and `05:00 CET`."""
    local = at.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    return f"{weekday(local.date())} {day(local.date())} {local.year},", f"{local:%H:%M} {local.tzname()}"


def weekday(on: date) -> str:
    """`Mon`."""
    return _DAYS[on.weekday()]


def day(on: date) -> str:
    """`23 Nov`."""
    return f"{on.day}{NO_BREAK}{_MONTHS[on.month - 1]}"


def weekday_and_date(on: date) -> str:
    """`Mon 2026-11-23`, for a day on which a person must act."""
    return f"{weekday(on)} {on.isoformat()}"


def grouped(digest: str) -> str:
    """A hash in groups of eight, four groups a line."""
    groups = [digest[i : i + 8] for i in range(0, len(digest), 8)]
    return "\n".join(" ".join(groups[i : i + 4]) for i in range(0, len(groups), 4))
