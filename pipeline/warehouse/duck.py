"""The one door to DuckDB: a connection whose default catalog is the warehouse file, attached as `tlm`.

All results are fetched whole: after a partial fetch the connection would stay busy. Engine errors leave this module as
`EngineRefused` (a statement that is wrong), `OutOfMemory` or `OutputFailed` (the disk).
"""

from __future__ import annotations

import functools
import json
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import duckdb

from pipeline.errors import BuildFailed, EngineRefused, OutOfMemory, OutputFailed, UsageError
from pipeline.unfinished import unfinished_folder
from pipeline.warehouse.worker import Worker

CATALOG = "tlm"
# The previous major version opens a file of this storage version too, and reopening keeps it so. A row group has half
# of the usual rows: what does not fill one waits in memory until the commit, which makes a wide table of 61,440 to
# 122,880 rows two thirds dearer. The file is 3 % larger for it.
FILE_OPTIONS = "storage_version 'v1.4.0', recovery_mode no_wal_writes, row_group_size 61440"
"""How a file is attached that a build fills: without a write-ahead log, as a build that dies is thrown away whole."""

logger = logging.getLogger(__name__)
_LEAST_MEGABYTES = 360
_ITEMS_OF_LEAST = 500_000
_ITEMS_A_MEGABYTE = 3_000
# Each thread has buffers and hash tables of its own: four need more for 100,000 endpoints than the least bound.
_BUILD_THREADS = 2
_WRAPPED = re.compile(r'"exception_message":("(?:[^"\\]|\\.)*")')
_DISK_WORDS = (
    "cannot open file",
    "no space left",
    "could not write",
    "permission denied",
    "read-only file system",
    "out of disk",
)


def identifier(name: str) -> str:
    """`name` quoted for SQL; a dotted name is quoted part by part."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def literal(text: str) -> str:
    """`text` as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


