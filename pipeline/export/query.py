"""`tlm query`: one question to the published file, read-only, with external access off and the configuration locked."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
import stat
import sys
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.config import Publish
from pipeline.errors import EngineRefused, UsageError
from pipeline.export.text_table import draw_on_terminal, plain_table
from pipeline.output_file import check_file_place, replaced_file
from pipeline.unfinished import working_folder
from pipeline.warehouse.duck import Warehouse, literal, open_read_only

logger = logging.getLogger(__name__)

# RFC 4180 with LF: quotes where a cell has a comma, a quote or a line break; null is nothing, an empty text is "".
JOB_DIALECT = "format csv, header true, delimiter ',', quote '\"', escape '\"', use_tmp_file false"
FORMATS = ("table", "csv", "json", "parquet")
_UNKNOWN = re.compile(r"not found|does not exist|does not have a column")
_COPY_OPTIONS = {"csv": JOB_DIALECT, "parquet": "format parquet, compression zstd, use_tmp_file false"}


def run_query(database: Path, sql: str, *, form: str = "table", out: Path | None = None) -> None:
    """Run one statement that gives rows and write them to `out` or stdout.

    `form`: table (aligned text), csv (the job dialect), json (an array of objects, times in ISO 8601), parquet (needs
    `out`). A file gets the mode of the database, so that the same people can read it. Raises UsageError for a statement
    that is wrong or gives no rows, OutputFailed for the disk; Ctrl-C stops the engine (KeyboardInterrupt).
    """
    if form not in FORMATS:
        msg = f'There is no format "{form}"; the formats are {", ".join(FORMATS)}.'
        raise UsageError(msg)
    if out is None and form == "parquet":
        raise UsageError("parquet is not for a terminal; name the file with --out.")
    if out is not None:
        check_file_place(out)
    with open_read_only(database) as warehouse:
        names = _columns(warehouse, sql)
    if out is not None:
        mode = f"{stat.S_IMODE(database.stat().st_mode):o}"
        with replaced_file(out, Publish(mode=mode)) as unfinished:
            _write(database, sql, form, names, unfinished)
        logger.info("The rows were written to %s (%s).", out, form)
        return
    try:
        if form == "table" and sys.stdout.isatty():
            draw_on_terminal(names, _rows(database, sql))
        else:
            _print(database, sql, form, names)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough; what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _columns(warehouse: Warehouse, sql: str) -> list[str]:
    """Names of the result; refuses what is not exactly one statement that gives rows."""
    text = _statement(sql)
    if not text:
        raise UsageError('The statement is empty; write e.g. tlm query "select count(*) from core.endpoints".')
    try:
        return [name for name, _ in warehouse.columns(f"(\n{text}\n)")]
    except EngineRefused as error:
        raise _refusal(error) from None


def _statement(sql: str) -> str:
    """Without the semicolon that people end a statement with."""
    return sql.strip().rstrip(";").rstrip()


def _refusal(error: EngineRefused) -> UsageError:
    place = f" (line {error.line - 1})" if error.line and error.line > 1 else ""  # line 1 is what is put before it
    if _UNKNOWN.search(str(error)):
        then = '`tlm dictionary` has all tables and columns, `tlm query "describe core.endpoints"` those of one table'
    elif str(error).startswith("Parser Error"):
        then = (
            "write one SELECT, DESCRIBE, SHOW or SUMMARIZE; where the shell changes quotes or signs, put it into a file"
            " for `tlm query --file FILE`"
        )
    elif str(error).startswith("Permission Error"):
        then = "it may read the tables of the database and nothing else"
    else:
        then = "mend it there; the database is read-only"
    return UsageError(f"The statement is refused{place}: {error}; {then}.")


def _rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    with open_read_only(database) as warehouse:
        try:
            return warehouse.rows(f"\n{_statement(sql)}")
        except EngineRefused as error:
            raise _refusal(error) from None


def _write(database: Path, sql: str, form: str, names: Sequence[str], path: Path) -> None:
    """The result as a file; `path` is in a folder of its own, the only place that the engine may write to."""
    if form in _COPY_OPTIONS:
        with open_read_only(database, [path.parent]) as warehouse:
            try:
                warehouse.execute(f"copy (\n{_statement(sql)}\n) to {literal(str(path))} ({_COPY_OPTIONS[form]})")
            except EngineRefused as error:
                raise _refusal(error) from None
        return
    rows = _rows(database, sql)
    path.write_text(_json(names, rows) if form == "json" else plain_table(names, rows), encoding="utf-8")


def _print(database: Path, sql: str, form: str, names: Sequence[str]) -> None:
    with working_folder(database.resolve().parent) as folder:
        path = folder / "result"
        _write(database, sql, form, names, path)
        sys.stdout.flush()
        with path.open("rb") as result:
            shutil.copyfileobj(result, sys.stdout.buffer)


def _json(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """An array with one object a line; an object holds a key once, so a repeated name gets its position behind it."""
    keys = [name if names.index(name) == place else f"{name}_{place + 1}" for place, name in enumerate(names)]
    objects = (json.dumps(_jsonable(dict(zip(keys, row, strict=True))), ensure_ascii=False) for row in rows)
    return "[" + ",".join(f"\n{text}" for text in objects) + "\n]\n"


def _jsonable(value: object) -> object:
    """`value` in JSON's types: times as ISO 8601, decimals as numbers, NaN and infinities as null, bytes as hex."""
    match value:
        case None | bool() | int() | str():
            plain: object = value
        case float():
            plain = value if math.isfinite(value) else None
        case Decimal():
            plain = int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | time():
            plain = value.isoformat()
        case bytes():
            plain = value.hex()
        case dict():
            plain = {str(key): _jsonable(part) for key, part in value.items()}
        case list() | tuple():
            plain = [_jsonable(part) for part in value]
        case _:
            plain = str(value)  # intervals, UUIDs
    return plain
