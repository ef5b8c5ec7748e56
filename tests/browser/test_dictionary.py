"""The data dictionary in a real browser: what an analyst types, what comes first, where the click leads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium

from pipeline.cli import run

pytestmark = pytest.mark.browser
# The page is framed, as its policy refuses any script but its own. `ask` types a question, `press` a key in the box.
FRAME = """
<iframe id="f" src="PAGE" width="WIDTH" height="800"></iframe><pre id="out"></pre><script>
const f = document.getElementById("f");
f.onload = () => {
  const w = f.contentWindow, d = f.contentDocument, box = d.getElementById("q"), said = {};
  const ask = (text) => { box.value = text; box.dispatchEvent(new w.Event("input")); };
  const press = (key) => box.dispatchEvent(new w.KeyboardEvent("keydown", { key, bubbles: true }));
  const hits = () => [...d.querySelectorAll("#hits > li > a")].map((link) => link.textContent);
  const told = () => d.getElementById("told").textContent;
  const isShown = (id) => d.getElementById(id).checkVisibility();
  STEPS
  document.getElementById("out").textContent = JSON.stringify(said);
};
</script>
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dictionary of a small demo."""
    folder = tmp_path_factory.mktemp("browser") / "demo"
    assert run(["--quiet", "demo", "--endpoints", "60", "--weeks", "1", "--out", str(folder)]) == 0
    assert run(["--config", str(folder / "tlm.toml"), "dictionary"]) == 0
    return folder / "out" / "dictionary.html"


def played(page: Path, folder: Path, steps: str, width: int = 1280) -> dict[str, Any]:
    """What `steps` have put into `said`."""
    frame = folder / "frame.html"
    text = FRAME.replace("PAGE", page.as_uri()).replace("WIDTH", str(width)).replace("STEPS", steps)
    frame.write_text(text, encoding="utf-8")
    shown = chromium(folder / "profile", frame, "--allow-file-access-from-files", "--dump-dom")
    found = re.search(r'<pre id="out">(\{.*?\})</pre>', shown.stdout, re.DOTALL)
    assert found is not None, shown.stderr[-500:]
    said: dict[str, Any] = json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    return said


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("which column says how long a certificate has left", "core.endpoints.days_left"),
        ("days_left", "core.endpoints.days_left"),
        ("core.certificates", "core.certificates"),
        ("operating system", "core.endpoints.os_name"),
        ("coverage.protection", "coverage.protection"),
        ("overdue", "mart.findings.is_overdue"),
    ],
)
def test_the_first_answer_is_the_one_that_is_meant(question: str, first: str, page: Path, tmp_path: Path) -> None:
    """A question in words, a name, a table, a metric: the stable column comes before the steps between."""
    said = played(page, tmp_path, f"ask({json.dumps(question)}); said.hits = hits(); said.told = told();")
    assert said["hits"][0] == first, said
    assert said["told"].split()[0].isdigit()


def test_answers_lead_to_their_row_and_the_page_comes_back(page: Path, tmp_path: Path) -> None:
    """Enter opens the first answer, also in a folded table; Escape brings the page back; no answer is said."""
    said = played(
        page,
        tmp_path,
        """
  said.folded = isShown("core.endpoint_state.ip");
  ask("core.endpoint_state.ip"); said.hidden = isShown("all"); press("Enter");
  said.opened = isShown("core.endpoint_state.ip"); said.box = box.value; said.all = isShown("all");
  said.focus = d.activeElement.id;
  ask("no such words anywhere at all xyzzy"); said.some = told();
  ask("xyzzy"); said.none = told(); press("Escape"); said.back = isShown("all") && !isShown("results");
  ask("<img src=x>certificate"); said.images = d.querySelectorAll("img").length;
""",
    )
    assert said["folded"] is False
    assert said["hidden"] is False
    assert said["opened"] is True
    assert said["focus"] == "core.endpoint_state.ip"
    assert said["box"] == ""
    assert said["all"] is True
    assert said["some"].endswith("none has all the words")
    assert said["none"] == "Nothing has these words. Try one of them."
    assert said["back"] is True
    assert said["images"] == 0


def test_its_own_policy_refuses_nothing(page: Path, tmp_path: Path) -> None:
    """The search and the styles are allowed by their hashes; the box is there because the script has run."""
    shown = chromium(tmp_path, page, "--enable-logging=stderr", "--v=0", "--dump-dom")
    assert '<div class="find" id="find" role="search">' in shown.stdout
    assert not [line for line in shown.stderr.splitlines() if "CONSOLE" in line]


def test_nothing_is_wider_than_a_phone(page: Path, tmp_path: Path) -> None:
    """At 390 pixels neither the page with everything unfolded nor the answers scroll sideways."""
    said = played(
        page,
        tmp_path,
        """
  const root = d.documentElement, wide = () => root.scrollWidth - root.clientWidth;
  for (const one of d.querySelectorAll("details")) one.open = true;
  said.page = wide(); ask("certificate"); said.answers = wide();
""",
        width=390,
    )
    assert said == {"page": 0, "answers": 0}
