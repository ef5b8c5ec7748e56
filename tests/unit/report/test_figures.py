"""The numbers behind the charts, and the macros that draw them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from pipeline.report import figures as f
from pipeline.report.contents import Charts, Report
from pipeline.report.page import Theme, render_page

XML_SVG = re.compile(r"<svg class=\"fig.*?</svg>", re.DOTALL)


def drawn(report: Report, figure: f.Figure) -> str:
    """The SVG of one figure, as the page has it."""
    block = replace(report.sections[0].blocks[0], body=Charts((figure,)))
    section = replace(report.sections[0], blocks=(block,))
    page = render_page(replace(report, sections=(section,)), Theme(), "paper")
    return XML_SVG.findall(page[page.index('id="coverage"') :])[0]


def test_every_chart_says_first_what_it_shows(report: Report) -> None:
    """The first child of each chart is its title: the PDF's alternative text."""
    page = render_page(report, Theme(), "paper")
    svgs = re.findall(r"<svg[^>]*>(<title>)?", page)
    assert svgs
    assert all(svgs)


def test_charts_use_no_style_and_no_pattern(report: Report) -> None:
    """Presentation attributes only; no pattern, clip, gradient or link."""
    for svg in XML_SVG.findall(render_page(report, Theme(), "paper")):
        assert not re.search(r"\sstyle=|<pattern|clip|gradient|href|<image", svg, re.IGNORECASE)


def test_charts_take_the_accent_from_the_theme(report: Report) -> None:
    """A customer's accent reaches every chart; ours is gone."""
    page = render_page(report, Theme(accent="#123456"), "paper")
    assert "#B3330B" not in page
    assert page.count("#123456") > 5


def numbers_of(svg: str) -> list[float]:
    """All coordinates of an SVG."""
    placed = re.findall(r'\s(?:x|y|cx|cy|r|width|height|d)="([^"]*)"', svg.split("</title>")[1])
    return [float(n) for text in placed for n in re.findall(r"-?\d+(?:\.\d+)?", text)]


@pytest.mark.parametrize(
    "figure",
    [
        f.Spark("s", (0.0, 0.0), 32, 7),
        f.Spark("s", (1.0, 1.0), 32, 7, is_share=True, target=1.0),
        f.Bullet("b", 0.0, 0.0, is_hot=False),
        f.Dot("d", 0.0, None, 0.98, 0.7, is_hot=True),
        f.Dot("d", None, None, 0.98, 0.7, is_hot=True),
        f.Stack("s", ("a", "b", "c"), (f.StackRow("none", (0, 0, 0)),)),
        f.Stack("s", ("a", "b", "c"), (f.StackRow("large", (1_000_000, 0, 1)),)),
        f.Parts(
            "p", ("all", "by hand"), (f.PartRow("a", 0, 0),), (f.Segment("up to 90: 0", 0), f.Segment("over: 0", 0))
        ),
        f.Bars("b", (f.Bar("a", 0, ""),)),
        f.Bridge("b", 0, "then", 0, "now", (f.Step("new", 0), f.Step("removed", 0))),
        f.Calendar("c", (f.Week("W48", "23 Nov", (None,) * 7),)),
    ],
    ids=lambda figure: type(figure).__name__,
)
def test_nothing_and_very_much_stay_inside_the_picture(report: Report, figure: Any) -> None:
    """Zero, one point, a million: no division by nothing, and no coordinate outside the widest chart."""
    svg = drawn(report, figure)
    assert "nan" not in svg
    assert all(-10 <= n <= 175 for n in numbers_of(svg)), svg


def test_ticks_keep_clear_of_the_target_and_inside_0_to_100() -> None:
    """Shares: the axis has the values and the target inside, and no tick prints over the target's label."""
    for values, target in (
        ([0.931, 0.942], 0.98),
        ([0.0, 1.0], 0.9),
        ([0.98], 0.98),
        ([0.2, 0.21], 0.2),
        ([0.999], 1.0),
    ):
        low, high, marks = f.ticks(values, target)
        assert 0 <= low < high <= 1.2
        assert all(low <= v <= high for v in [*values, target])
        assert all(low <= mark < high and abs(mark - target) > 0.003 for mark, _ in marks)


def test_the_low_end_of_the_dots_leaves_no_dot_on_the_edge() -> None:
    """A multiple of 10 % at least a point under the smallest value."""
    assert f.low_end([0.97, 0.8], 0.98) == 0.7
    assert f.low_end([0.93], 0.98) == 0.9
    assert f.low_end([0.0], 0.98) == 0.0
    assert f.low_end([], 1.0) == 0.9


def test_the_calendar_shades_in_steps_of_thirty() -> None:
    """0, up to 29, 59, 89, and more."""
    assert [f.Day(n, 0, is_hot=False).shade for n in (0, 1, 29, 30, 60, 89, 90, 5_000)] == [0, 1, 1, 2, 3, 3, 4, 4]


def test_the_bridge_adds_up() -> None:
    """Its last level is the difference of both ends."""
    bridge = f.Bridge("", 10_173, "", 10_214, "", (f.Step("new", 88), f.Step("reappeared", 9), f.Step("removed", -56)))
    assert bridge.levels[-1] == bridge.end - bridge.start
