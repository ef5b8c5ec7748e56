"""A query's rows as text for people: aligned columns, and on a terminal a drawn table."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime

_ON_TERMINAL = 500  # rows; more is not read on a screen, and drawing takes a second for 10,000
# Control characters of a hostile name could move the cursor or recolour the terminal; bidirectional ones turn a line.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Names, then rows: columns as wide as their widest cell, numbers to the right, two blanks between."""
    from rich.cells import cell_len  # noqa: PLC0415 -- only a query needs it, `tlm --help` must not load it

    texts = [[show_cell(cell) for cell in row] for row in rows]
    shown = [[show_cell(name) for name in names], *texts]
    widths = [max(cell_len(line[position]) for line in shown) for position in range(len(names))]
    numbers = _number_columns(rows, len(names))
    lines = []
    for line in shown:
        padded = []
        for cell, width, is_number in zip(line, widths, numbers, strict=True):
            blanks = " " * (width - cell_len(cell))
            padded.append(blanks + cell if is_number else cell + blanks)
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


def draw_on_terminal(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Draw the first rows on stdout; say on stderr how many there are."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 -- only a query on a terminal needs them
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name, is_number in zip(names, _number_columns(rows, len(names)), strict=True):
        table.add_column(Text(show_cell(name)), justify="right" if is_number else "left", overflow="fold")
    for row in rows[:_ON_TERMINAL]:
        table.add_row(*(Text(show_cell(cell)) for cell in row))
    Console(file=sys.stdout).print(table)
    shown = min(len(rows), _ON_TERMINAL)
    more = "" if shown == len(rows) else " shown; --format csv --out FILE gives all"
    sys.stderr.write(f"{shown:,} of {len(rows):,} rows{more}\n" if more else f"{len(rows):,} rows\n")


def show_cell(cell: object) -> str:
    """A cell as one line of printable text; null is empty, an unprintable character is shown as its escape."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _number_columns(rows: Sequence[Sequence[object]], count: int) -> list[bool]:
    """Which columns hold numbers only (and at least one)."""
    columns = [[row[position] for row in rows if row[position] is not None] for position in range(count)]
    return [
        bool(column) and all(not isinstance(cell, (bool, str)) and hasattr(cell, "__float__") for cell in column)
        for column in columns
    ]
