"""The notebook that opens the published file: valid, without outputs, and every cell runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.config import Settings

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "open_the_warehouse.ipynb"


def test_the_notebook_is_valid_and_has_no_outputs() -> None:
    """Format 4.5; each cell has an id of its own, and nothing that was computed is stored."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    cells = notebook["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert all("".join(cell["source"]).strip() for cell in cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)


def test_every_cell_runs_and_the_file_stays_as_it_was(
    worked_example: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From top to bottom against the published file; a question that shows nothing would be no example."""
    database = worked_example.database
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    monkeypatch.setenv("TLM_DATABASE", str(database))
    names: dict[str, Any] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        if source.startswith("ask("):
            shown = eval(compile(source, cell["id"], "eval"), names)  # noqa: S307 -- our own notebook
            assert isinstance(shown, pl.DataFrame)
            assert shown.height > 0, cell["id"]
        else:
            exec(compile(source, cell["id"], "exec"), names)  # noqa: S102 -- our own notebook
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before
