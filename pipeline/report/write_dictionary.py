"""The data dictionary's file: written beside and moved into place, so a reader sees the old page or the new one."""

from __future__ import annotations

from pathlib import Path

from pipeline.config import Settings
from pipeline.output_file import make_output_folder, replaced_file
from pipeline.report.dictionary import read_dictionary
from pipeline.report.page import Theme, render_dictionary
from pipeline.warehouse.duck import Warehouse


def write_dictionary(warehouse: Warehouse, settings: Settings, out: Path | None) -> Path:
    """Write the page of an open warehouse to `out`, or to <output_dir>/dictionary.html; an older page is replaced.

    OutputFailed when the file cannot be written; then nothing half-written stays.
    """
    place = out or settings.output / "dictionary.html"
    page = render_dictionary(read_dictionary(warehouse), Theme()).encode()
    make_output_folder(place.parent)
    with replaced_file(place, settings.publish) as unfinished:
        unfinished.write_bytes(page)
    return place
