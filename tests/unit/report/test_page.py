"""The page as HTML: hostile text, the content security policy, the rules of the style sheets."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pipeline.places import content
from pipeline.report.contents import Block, Caption, Column, Report, Row, Table
from pipeline.report.page import Theme, render_page
from pipeline.report.source import word_cell

REPORTS = content("reports")
GOLDEN = Path(__file__).parents[2] / "golden"


class Tags(HTMLParser):
    """Every start tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("medium", ["screen", "paper"])
def test_hostile_text_is_only_ever_text(report: Report, medium: str) -> None:
    """A script in a host name is printed, isolated and not run; a template in it is not evaluated."""
    page = render_page(report, Theme(), medium)  # type: ignore[arg-type]
    assert not [tag for tag, _ in Tags(page).found if tag == "script"]
    assert (
        '<bdi class="name">&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}\ufffd\ufffd</bdi>'
        in page.replace("<wbr>", "")
    )
    page.encode()


def test_a_name_ends_a_line_behind_a_part_of_it_on_the_screen(report: Report) -> None:
    """A phone is narrower than a name, and a browser knows of hyphens only; what is copied is the name alone."""
    (section, *_) = report.sections
    name = Block("Names", "", Table(Caption("1"), (Column("Name", 100),), (Row((word_cell("a-b.c_d/e:<i>.f."),)),)))
    named = replace(report, sections=(replace(section, blocks=(name,)),))
    page = render_page(named, Theme(), "screen")
    assert '<bdi class="name">a-b.<wbr>c_<wbr>d/<wbr>e:&lt;i&gt;.<wbr>f.</bdi>' in page
    assert '<bdi class="name">a-b.c_d/e:&lt;i&gt;.f.</bdi>' in render_page(named, Theme(), "paper")


def test_the_policy_of_the_page_names_the_hash_of_each_style_and_allows_nothing_else(report: Report) -> None:
    """A strict CSP: no inline style attribute, no script, no address but data: for the fonts."""
    page = render_page(report, Theme(), "screen")
    tags = Tags(page).found
    policy = next(attributes["content"] for tag, attributes in tags if attributes.get("http-equiv")) or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    styles = re.findall(r"<style[^>]*>(.*?)</style>", page, re.DOTALL)
    named = re.findall(r"'sha256-([^']+)'", policy)
    assert named == [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in styles]
    for tag, attributes in tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
        assert "src" not in attributes
    assert not re.findall(r"url\((?!data:font/woff2)", page)


def test_no_template_lets_data_pass_unescaped() -> None:
    """No `safe` filter, no Markup, no autoescape block in any template."""
    for path in REPORTS.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe|autoescape|Markup", text), path.name


def rules_of(name: str) -> list[tuple[str, str]]:
    """Selector and declarations of every plain rule of a style sheet."""
    text = re.sub(r"/\*.*?\*/", "", (REPORTS / "css" / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"([^{}]+)\{([^{}]*)\}", text)


def test_paper_has_no_grid_and_no_flex() -> None:
    """Every grid and flex box of the shared sheet is something else on paper: WeasyPrint fails when a grid breaks."""
    boxes = {
        one.strip()
        for selectors, body in rules_of("report.css")
        if re.search(r"display:\s*(grid|flex)", body)
        for one in selectors.split(",")
    }
    assert boxes
    replaced = {
        one.strip() for selectors, body in rules_of("print.css") if "display:" in body for one in selectors.split(",")
    }
    assert boxes <= replaced
    assert not [body for _, body in rules_of("print.css") if re.search(r"display:\s*(grid|flex)", body)]


def test_the_widths_of_every_table_add_up_and_have_a_class(report: Report) -> None:
    """A table of fixed layout without its last per cent would be drawn askew."""
    known = set(re.findall(r"\.(c\d+) \{", (REPORTS / "css" / "report.css").read_text(encoding="utf-8")))
    tables = [block.body for section in report.sections for block in section.blocks if isinstance(block.body, Table)]
    for table in tables:
        assert sum(column.width for column in table.columns) == 100
        assert all(len(row.cells) == len(table.columns) for row in table.rows if row.kind != "group")
        assert {f"c{column.width}" for column in table.columns} <= known


def test_a_cell_on_a_phone_knows_its_head(report: Report) -> None:
    """Tables of many columns become blocks: each cell carries the words of its column."""
    labels = [attributes.get("data-label") for tag, attributes in Tags(render_page(report, Theme(), "screen")).found]
    assert {"Port", "Share", "CA"} <= set(labels)


def test_queries_are_shown_as_text_on_screen_and_named_on_paper(report: Report) -> None:
    """The SQL is escaped like everything else."""
    screen, paper = (render_page(report, Theme(), medium) for medium in ("screen", "paper"))  # type: ignore[arg-type]
    assert "<pre>select &#39;&lt;b&gt;&#39; as sql_is_text</pre>" in screen
    assert "sql_is_text" not in paper
    assert "Query <b>3.1 trend</b>" in paper


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_both_papers_have_172_mm_of_text(report: Report, paper: str) -> None:
    """No chart is drawn twice."""
    page = render_page(report, Theme(paper=paper), "paper")
    left, right = map(float, re.findall(r"margin-left: ([\d.]+)mm; margin-right: ([\d.]+)mm", page)[0])
    assert round({"A4": 210, "Letter": 215.9}[paper] - left - right) == 172


def test_the_page_is_the_golden_page(report: Report) -> None:
    """The body of the small report on paper, line by line; tests/golden/README.md says how a change is accepted."""
    page = render_page(report, Theme(), "paper")
    body = re.sub(r"<style.*?</style>", "<style>...</style>", page, flags=re.DOTALL).replace("><", ">\n<")
    golden = GOLDEN / "weekly-small.html"
    if os.environ.get("TLM_WRITE_GOLDEN"):
        golden.write_text(body, encoding="utf-8")
    assert body == golden.read_text(encoding="utf-8")
