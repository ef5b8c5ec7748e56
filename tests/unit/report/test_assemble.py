"""The lists in full: what is embedded and what is only named."""

from __future__ import annotations

import hashlib

from pipeline.report.assemble import EMBEDDED_BYTES, embed
from pipeline.report.contents import CsvFile


def test_lists_beyond_five_megabytes_in_all_are_only_named() -> None:
    """In the order of the report; a smaller one behind still fits. Rows and hash are known of each."""
    large = CsvFile("large.csv", "Large", ("name",), (("x" * (EMBEDDED_BYTES - 100),),))
    medium = CsvFile("medium.csv", "Medium", ("name",), tuple((f"host{n}",) for n in range(100)))
    small = CsvFile("small.csv", "Small", ("name", "days"), (("a", 3),))
    done = embed([large, medium, small])
    assert [(file.name, file.row_count, file.is_embedded) for file in done] == [
        ("large.csv", 1, True),
        ("medium.csv", 100, False),
        ("small.csv", 1, True),
    ]
    assert all(file.sha256 == hashlib.sha256(file.data).hexdigest() for file in done if file.is_embedded)
    assert len({file.sha256 for file in done}) == 3
