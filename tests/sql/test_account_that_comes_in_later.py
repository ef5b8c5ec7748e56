"""An account that was added in a later week: all its endpoints are new, the sums hold, and the report says whose they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.report.changes import changes_section
from pipeline.report.source import Source

CASE = Path(__file__).parent / "mart" / "metrics" / "account_that_comes_in_later"


def test_the_report_names_the_account_that_was_not_there_before(open_estate: Callable[[Path], Any]) -> None:
    """Two endpoints became five: three of them are the account's, and no check stops the build."""
    estate = open_estate(CASE)
    for run in estate.runs():
        estate.take(run, everything=True)
    text = changes_section(Source(estate.warehouse)).lede.plain.replace("\xa0", " ")
    assert "The estate grew by 3 endpoints. Account west was not there before: 3 endpoints, all new. " in text
