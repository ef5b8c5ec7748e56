"""The report in a real browser: nothing refused by its own policy, nothing wider than a phone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from chromium import chromium

from pipeline.cli import run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML of a small demo."""
    folder = tmp_path_factory.mktemp("browser") / "demo"
    assert run(["--quiet", "demo", "--endpoints", "400", "--weeks", "3", "--out", str(folder)]) == 0
    return next(folder.glob("out/reports/weekly/*/*.html"))


def test_its_own_policy_refuses_nothing(html: Path, tmp_path: Path) -> None:
    """The strict content security policy blocks no style, font or picture of ours."""
    shown = chromium(tmp_path, html, "--enable-logging=stderr", "--v=0", "--dump-dom")
    assert "Certificate compliance" in shown.stdout
    console = [line for line in shown.stderr.splitlines() if "CONSOLE" in line]
    assert not console


def test_nothing_is_wider_than_a_phone(html: Path, tmp_path: Path) -> None:
    """At 390 pixels nothing but the calendar scrolls sideways, and no label stands alone.

    The page is framed, as a script in it is refused.
    """
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe id="f" src="{html.as_uri()}" width="390" height="800"></iframe><pre id="out"></pre><script>'
        "const f = document.getElementById('f'); f.onload = () => { const d = f.contentDocument.documentElement;"
        "const sideways = [...d.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth && !e.querySelector('.cal'));"
        "const alone = [...d.querySelectorAll('td[data-label]')].filter(e => !e.textContent.trim() && !e.firstElementChild);"
        "document.getElementById('out').textContent = JSON.stringify({wide: d.scrollWidth, room: d.clientWidth,"
        " sideways: sideways.length, alone: alone.length}) }"
        "</script>",
        encoding="utf-8",
    )
    shown = chromium(tmp_path / "profile", frame, "--allow-file-access-from-files", "--dump-dom")
    found = re.search(r'<pre id="out">(\{.*?\})</pre>', shown.stdout)
    assert found is not None, shown.stderr[-500:]
    width = json.loads(found[1])
    assert width["wide"] <= width["room"]
    assert (width["sideways"], width["alone"]) == (0, 0)
