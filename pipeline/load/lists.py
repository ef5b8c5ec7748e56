"""The lists that people keep beside tlm.toml, as CSV: waivers.csv and pci.csv. Both are optional.

A list is read whole and checked line by line before anything of it is used.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec

from pipeline.errors import ConfigurationError, reason_of
from pipeline.places import content

WAIVERS = "waivers.csv"
PCI = "pci.csv"
SEVERITIES = ("critical", "high", "medium", "low")
_OPTIONAL = ("account",)


class Waiver(msgspec.Struct, frozen=True):
    """A line of waivers.csv: who accepts what a rule finds in `scope`, and through which day."""

    waiver_id: str
    rule: str
    scope: str
    reason: str
    owner: str
    approver: str
    expires_on: date
    line_no: int


class PciEntry(msgspec.Struct, frozen=True):
    """A line of pci.csv: `endpoint` is an endpoint_key, host name, domain name or ip, with * for any text."""

    account: str | None
    endpoint: str
    criticality: str
    line_no: int


def read_waivers(folder: Path) -> tuple[Waiver, ...]:
    """The waivers of `folder`, those that have ended too; none without a file.

    ConfigurationError names file and line.
    """
    place = folder / WAIVERS
    rules = _known_rules()
    waivers: dict[str, Waiver] = {}
    for line_no, row in _read(place, Waiver.__struct_fields__[:-1]):
        where = f"{place} line {line_no}"
        if row["rule"] not in rules:
            msg = f"{where}: there is no rule {row['rule']!r}; the rules are {', '.join(sorted(rules))}."
            raise ConfigurationError(msg)
        if row["approver"].casefold() == row["owner"].casefold():
            msg = f"{where}: {row['owner']} approves a waiver of their own; let another person approve it."
            raise ConfigurationError(msg)
        if row["waiver_id"] in waivers:
            first = waivers[row["waiver_id"]].line_no
            msg = f"{where}: the waiver {row['waiver_id']!r} stands in line {first} already; give it its own name."
            raise ConfigurationError(msg)
        try:
            expires_on = date.fromisoformat(row["expires_on"])
        except ValueError:
            msg = f"{where}: expires_on is {row['expires_on']!r}; write a day as 2027-03-31."
            raise ConfigurationError(msg) from None
        waivers[row["waiver_id"]] = Waiver(**{**row, "expires_on": expires_on, "line_no": line_no})  # type: ignore[arg-type]
    return tuple(waivers.values())


def read_pci(folder: Path) -> tuple[PciEntry, ...]:
    """The PCI inventory of `folder`; none without a file. ConfigurationError names file and line."""
    place = folder / PCI
    entries = []
    for line_no, row in _read(place, PciEntry.__struct_fields__[:-1]):
        criticality = row["criticality"].lower()
        if criticality not in SEVERITIES:
            msg = (
                f"{place} line {line_no}: criticality is {row['criticality']!r}; write one of {', '.join(SEVERITIES)}."
            )
            raise ConfigurationError(msg)
        entries.append(PciEntry(row["account"] or None, row["endpoint"], criticality, line_no))
    return tuple(entries)


def _known_rules() -> frozenset[str]:
    with (content("sql") / "rules" / "findings.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["id"] for row in csv.DictReader(file))


def _read(place: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The number and the cells of each line, trimmed; blank lines are passed over, an empty cell is refused."""
    try:
        text = place.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{place} cannot be read ({reason_of(error)}); save it as UTF-8 text, or remove it."
        raise ConfigurationError(msg) from None
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        header = tuple(name.strip() for name in next(lines, []))
        if header != columns:
            msg = f"{place} line 1: the columns are {','.join(header) or 'missing'}; write {','.join(columns)}."
            raise ConfigurationError(msg)
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, _checked(f"{place} line {lines.line_num}", columns, cells)
    except csv.Error as error:
        msg = f"{place} line {lines.line_num}: {error}; mend the line."
        raise ConfigurationError(msg) from None


def _checked(where: str, columns: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    if len(cells) != len(columns):
        msg = f"{where}: {len(cells)} cells for {len(columns)} columns; put text with commas in double quotes."
        raise ConfigurationError(msg)
    row = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    empty = [name for name, cell in row.items() if not cell and name not in _OPTIONAL]
    if empty:
        msg = f"{where}: there is no {empty[0]}; fill it in."
        raise ConfigurationError(msg)
    return row
