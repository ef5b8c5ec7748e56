"""CSV for people: opened in a spreadsheet, read, sorted, printed; never read back by this tool.

The other dialect (`job`, byte-exact) is written by the engine's own COPY. Here the reader is a spreadsheet, which
executes a cell that begins like a formula and rewrites text that looks like a number. The guard for both is one
apostrophe in front: it stays visible and it stays text in Excel, LibreOffice and Google Sheets alike. A `="..."`
wrapper would look nicer in Excel and is itself a formula, so it is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

# "=", "+", "-", "@" and their full-width and small forms, which some spreadsheets read as the plain character.
_TRIGGER = "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_INVISIBLE = r"[\s\p{Z}\p{C}]*"  # blanks, control and zero-width characters that a spreadsheet drops before it looks
_STARTS_LIKE_A_FORMULA = rf"^({_INVISIBLE}{_TRIGGER}|[\t\r\n])"
# A spreadsheet whose separator is ";" or a tab cuts a cell there, whatever the quotes: the part behind is guarded too.
_CUT_LIKE_A_FORMULA = rf"([;\t\r\n]{_INVISIBLE})({_TRIGGER})"
# Serials such as 5E0004, 00123 or 20 digits: shown as 5.00E+04, 123 and a rounded number.
_REWRITTEN_AS_NUMBER = r"^(\s*(?:0\d+|\d{12,}|(?:\d+[.,]?\d*|[.,]\d+)[eE][+-]?\d+)\s*)$"

_INT64 = range(-(2**63), 2**63)
_TIMES = "%Y-%m-%d %H:%M:%S"
_GUARDED = (
    pl.col(pl.String)
    .str.replace(_STARTS_LIKE_A_FORMULA, "'${1}")
    .str.replace_all(_CUT_LIKE_A_FORMULA, "${1}'${2}")
    .str.replace(_REWRITTEN_AS_NUMBER, "'${1}")
)


def write_people_csv(parquet: Path, path: Path) -> None:
    """The rows of a Parquet file (text, numbers, naive UTC times) as CSV for a spreadsheet, in a stream."""
    pl.scan_parquet(parquet).with_columns(_GUARDED).sink_csv(
        path, include_bom=True, line_terminator="\r\n", quote_style="non_numeric", datetime_format=_TIMES
    )


def people_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """The table as CSV for a spreadsheet: UTF-8 with BOM, comma, CRLF, every cell that is no number quoted.

    `rows` have one cell per column: None (empty), text, int, float, Decimal, bool, date, datetime (naive is UTC, an
    aware one is turned into UTC; printed `YYYY-MM-DD HH:MM:SS`) or a list of texts (joined with `;`).
    Pass numbers as numbers: text is guarded, so "-5" becomes "'-5" while -5 stays a number.
    """
    frame = pl.DataFrame(
        [_series(name, [row[position] for row in rows]) for position, name in enumerate(columns)],
    )
    return (
        frame.with_columns(_GUARDED)
        .write_csv(include_bom=True, line_terminator="\r\n", quote_style="non_numeric", datetime_format=_TIMES)
        .encode()
    )


def _series(name: str, cells: list[object]) -> pl.Series:
    """One column with the narrowest type that holds all its cells; text where they are mixed."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {int}:
        if all(cell is None or cell in _INT64 for cell in cells):
            return pl.Series(name, cells, dtype=pl.Int64)
    elif kinds and kinds <= {int, float, Decimal}:
        return pl.Series(name, [None if c is None else float(str(c)) for c in cells], dtype=pl.Float64)
    if kinds == {datetime}:
        return pl.Series(name, [_utc(cell) for cell in cells], dtype=pl.Datetime("us"))
    if kinds == {date}:
        return pl.Series(name, cells, dtype=pl.Date)
    return pl.Series(name, [_text(cell) for cell in cells], dtype=pl.String)


def _utc(cell: object) -> datetime | None:
    if isinstance(cell, datetime) and cell.tzinfo is not None:
        return cell.astimezone(UTC).replace(tzinfo=None)
    return cell if isinstance(cell, datetime) else None


def _text(cell: object) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (list, tuple)):
        return ";".join(_text(part) or "" for part in cell)
    # A lone surrogate (it can come from the API) is no text that a file can hold; "?" stands for it.
    return str(cell).encode("utf-8", "replace").decode("utf-8")
