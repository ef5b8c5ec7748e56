"""What models stand on: scalar macros (`sql/macros/*.sql`) and hand-kept lists (`sql/rules/*.csv`).

A list becomes `raw.rules_<name>`, all text, empty = null; a model `sql/rules/<name>.sql` types it. Dated rules are
lists with two columns more (`periods.py`). A macro file is one expression below `-- macro: schema.name(parameters)`; it
reads no table, so a view that calls it stays right anywhere.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

from pipeline.errors import BuildFailed, EngineRefused, reason_of
from pipeline.transform.model import Source, read_source
from pipeline.transform.order import build_order
from pipeline.transform.periods import PERIOD, refuse_overlaps
from pipeline.transform.tables import Reading, read_tables
from pipeline.warehouse.duck import Warehouse, identifier, literal

_SIGNATURE = re.compile(r"^((?:staging|core|mart|report|export|rules)\.[a-z][a-z0-9_]*)\(([a-z0-9_, ]*)\)$")

_SEVERITIES = ("critical", "high", "medium", "low")
_COMPARED = ("status", "rating")
"""First columns that hold status words, as `staging.status_word` writes them."""


def read_macros(folder: Path) -> dict[str, tuple[Source, str]]:
    """The macro files of `folder` (sql/macros) with their parameters, by name; BuildFailed where one has none."""
    macros: dict[str, tuple[Source, str]] = {}
    for path in sorted(folder.glob("*.sql")):
        source = read_source(path, ("macro",))
        signature = _SIGNATURE.match(source.header[0].value) if source.header else None
        if signature is None or signature[1] in macros:
            msg = f"{source.place(1)}: say once `-- macro: schema.name(parameter, ...)` above the expression."
            raise BuildFailed(msg)
        macros[signature[1]] = (source, signature[2])
    return macros


def create_macros(warehouse: Warehouse, folder: Path) -> frozenset[str]:
    """Create the macros of `folder` (sql/macros), a called one before its caller; their names."""
    macros = read_macros(folder)
    reads: dict[str, dict[str, str]] = {}
    for name, (source, _) in macros.items():
        reading = _read_expression(warehouse, source)
        reads[name] = {called: source.place(line) for called, line in reading.macros.items()}
    for name in build_order(reads):
        source, parameters = macros[name]
        try:
            warehouse.execute(f"create or replace macro {name}({parameters}) as (\n{source.sql}\n)")
        except EngineRefused as error:
            msg = f"{source.place()}: {error}"
            raise BuildFailed(msg) from None
        if source.sentences:
            warehouse.execute(f"comment on macro {name} is {literal(source.sentences)}")
    return frozenset(macros)


def _read_expression(warehouse: Warehouse, source: Source) -> Reading:
    reading = read_tables(
        warehouse, replace(source, sql=f"select (\n{source.sql}\n)", first_line=source.first_line - 1)
    )
    for table, line in reading.tables.items():
        msg = f"{source.place(line)}: the macro reads {table}; a macro is an expression over its parameters."
        raise BuildFailed(msg)
    return reading


def load_lists(warehouse: Warehouse, folder: Path) -> frozenset[str]:
    """Load the CSV files of `folder` (sql/rules) as raw.rules_<name>; the names of these tables."""
    names = set()
    for path in sorted(folder.glob("*.csv")):
        table = f"raw.rules_{path.stem}"
        header = _read_header(path)
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
        # Nothing is guessed: a line with another number of cells is an error.
        form = f"auto_detect = false, header = true, delim = ',', quote = '\"', nullstr = '', columns = {{{columns}}}"
        try:
            warehouse.execute(
                f"create or replace table {table} as select * from read_csv({literal(str(path))}, {form})"
            )
        except EngineRefused as error:
            msg = f"{path}: {error}; mend the list."
            raise BuildFailed(msg) from None
        if PERIOD[0] in header:
            refuse_overlaps(path)
        _refuse_words(path, header)
        about = f"The list {path.name} of sql/rules as it stands in the file, untyped."
        comments = [f"comment on table {table} is {literal(about)}"]
        for column in header:
            comment = f"{column} as written in {path.name}"
            comments.append(f"comment on column {table}.{identifier(column)} is {literal(comment)}")
        warehouse.execute(";\n".join(comments))
        names.add(table)
    return frozenset(names)


def _refuse_words(path: Path, header: list[str]) -> None:
    """BuildFailed names file and line of a severity that there is not, and of a status word that no status can equal.

    A rule that does not hold yet, and a second spelling of a word, would else be found by nobody.
    """
    lines: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            where = f"{path} line {reader.line_num}"
            severity = row.get("severity")
            if "severity" in header and severity not in _SEVERITIES:
                msg = f"{where}: there is no severity {severity!r}; write one of {', '.join(_SEVERITIES)}."
                raise BuildFailed(msg)
            word = row[header[0]] or ""
            if header[0] not in _COMPARED or not word:
                continue
            compared = "_".join(word.upper().split())
            if word != compared:
                msg = f"{where}: statuses are compared in upper case, with _ for a blank; write {compared}."
                raise BuildFailed(msg)
            if word in lines:
                msg = f"{where}: {word} stands in line {lines[word]} already; remove one of the two."
                raise BuildFailed(msg)
            lines[word] = reader.line_num


def _read_header(path: Path) -> list[str]:
    """The column names of a list; BuildFailed names the line that has none, other cells than columns, or no text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path} {reason_of(error)}; save the list as UTF-8."
        raise BuildFailed(msg) from None
    lines = csv.reader(io.StringIO(text), strict=True)
    try:
        names = next(lines, [])
        if not names or not all(name.isidentifier() for name in names) or len(set(names)) != len(names):
            msg = f"{path} line 1: the first line of a list names its columns, each once; write it."
            raise BuildFailed(msg)
        for cells in lines:
            if cells and len(cells) != len(names):
                where = f"{path} line {lines.line_num}"
                msg = f"{where}: {len(cells)} cells for {len(names)} columns; put text with commas in double quotes."
                raise BuildFailed(msg)
    except csv.Error as error:
        msg = f"{path} line {lines.line_num}: {error}; mend the line."
        raise BuildFailed(msg) from None
    return names
