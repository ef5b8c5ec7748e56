"""Dated rules: lists of `sql/rules` with `effective_from` and `effective_to`, next to each other.

A rule holds from its first day up to, and without, its second; empty is open. What stands left of these columns says
which rule a line is a period of (nothing: the whole list is one rule), what stands right of them what it demands. On no
day may two lines of the same rule hold, and where the whole list is one rule, one holds on each day between them.
"""

from __future__ import annotations

import csv
from datetime import date
from itertools import pairwise
from pathlib import Path

from pipeline.errors import BuildFailed

PERIOD = ("effective_from", "effective_to")


def refuse_overlaps(path: Path) -> None:
    """BuildFailed names file and line of a day that does not parse, a period that ends too early, an overlap, a gap."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        column = header.index(PERIOD[0])
        if header[column + 1 : column + 2] != [PERIOD[1]]:
            msg = f"{path} line 1: {PERIOD[1]} must stand right of {PERIOD[0]}; write it there."
            raise BuildFailed(msg)
        periods = [
            (
                cells[:column],
                *_read_period(f"{path} line {reader.line_num}", cells[column : column + 2]),
                reader.line_num,
            )
            for cells in reader
            if cells
        ]
    for (rule, _, ends, line), (other, begins, _, second) in pairwise(sorted(periods)):
        if rule == other and begins < ends:
            earlier, later = sorted((line, second))
            msg = (
                f"{path} line {later}: its dates overlap those of line {earlier}; let one end before the other begins."
            )
            raise BuildFailed(msg)
        if column == 0 and begins > ends:
            msg = f"{path} line {second}: no line holds from {ends} to {begins}; let one begin where the other ends."
            raise BuildFailed(msg)


def _read_period(where: str, cells: list[str]) -> tuple[date, date]:
    try:
        begins = date.fromisoformat(cells[0]) if cells[0] else date.min
        ends = date.fromisoformat(cells[1]) if cells[1] else date.max
    except ValueError as error:
        msg = f"{where}: {error}; write a day as 2027-03-15, or nothing."
        raise BuildFailed(msg) from None
    if begins >= ends:
        msg = f"{where}: the rule ends ({ends}) before it begins ({begins}); mend one of the days."
        raise BuildFailed(msg)
    return begins, ends