class Warehouse:
    """One connection to a warehouse file. Tables are named `schema.table`; results are plain Python values."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, remove_spill: Callable[[], None]) -> None:
        self._connection = connection
        self._remove_spill = remove_spill
        self._megabytes: int | None = None
        self._is_closed = False
        # A statement runs in this thread, so that Ctrl-C reaches ours while the engine is at work.
        self._worker = Worker(connection.interrupt)

    def execute(self, sql: str, params: Sequence[object] = ()) -> None:
        """Run one statement; its result is thrown away."""
        self.rows(sql, params)

    def rows(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        logger.debug("%s", sql)
        with _translated():
            return self._worker.do(lambda: self._connection.execute(sql, list(params)).fetchall())

    def records(self, sql: str, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """All rows, each as column name -> value."""
        rows = self.rows(sql, params)
        names = [column[0] for column in self._connection.description or []]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Name and SQL type of each column that the SELECT `sql` would give; nothing is run."""
        return [(row[0], row[1]) for row in self.rows(f"describe {sql}")]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements of the block, or none."""
        self.execute("begin transaction")
        try:
            yield
        except BaseException:
            self.execute("rollback")
            raise
        self.execute("commit")

    def limit_memory(self, items: int) -> None:
        """Bound the engine's own memory for a build over `items` landed items; beyond it, it spills to disk.

        Measured with two threads: 430,000 items (100,000 endpoints) do with 300 MB, 4.3 million with 1.3 GB of the
        1.6 GB that they get; the rest of the process adds 130 MB.
        """
        self._megabytes = _LEAST_MEGABYTES + max(0, items - _ITEMS_OF_LEAST) // _ITEMS_A_MEGABYTE
        self.execute(f"set memory_limit = '{self._megabytes}MB'")

    @property
    def memory_limit(self) -> str:
        """The engine's bound, as `set memory_limit` takes it."""
        return str(self.rows("select current_setting('memory_limit')")[0][0])

    @contextmanager
    def memory_bound(self, megabytes: int) -> Iterator[None]:
        """Bound the engine's own memory for the block; what held before holds again behind it."""
        self.execute(f"set memory_limit = '{megabytes}MB'")
        try:
            yield
        finally:
            before = self._megabytes
            self.execute("reset memory_limit" if before is None else f"set memory_limit = '{before}MB'")

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Rows written in the block keep the order in which they come, also where no ORDER BY asks for one."""
        self.execute("set preserve_insertion_order = true")
        try:
            yield
        finally:
            self.execute("set preserve_insertion_order = false")

    @contextmanager
    def beside(self, path: Path, name: str) -> Iterator[None]:
        """The file at `path` is attached read-only as the catalog `name` while the block runs."""
        self.execute(f"attach {literal(str(path))} as {name} (read_only)")
        try:
            yield
        finally:
            self.execute(f"detach {name}")

    def close(self) -> None:
        """Let go of the file; open results are gone, what is at work is stopped. Closing twice does no harm."""
        if not self._is_closed:
            self._worker.stop()  # after a second Ctrl-C, which cut the first one's wait short
            self._is_closed = True
            self._worker.end()
        self._connection.close()
        self._remove_spill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_writable(path: Path) -> Warehouse:
    """The warehouse file at `path`, made when it is missing; for one writer."""
    warehouse = _spilling_beside(path)
    with _opening(warehouse):
        # To keep the order of rows that have none, the second thread waits with its rows in memory, or stands idle.
        warehouse.execute("set preserve_insertion_order = false")
        warehouse.execute(f"attach {literal(str(path))} as {CATALOG} ({FILE_OPTIONS})")
        warehouse.execute(f"use {CATALOG}")
    return warehouse


def open_apart(path: Path, published: Path, memory_limit: str) -> Warehouse:
    """A new file at `path` for SQL that is not ours; its engine reads `published` (as `tlm`) and reaches nothing else.

    `schema.table` is looked up in the new file's only schema, `custom`, and then in all other schemas of `published`.
    """
    warehouse = _spilling_beside(path)
    with _opening(warehouse):
        warehouse.execute(f"set memory_limit = {literal(memory_limit)}")
        warehouse.execute(f"attach {literal(str(published))} as {CATALOG} (read_only)")
        warehouse.execute(f"attach {literal(str(path))} as apart ({FILE_OPTIONS})")
        warehouse.execute("create schema apart.custom")
        schemas = warehouse.rows(
            "select schema_name from duckdb_schemas()"
            " where database_name = ? and schema_name not in ('custom', 'main')",
            [CATALOG],
        )
        places = ",".join(["apart.custom", *sorted(f"{CATALOG}.{schema}" for (schema,) in schemas)])
        warehouse.execute(f"set search_path = {literal(places)}")
        warehouse.execute("set enable_external_access = false")
        warehouse.execute("set lock_configuration = true")
    return warehouse


def open_read_only(path: Path, writes_to: Sequence[Path] = ()) -> Warehouse:
    """The published file, locked down: nothing is written, read, attached or set from SQL.

    COPY may write into the folders `writes_to` and nowhere else. It spills beside the file, as a build does; for who
    may only read there, memory has to do.
    """
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "no file"
        msg = f"{path}, where the database belongs, is {what}; move it away, or set another data_dir in tlm.toml."
        raise UsageError(msg)
    if not path.is_file():
        msg = f"There is no warehouse at {path}; `tlm build` makes it, or name another file."
        raise UsageError(msg)
    folders = ", ".join(literal(str(folder.resolve())) for folder in writes_to)
    with ExitStack() as work:
        spill = None
        with suppress(OSError):
            spill = work.enter_context(unfinished_folder(path.resolve().parent))
        warehouse = Warehouse(_connect(spill), work.pop_all().close)
    with _opening(warehouse):
        try:
            warehouse.execute(f"attach {literal(str(path))} as {CATALOG} (read_only)")
            warehouse.execute(f"use {CATALOG}")
            warehouse.execute(f"set allowed_directories = [{folders}]")
            warehouse.execute("set enable_external_access = false")
            warehouse.execute("set lock_configuration = true")
        except BuildFailed as error:
            msg = (
                f"{path} cannot be opened as a warehouse ({error}); move it away, or set another data_dir in tlm.toml."
            )
            raise UsageError(msg) from None
    return warehouse


def _spilling_beside(path: Path) -> Warehouse:
    """An engine without a file yet, on the threads of a build, for the file at `path`."""
    spill = path.with_name(path.name + ".tmp")
    warehouse = Warehouse(_connect(spill), functools.partial(shutil.rmtree, spill, ignore_errors=True))
    with _opening(warehouse):
        warehouse.execute(f"set threads = {min(_BUILD_THREADS, os.cpu_count() or 1)}")
    return warehouse


@contextmanager
def _opening(warehouse: Warehouse) -> Iterator[None]:
    """It is closed when the block fails. Its statements are run as all others are: Ctrl-C is no error of the engine."""
    try:
        yield
    except BaseException:
        warehouse.close()
        raise


def _connect(spill: Path | None) -> duckdb.DuckDBPyConnection:
    """An empty engine that never downloads, thinks in UTC and spills into `spill` only; None: it does not spill."""
    return duckdb.connect(
        ":memory:",
        config={
            "temp_directory": "" if spill is None else str(spill),
            "TimeZone": "UTC",
            "autoinstall_known_extensions": "false",
        },
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        said = str(error).splitlines()[0]  # what follows is advice that only a program could take
        if "max_temp_directory_size" in str(error):
            msg = f"The engine has no more disk for what does not fit in memory: {said}; free disk space."
            raise OutputFailed(msg) from None
        msg = f"The engine ran out of memory: {said}; ask for less at a time, or free memory."
        raise OutOfMemory(msg) from None
    except duckdb.Error as error:
        text = str(error)
        if isinstance(error, duckdb.IOException) and any(word in text.lower() for word in _DISK_WORDS):
            msg = f"The engine could not write: {_first_line(error)}; free disk space or mend the folder's rights."
            raise OutputFailed(msg) from None
        found = re.search(r"^LINE (\d+):", text, re.MULTILINE)
        raise EngineRefused(_first_line(error), line=int(found[1]) if found else None) from None


def _first_line(error: Exception) -> str:
    """The engine's sentence without its picture of the statement; of one that wraps another as JSON the other."""
    text = str(error)
    inner = _WRAPPED.search(text)
    said = str(json.loads(inner[1])) if inner else text.split("\nLINE ", maxsplit=1)[0]
    return " ".join(said.split()).rstrip(".!")
