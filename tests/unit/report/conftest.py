"""A small report made by hand: every kind of block and chart once, and hostile text in every place that takes a name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.report import contents as c
from pipeline.report import figures as f
from pipeline.report.source import name_cell, word_cell

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}\u202e\ud800'
QUERY = c.Query("3.1", "trend", "select '<b>' as sql_is_text")


def every_figure() -> tuple[f.Figure, ...]:
    """Each chart once, with round numbers."""
    days = (
        f.Day(3, 1, is_hot=True, outline=(True, False, False, True)),
        f.Day(0, 0, is_hot=True),
        None,
        *(f.Day(95, 5, is_hot=False),) * 4,
    )
    return (
        f.Spark("Protection, 3 weeks", (0.9, None, 0.95), 32, 7, is_share=True, target=0.98, is_hot=True),
        f.Spark("Expired, 3 weeks", (3.0, None, 0.0), 25.5, 4.6),
        f.Bullet("Protection 94.2 % of 100", 0.942, 0.98, is_hot=True),
        f.Dot("Retail: protection 97.1 %", 0.971, 0.962, 0.98, 0.7, is_hot=False),
        f.DotAxis("Axis from 70 to 100 %", 0.7, 0.98, "70 %", "target 98 %"),
        f.Trend(
            "Protection, 3 weeks",
            "Protection",
            (0.93, None, 0.942),
            "93.0 %",
            "94.2 %",
            ("W46", "W47", "W48"),
            0.98,
            "target 98 %",
            0.92,
            0.98,
            ((0.92, "92"), (0.94, "94")),
            is_hot=True,
        ),
        f.Stack(
            "Endpoints by CA",
            ("managed", "available", "not available"),
            (f.StackRow("DigiCert", (37, 4, 1)), f.StackRow("none", (0, 0, 0))),
        ),
        f.Parts(
            "Endpoints by days left",
            ("all", "by hand"),
            (f.PartRow("expired", 23, 19, is_hot=True), f.PartRow("0 to 7", 0, 0)),
            (f.Segment("up to 90: 23", 23), f.Segment("over 90: 77", 77)),
        ),
        f.Bars(
            "Unsecured by age", (f.Bar("0 to 7 days", 0, "0.0 %"), f.Bar("over 90 days", 9, "100.0 %", is_hot=True))
        ),
        f.Bridge(
            "Endpoints from 10 to 9", 10, "Mon 16 Nov", 9, "Mon 23 Nov", (f.Step("new", 1), f.Step("removed", -2))
        ),
        f.Calendar(
            "Expirations per day",
            (
                f.Week("W48", "23 Nov", days, "freeze: Year end"),
                f.Week("W49", "30 Nov", (f.Day(31, 0, is_hot=False),) * 7),
            ),
        ),
    )


@pytest.fixture
def report() -> c.Report:
    """The report."""
    drawn = every_figure()
    table = c.Table(
        c.Caption("1 of 40", ", worst first", "list.csv"),
        (
            c.Column("Endpoint", 40),
            c.Column("Port", 10, right=True),
            c.Column("Share", 10, right=True),
            c.Column("Dot", 20, is_chart=True, figure=drawn[4]),
            c.Column("CA", 20),
        ),
        (
            c.Row((c.Cell("A group"),), "group"),
            c.Row(
                (
                    name_cell(HOSTILE),
                    c.Cell("443"),
                    c.Cell("97.1 %", "hot"),
                    c.Cell(figure=drawn[3]),
                    word_cell("x" * 300),
                )
            ),
            c.Row(
                (c.Cell("All"), c.Cell(), c.Cell("97.1 %"), c.Cell(), c.Cell("a1b2c3d4\ne5f6a7b8", kind="id")), "sum"
            ),
        ),
        is_chart_table=True,
    )
    states = c.Table(
        c.Caption("2 of 2 checks"),
        (c.Column("Check", 60), c.Column("Result", 40)),
        (
            c.Row((c.Cell("rows", "bold", extra="all of them"), c.Cell("passed", kind="met"))),
            c.Row((c.Cell("shrink"), c.Cell("failed", kind="missed"))),
        ),
        has_bold_heads=True,
    )
    kind = c.Kind("No certificate", "431", "4.2 % of 10,214", drawn[1], "Counts against protection.")
    blocks = (
        *(c.Block(f"Chart {number}", "A note.", c.Charts((figure,)), QUERY) for number, figure in enumerate(drawn)),
        c.Block("Two", "Side by side.", c.Charts((drawn[5], drawn[5]))),
        c.Block("List", "A note.", table, QUERY, anchor="list", is_wide=True),
        c.Block("Checks", "", states),
        c.Block("Kinds", "", c.Kinds((kind, kind, replace(kind, figure=None)))),
        c.Block("Nothing", "", c.State("None", "0 of 9,402 endpoints.", is_quiet=True)),
    )
    measure = c.Measure(
        "Protected endpoints",
        "9,402 of 9,978",
        "94.2",
        "\u202f%",
        "+0.2 points",
        "worse",
        drawn[0],
        "",
        "missed",
        "Below target 98 %.",
        "377 more endpoints needed.",
        drawn[2],
    )
    cover = c.Cover(
        (
            c.Fact("Accounts", ("prod", "6 business units"), is_full=True),
            c.Fact("Data as of", ("Mon 23 Nov 2026,", "05:00 CET")),
        ),
        c.Lede("None is met. ", "23 endpoints serve an expired certificate", " unless renewed."),
        (measure, replace(measure, spark=None, spark_words="from the second week on", bullet=None, verdict="none")),
        ("Two numbers", "against the policy"),
        "13 weeks, W36 to W48",
        (c.Action("Replace the 23.", "19 need a person.", "list.csv", "list"), c.Action("Nothing.")),
        QUERY,
    )
    section = c.Section(3, "coverage", "Coverage", "Coverage", c.Lede("", "A fact,", " and more."), blocks)
    return c.Report(
        organisation="Tarnholm Group",
        classification="Internal",
        week="2026-W48",
        week_title="Week 48, 2026",
        title="Certificate compliance, week 48 of 2026",
        as_of=datetime(2026, 11, 23, 4, 0, 12, tzinfo=UTC),
        as_of_words="Mon 23 Nov 2026, 05:00 CET",
        states=(
            c.State("Incomplete", "Account apac stopped.", "tlm extract"),
            c.State("Sandbox data", "No real endpoint."),
        ),
        watermark="incomplete, sandbox data",
        cover=cover,
        sections=(section,),
        files=(
            c.Embedded("list.csv", "The list", 1, b"a,b\r\n", "0" * 64, is_embedded=True),
            c.Embedded("big.csv", "Too big", 9, b"", "1" * 64, is_embedded=False),
        ),
        run_ids=("20261123T040012Z-1a2b3c",),
    )
