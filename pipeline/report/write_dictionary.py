"""The data dictionary's file: written beside and moved into place, so a reader sees the old page or the new one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import OutputFailed
from pipeline.report.dictionary import read_dictionary
from pipeline.report.page import Theme, render_dictionary
from pipeline.warehouse.duck import Warehouse


def write_dictionary(warehouse: Warehouse, settings: Settings, out: Path | None) -> Path:
    """Write the page of an open warehouse to `out`, or to <output_dir>/dictionary.html; an older page is replaced.

    OutputFailed when the file cannot be written; then nothing half-written stays.
    """
    place = out or settings.output / "dictionary.html"
    page = render_dictionary(read_dictionary(warehouse), Theme()).encode()
    beside: Path | None = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=".writing-", dir=place.parent)
        beside = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(page)
        beside.chmod(int(settings.publish.mode, 8))
        beside.replace(place)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        why = error.strerror or error
        msg = (
            f"The dictionary could not be written to {place} ({why}); free space, mend the folder or name another file."
        )
        raise OutputFailed(msg) from None
    return place
