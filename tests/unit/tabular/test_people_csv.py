"""The CSV for people: what a spreadsheet would run or rewrite is guarded, the rest is as it was."""

from __future__ import annotations

import codecs
import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.tabular import people_csv


def cells(*values: object) -> list[str]:
    """One row as a reader of CSV gets it back."""
    content = people_csv([f"c{number}" for number in range(len(values))], [values])
    assert content.startswith(codecs.BOM_UTF8)
    header, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert len(header) == len(row)
    return row


@pytest.mark.parametrize("trigger", "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b")
@pytest.mark.parametrize("before", ["", " ", "\t", "\r", "\n", "\xa0", "\u200b", "\ufeff", "\x00", " \t"])
def test_a_cell_that_begins_like_a_formula_is_guarded(trigger: str, before: str) -> None:
    """Full-width and small forms too, and behind whatever a spreadsheet drops first."""
    (cell,) = cells(f"{before}{trigger}cmd|' /C calc'!A0")
    assert cell.startswith("'")
    assert cell.replace("'", "") == f"{before}{trigger}cmd| /C calc!A0"


@pytest.mark.parametrize("text", ["\tname", "\rname", "\nname"])
def test_a_leading_tab_or_line_break_is_guarded(text: str) -> None:
    """Some spreadsheets drop it and look at the next character."""
    assert cells(text) == ["'" + text]


@pytest.mark.parametrize("cut", ";\t\n\r")
def test_a_cut_inside_a_cell_is_guarded(cut: str) -> None:
    """Where the separator is a semicolon or a tab, the text behind it becomes a cell."""
    assert cells(f"a{cut}=1") == [f"a{cut}'=1"]


@pytest.mark.parametrize("serial", ["5E0004", "1e5", "00123", "123456789012", "1.5E+10", " 5E0004 ", "0" * 40])
def test_a_serial_that_reads_as_a_number_stays_text(serial: str) -> None:
    """It would be shown as 5.00E+04, 123 or rounded."""
    assert cells(serial) == ["'" + serial]


@pytest.mark.parametrize(
    "text", ["5EAB01", "443", "192.0.2.1", "shop.example.test", "2026-11-23", "a-b", "a;b", "", "x=1"]
)
def test_other_text_is_as_it_was(text: str) -> None:
    """The guard is not for everything."""
    assert cells(text) == [text]


def test_numbers_and_times_are_what_a_spreadsheet_reads() -> None:
    """Numbers without quotes or guard, times in UTC without a zone."""
    naive = datetime.fromisoformat("2026-11-23 06:00:00")
    berlin = datetime.fromisoformat("2026-11-23 07:00:00+01:00")
    content = people_csv(
        ["n", "f", "d", "at", "zoned", "on", "flag", "tags", "none"],
        [
            [-5, 0.5, Decimal("1.5"), naive, berlin, date(2026, 11, 23), True, ["a", "b"], None],
            [None, None, Decimal(2), None, naive.replace(tzinfo=UTC), None, None, [], None],
        ],
    )
    assert content.decode("utf-8-sig").split("\r\n")[1:] == [
        '-5,0.5,1.5,"2026-11-23 06:00:00","2026-11-23 06:00:00","2026-11-23","true","a;b",',
        ',,2.0,,"2026-11-23 06:00:00",,,"",',
        "",
    ]


def test_a_mixed_column_is_text() -> None:
    """Numbers of any size, and text among numbers."""
    content = people_csv(["a", "b"], [[1, 2**70], ["x", 5]])
    assert list(csv.reader(io.StringIO(content.decode("utf-8-sig")))) == [["a", "b"], ["1", f"'{2**70}"], ["x", "5"]]


def test_no_rows_give_the_header() -> None:
    """With the mark and the line end."""
    assert people_csv(["a", "b"], []) == codecs.BOM_UTF8 + b'"a","b"\r\n'


def test_a_lone_surrogate_does_not_stop_the_file() -> None:
    """It cannot be written in UTF-8; a question mark stands for it."""
    assert cells("a\ud800b") == ["a?b"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1, max_size=4))
def test_any_text_comes_back_but_for_the_guards(texts: list[str]) -> None:
    """Whatever the text, a reader of CSV finds it in its own cell, with nothing added but apostrophes."""
    content = people_csv([f"c{number}" for number in range(len(texts))], [texts])
    (_, row) = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert [cell.replace("'", "") for cell in row] == [text.replace("'", "") for text in texts]
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in row)
