"""A folder of models of the test's own, and an empty warehouse to build them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.load.meta import create_meta
from pipeline.transform.run import BuildReport, build_models, read_project
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import discard, open_build

HEADER = "-- One thing.\n-- grain: one thing\n"


class Project:
    """A folder `sql/` that tests write into; `build` runs it."""

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self.folder = folder
        self.warehouse = warehouse

    def write(self, path: str, text: str) -> None:
        """Put one file below sql/."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def model(self, name: str, sql: str, header: str = "-- kind: table\n") -> None:
        """Put a model whose statement begins on the line after the header."""
        schema, table = name.split(".")
        self.write(f"{schema}/{table}.sql", HEADER + header + sql)

    def build(self, *, everything: bool = True, as_run: str = "run-1") -> BuildReport:
        """Build what was written."""
        return build_models(read_project(self.warehouse, self.folder), everything=everything, as_run=as_run)

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """All rows of a table, in a stable order."""
        return self.warehouse.rows(f"select * from {table} order by all")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project over a warehouse that has its fixed tables only."""
    build = open_build(tmp_path / "tlm.duckdb")
    create_meta(build.warehouse)
    yield Project(tmp_path / "sql", build.warehouse)
    discard(build)
