"""How numbers, dates and names are written."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report import words

COUNTS = st.integers(min_value=0, max_value=2_000_000)


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [(0, 5, "0.0"), (5, 5, "100.0"), (9_999, 10_000, "99.9"), (1, 100_000, "0.1"), (1, 8, "12.5"), (1, 16, "6.3")],
)
def test_a_share_has_one_decimal_and_is_0_or_100_only_when_it_is(numerator: int, denominator: int, text: str) -> None:
    """A share never rounds to 100 or 0 unless it is."""
    assert words.share(numerator, denominator) == f"{text}{words.THIN}%"


@given(COUNTS, COUNTS)
def test_no_share_is_printed_as_whole_that_is_not(one: int, other: int) -> None:
    """For any two counts the digits are within half a tenth, or clamped away from the ends."""
    numerator, denominator = sorted((one, other))
    if denominator == 0:
        assert words.share(numerator, denominator) == "–"
        return
    tenths = words.tenths(numerator, denominator)
    assert (tenths == 1000) == (numerator == denominator)
    assert (tenths == 0) == (numerator == 0)
    assert abs(tenths - 1000 * numerator / denominator) <= 1


def test_differences_carry_their_sign() -> None:
    """A true minus, a plus, and points of one decimal."""
    assert [words.signed(n) for n in (1_200, 0, -8)] == ["+1,200", "0", "−8"]
    assert words.signed_points((942, 1000), (940, 1000)) == "+0.2 points"
    assert words.signed_points((1, 3), (1, 2)) == "−16.7 points"
    assert words.signed_points((5, 10), (1, 2)) == "0.0 points"
    assert words.signed_points((50_001, 100_000), (1, 2)) == "+0.0 points"


@pytest.mark.parametrize(
    ("target", "text"), [(0.98, "98"), (0.9, "90"), (1.0, "100"), (0.0, "0"), (0.995, "99.5"), (0.07, "7")]
)
def test_a_target_has_no_more_decimals_than_it_needs(target: float, text: str) -> None:
    """98 %, not 98.0 % and not 0.07 * 100 = 7.000000000000001 %."""
    assert words.percent(target) == f"{text}{words.THIN}%"


def test_a_long_name_loses_its_middle_and_says_how_long_it_was() -> None:
    """52 characters, an ellipsis, 24 characters; up to 96 stay whole."""
    assert words.cut_name("a" * 96) == ("a" * 96, "")
    text, extra = words.cut_name("b" * 52 + "x" * 224 + "e" * 24)
    assert (text, extra) == ("b" * 52 + "…" + "e" * 24, "300 characters")


@given(st.text(st.characters(codec=None)))
def test_clean_text_can_be_encoded_and_holds_no_control_character(text: str) -> None:
    """Whatever the text (lone surrogates too), the result is one line of harmless UTF-8."""
    cleaned = words.clean(text)
    cleaned.encode()
    assert all(character.isprintable() or character not in "\x00\x1b\x7f\u2028\u202e\u2066" for character in cleaned)
    assert "\n" not in cleaned


def test_a_writing_direction_cannot_be_turned_around() -> None:
    """gpj.exe stays readable: the override is replaced."""
    assert words.clean("evil\u202egpj.exe") == "evil\ufffdgpj.exe"


def test_counts_agree_with_their_noun() -> None:
    """0, 1 and many."""
    assert [words.count(n, "endpoint") for n in (0, 1, 2_000)] == [
        "0\xa0endpoints",
        "1\xa0endpoint",
        "2,000\xa0endpoints",
    ]
    assert [words.spelled(n, start=True) for n in (0, 1, 12, 13)] == ["0", "One", "Twelve", "13"]
    assert [words.joined(parts) for parts in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_an_instant_is_said_in_the_configured_zone() -> None:
    """UTC in the data, local on the page, with the zone's name."""
    at = datetime(2026, 11, 23, 4, 0, 12)
    assert words.instant(at, ZoneInfo("Europe/Berlin")) == ("Mon 23\xa0Nov 2026,", "05:00 CET")
    assert words.instant(at, ZoneInfo("America/New_York"))[0] == "Sun 22\xa0Nov 2026,"
    assert words.weekday_and_date(date(2026, 11, 30)) == "Mon 2026-11-30"


def test_a_hash_stands_in_groups_of_eight() -> None:
    """64 digits: two lines of four groups."""
    assert words.grouped("0123456789abcdef" * 4) == "\n".join([" ".join(["01234567", "89abcdef"] * 2)] * 2)
