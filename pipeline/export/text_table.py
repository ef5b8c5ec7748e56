"""A query's rows as text for people: aligned columns, and on a terminal a drawn table."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_LEAST_WIDTH = 20  # cells of a value beside its name, on a terminal of whatever width
_ON_TERMINAL = 500  # rows; more is not read on a screen, and drawing takes a second for 10,000
# Control characters of a hostile name could move the cursor or recolour the terminal; bidirectional ones turn a line.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def plain_table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Names, then rows: columns as wide as their widest cell, numbers to the right, two blanks between."""
    from rich.cells import cell_len  # noqa: PLC0415 -- only a query needs it, `tlm --help` must not load it

    texts = show_cells(rows, len(names))
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
    """Draw the first rows on stdout, one below the other where the columns do not fit; say on stderr how many."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 -- only a query on a terminal needs them
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(file=sys.stdout)
    drawn = show_cells(rows[:_ON_TERMINAL], len(names))
    if _table_width(names, drawn) > console.width:
        sys.stdout.write(_records(names, drawn, console))
    else:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for name, is_number in zip(names, _number_columns(rows, len(names)), strict=True):
            table.add_column(Text(show_cell(name)), justify="right" if is_number else "left", overflow="fold")
        for row in drawn:
            table.add_row(*map(Text, row))
        console.print(table)
    count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
    more = len(rows) > len(drawn)
    sys.stderr.write(f"{len(drawn):,} of {count} shown; --format csv --out FILE gives all\n" if more else f"{count}\n")


def _table_width(names: Sequence[str], drawn: Sequence[Sequence[str]]) -> int:
    """Cells that the drawn table needs: the widest cell of each column, three blanks between, one at either end."""
    from rich.cells import cell_len  # noqa: PLC0415 -- as above

    widths = (
        max(cell_len(line[place]) for line in ([show_cell(n) for n in names], *drawn)) for place in range(len(names))
    )
    return sum(widths) + 3 * (len(names) - 1) + 2


def _records(names: Sequence[str], drawn: Sequence[Sequence[str]], console: Console) -> str:
    """Each row as lines of name and value, under a line with its number; a long value goes on below its beginning."""
    from rich.cells import cell_len  # noqa: PLC0415 -- as above
    from rich.text import Text  # noqa: PLC0415

    shown = [show_cell(name) for name in names]
    width = max(map(cell_len, shown))
    labels = [name + " " * (width - cell_len(name)) for name in shown]
    room = max(_LEAST_WIDTH, console.width - width - 2)
    lines = []
    for number, row in enumerate(drawn, 1):
        lines.append(f"-- row {number}\n")
        for label, cell in zip(labels, row, strict=True):
            parts = [cell] if cell_len(cell) <= room else [part.plain for part in Text(cell).wrap(console, room)]
            for name, part in zip_longest([label], parts, fillvalue=" " * width):
                lines.append(f"{name}  {part}".rstrip() + "\n")
    return "".join(lines)


def show_cells(rows: Sequence[Sequence[object]], count: int) -> list[list[str]]:
    """All cells of `count` columns as `show_cell` shows them; the times of a column have the same number of digits."""
    columns = [_with_one_form([row[position] for row in rows]) for position in range(count)]
    return [[show_cell(column[number]) for column in columns] for number in range(len(rows))]


def _with_one_form(column: list[object]) -> list[object]:
    """With microseconds in each time of the column, or in none."""
    if not any(isinstance(cell, datetime) and cell.microsecond for cell in column):
        return column
    return [cell.isoformat(" ", "microseconds") if isinstance(cell, datetime) else cell for cell in column]


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
