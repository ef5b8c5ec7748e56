"""What the report says, against the tables that it reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Settings
from pipeline.report import words
from pipeline.report.assemble import read_report
from pipeline.report.contents import Report, Section, State, Table
from pipeline.warehouse.duck import open_read_only

Shaped = Callable[..., Settings]


def read(settings: Settings) -> Report:
    """The report's contents."""
    with open_read_only(settings.database) as warehouse:
        return read_report(warehouse, settings)


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the database."""
    with open_read_only(settings.database) as warehouse:
        return warehouse.rows(sql)


def section(report: Report, number: int) -> Section:
    """The section of that number."""
    return next(s for s in report.sections if s.number == number)


def test_the_numbers_of_page_one_are_those_of_the_metrics(shaped: Shaped) -> None:
    """Each with its numerator and denominator, from mart.metrics of the newest run, scope all."""
    settings = shaped()
    metrics = {
        metric: words.of(numerator, denominator)
        for metric, numerator, denominator in rows(
            settings,
            "select metric, numerator, denominator from mart.metrics join meta.current_run using (run_id)"
            " where scope = 'all' and dimension is null and denominator is not null",
        )
    }
    names = ("coverage.protection", "coverage.automation", "expiry.expired", "expiry.manual_30d")
    names += ("deployment.revoked_installed", "deployment.renewed_not_deployed")
    assert [measure.of for measure in read(settings).cover.measures] == [metrics[name] for name in names]


def test_every_table_adds_up_to_100_and_every_list_says_n_of_m(shaped: Shaped) -> None:
    """Widths, cells per row, at most 20 rows (sums and groups aside), and a count in bold above."""
    for part in read(shaped("freeze")).sections:
        for block in part.blocks:
            if isinstance(block.body, Table):
                assert sum(column.width for column in block.body.columns) == 100, block.title
                assert re.search(r"\d", block.body.caption.count), block.title
                for row in block.body.rows:
                    assert row.kind == "group" or len(row.cells) == len(block.body.columns), block.title
                if block.is_wide:
                    assert len([row for row in block.body.rows if not row.kind]) <= 20


def test_each_caption_names_a_file_that_is_there(shaped: Shaped) -> None:
    """The whole list is attached under the name that the caption gives, with all of its rows."""
    report = read(shaped())
    files = {file.name: file for file in report.files}
    assert len(files) == len(report.files)
    captions = [
        block.body.caption
        for part in report.sections
        for block in part.blocks
        if isinstance(block.body, Table) and block.body.caption.file
    ]
    assert captions
    for caption in captions:
        assert caption.file in files
    for action in report.cover.actions:
        assert action.pointer in files
    by_hand = next(c for c in captions if c.file == "by-hand.csv")
    assert words.number(files["by-hand.csv"].row_count) == by_hand.count.split(" of ")[1]


def test_the_list_of_what_ends_begins_with_the_fewest_days(shaped: Shaped) -> None:
    """Worst first."""
    block = next(b for b in section(read(shaped()), 4).blocks if b.anchor == "by-hand")
    assert isinstance(block.body, Table)
    days = [int(row.cells[5].text) for row in block.body.rows]
    assert days == sorted(days)


def test_the_first_week_says_what_it_cannot_know_and_when_it_will(shaped: Shaped) -> None:
    """No baseline: no changes, no differences, no sparklines, and the words for that."""
    report = read(shaped("first week"))
    block = section(report, 2).blocks[0]
    assert isinstance(block.body, State)
    assert block.body.word == "No data"
    assert "They appear with the first run of another week" in block.body.sentence
    assert {measure.change for measure in report.cover.measures} == {"–"}
    assert {measure.spark for measure in report.cover.measures} == {None}
    assert report.cover.weeks_head == "First week"


def test_an_empty_account_gets_a_report_that_says_so(shaped: Shaped, empty_database: Path) -> None:
    """Every section is there and says that there is nothing; the state is on page one."""
    report = read(shaped(source=empty_database))
    assert "no data" in report.watermark
    assert report.cover.verdict.fact == "No endpoint is in the inventory."
    assert [part.number for part in report.sections] == [2, 3, 4, 5, 11]
    assert not report.cover.measures


@pytest.mark.parametrize(
    ("states", "watermark"),
    [
        ((), "sandbox data"),
        (("real service",), ""),
        (("real service", "stale"), "stale account"),
        (("incomplete", "stale"), "incomplete, stale account, sandbox data"),
    ],
)
def test_a_state_is_a_word_a_sentence_and_a_next_step(shaped: Shaped, states: tuple[str, ...], watermark: str) -> None:
    """The words of the states stand on page one; nothing else has a watermark."""
    report = read(shaped(*states))
    assert report.watermark == watermark
    assert all(state.sentence.endswith(".") for state in report.states)
    if "stale" in states:
        stale = next(state for state in report.states if state.word == "Stale account")
        assert "7\xa0days before the rest" in stale.sentence
        assert stale.next_step == "tlm extract --account apac"


def test_freezes_are_named_only_where_the_policy_has_any(shaped: Shaped) -> None:
    """Without a freeze no word of one is printed."""
    without, with_one = read(shaped()), read(shaped("freeze"))
    assert "freeze" not in repr(section(without, 4)).replace("freeze=''", "")
    assert "freeze: Year end" in repr(section(with_one, 4))


def test_the_same_file_gives_an_equal_report(shaped: Shaped) -> None:
    """Contents are values: two readings are equal."""
    settings = shaped()
    assert read(settings) == read(settings)


def test_scripts_that_the_packaged_font_lacks_are_named(shaped: Shaped) -> None:
    """Section 11 says what a system font draws."""
    last = section(read(shaped("hostile names")), 11).blocks[-1]
    assert last.title == "Characters"
    assert isinstance(last.body, State)
    assert "Arabic" in last.body.sentence
