"""Names of progress bars: on a narrow terminal the resource can still be told."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from pipeline import config, progress

LONG = "production-of-the-whole-group-in-europe-and-the-middle-east"


def test_a_name_that_fits_is_whole() -> None:
    """On eighty columns there is room for 22 characters of an account beside the longest resource."""
    assert progress.bar_name("production-europe-west", "endpoints.automatable", 80) == (
        "production-europe-west endpoints.automatable"
    )


@pytest.mark.parametrize("resource", config.RESOURCES)
@pytest.mark.parametrize("width", [80, 60])
def test_a_long_account_is_cut_and_the_resource_stays(
    resource: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rich would cut the end of the line, where the resource is: all bars would look the same."""
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr("rich.console.Console", lambda **_options: console)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress.page_bars(enabled=True) as show:
        show(LONG, resource, 1_234_567, 1_234_567)
    assert f"\u2026 {resource} " in shown.getvalue()
    assert "1234567/1234567 0:00:00" in shown.getvalue()
