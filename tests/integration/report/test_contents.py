"""What the report says, against the tables that it reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
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


def test_all_of_the_policy_is_printed(shaped: Shaped) -> None:
    """As policy.toml promises: each setting that is in the database, also those whose numbers are not in this report."""
    (block,) = [b for b in section(read(shaped("another policy")), 11).blocks if b.title == "Policy applied"]
    assert isinstance(block.body, Table)
    told = {row.cells[0].text: row.cells[1].text.replace(words.NO_BREAK, " ") for row in block.body.rows}
    assert block.body.caption.count == f"{len(told)} of {len(told)} settings"
    assert told == {
        "Protection target": f"at least 91{words.THIN}%",
        "Automation target": f"at least 81{words.THIN}%",
        "Expired target": "at most 41",
        "Unmanaged, 30 days target": "at most 42",
        "Renewal window of exports": "43 days",
        "Owner tag begins with": "holder:",
        "Drift in the data": "fields stop the build, values are told",
        "Shrink check": f"warns at 21{words.THIN}%, stops at 61{words.THIN}%",
        "Days until a finding is due": "critical 2, high 8, medium 31, low 91",
        "Approved CAs": "CA 1, CA 2, CA 3 and 2 more",
        "Renewed before the end": "44 days",
        "Renewal starts, where no profile says": "45 days",
        "A batch when a CA is replaced": "46 endpoints in 47 hours",
        "Multi-year profiles": "Plan",
        "Off hours": "before 05:30, from 21:30, Friday",
        "Business units by rule": "1 rule",
    }


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
    assert section(report, 2).title == "Changes"
    assert "since last week" not in repr(report).lower()


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


def test_a_stale_account_that_is_not_configured_is_no_account_to_extract(shaped: Shaped) -> None:
    """The advice is one that can be followed: put it back, or build without it."""
    settings = shaped("stale")
    left = msgspec.structs.replace(settings, accounts=tuple(one for one in settings.accounts if one.name != "apac"))
    (stale,) = (state for state in read(left).states if state.word == "Stale account")
    assert "apac is not in tlm.toml any more: put it back, or move its folder" in stale.sentence
    assert stale.next_step == "tlm rebuild --accept-shrink"


def test_an_account_that_never_had_a_complete_run_is_told_on_page_one(shaped: Shaped) -> None:
    """By a watermark with the next command; what is there is not said to be all."""
    settings = shaped()
    (first, *_) = settings.accounts
    for names, who in ((("west",), "Account west has"), (("west", "a", "b"), "Accounts west, a and 1 more have")):
        more = [msgspec.structs.replace(first, name=name) for name in names]
        report = read(msgspec.structs.replace(settings, accounts=(*settings.accounts, *more)))
        assert report.watermark == "account missing, sandbox data"
        (missing,) = (state for state in report.states if state.word == "Account missing")
        assert missing.sentence.startswith(f"{who} no complete run yet: nothing of ")
        assert missing.next_step == "tlm extract --account west"
        (trust,) = (fact.lines[0] for fact in report.cover.facts if fact.name == "Completeness")
        assert trust.startswith("Without ")
        assert trust.endswith("of which nothing has come yet; the rest:")
    (trust,) = (fact.lines[0] for fact in read(settings).cover.facts if fact.name == "Completeness")
    assert trust == "Complete as served to two keys:"


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


def column(report: Report, anchor: str, head: str) -> list[str]:
    """The texts of a column of section 4's list of that anchor."""
    block = next(b for b in section(report, 4).blocks if b.anchor == anchor)
    assert isinstance(block.body, Table)
    place = [c.head for c in block.body.columns].index(head)
    return [row.cells[place].text for row in block.body.rows]


@pytest.mark.parametrize(("state", "days"), [("ended 48.2 days ago", "48"), ("ended an hour ago", "under 1")])
def test_days_since_are_whole_days_that_have_passed(shaped: Shaped, state: str, days: str) -> None:
    """Not the negative of days_left, which is rounded down."""
    assert days in column(read(shaped(state)), "no-longer-valid", "Days since")
    assert not {"49", "0"} & set(column(read(shaped(state)), "no-longer-valid", "Days since"))


def test_an_expired_certificate_has_no_days_left(shaped: Shaped) -> None:
    """In the list of renewed ones the word stands in place of a negative number."""
    found = column(read(shaped("renewed after the end")), "renewed-not-deployed", "Days left")
    assert "expired" in found
    assert not [text for text in found if text.startswith((words.MINUS, "-"))]


def test_an_end_is_printed_on_the_day_that_the_certificate_says(shaped: Shaped) -> None:
    """23:59:59 UTC is the next day in Berlin: lists and "First on" stay with UTC, and the calendar says what it does."""
    report = read(shaped("ends late in the day"))
    assert set(column(report, "by-hand", "Ends")) == {"Tue 2026-11-24"}
    assert any("First on Tue 24\xa0Nov." in action.rest for action in report.cover.actions)
    calendar = next(b for b in section(report, 4).blocks if b.title == "Thirteen weeks ahead")
    assert "Days of the calendar in Europe/Berlin; ends in lists in UTC, as in the certificate." in calendar.note


def test_a_list_without_an_announced_number_is_not_said_to_match_it(shaped: Shaped) -> None:
    """Section 11 counts both kinds; page one counts every row and says which have a number to compare with."""
    settings = shaped()
    report = read(settings)
    ((all_rows, silent, same),) = rows(
        settings,
        "select sum(rows_received), count(*) filter (api_total_end is null),"
        " count(*) filter (api_total_end = rows_distinct) from report.completeness where status = 'complete'",
    )
    assert silent > 0
    lede = section(report, 11).lede.plain
    assert f"{same} with as many rows as announced, {silent} announce" in lede
    fact = next(f for f in report.cover.facts if f.name == "Completeness")
    assert fact.lines[1].startswith(f"{words.number(all_rows)}\xa0rows read, ")
    assert fact.lines[1].endswith(" where a number is announced")


def test_an_incomplete_account_lets_no_target_be_judged(shaped: Shaped) -> None:
    """No verdict, no promise, no share of the rows, and of the reason its short form."""
    report = read(shaped("accepted", "targets met"))
    whole = repr(report.cover) + repr(section(report, 3))
    for untrue in ("Target met", "targets are met", "targets is met", " becomes ", "meets its target", "has reached"):
        assert untrue not in whole
    verdicts = [measure.verdict_words for measure in report.cover.measures]
    assert verdicts == ["Not assessable: incomplete."] * 4 + ["No target."] * 2
    assert section(report, 4).lede.plain.startswith("Among what was read: ")
    (state,) = (state for state in report.states if state.word == "Incomplete")
    assert state.sentence.startswith("Account apac: accepted: the window was closed. Counts may be too low, shares may")
    assert "HTTP 503" not in state.sentence
    fact = next(f for f in report.cover.facts if f.name == "Completeness")
    assert re.fullmatch(r"[\d,]+\xa0rows read", fact.lines[1])


def test_changes_of_an_account_whose_audit_log_was_not_read_are_not_held_against_it(shaped: Shaped) -> None:
    """They are not judged and not in the list; both sentences name the accounts of which no event was read."""
    sentence = re.compile(
        r"The audit log of apac was not read with this run: [0-9,]+.changed certificates there are not judged\."
    )
    for states, count in ((("unexplained", "no audit log"), 1), (("unexplained",), 0)):
        changes = section(read(shaped(*states)), 2)
        (block,) = (block for block in changes.blocks if block.title == "Changed, unexplained")
        assert (len(sentence.findall(changes.lede.plain)), len(sentence.findall(block.note))) == (count, count)
        (moved,) = (block for block in changes.blocks if block.title == "Movements")
        assert isinstance(moved.body, Table)
        (cell,) = (row.cells[1].text for row in moved.body.rows if row.cells[0].text == "Unexplained")
        assert (cell == "not judged") == bool(count)


def test_where_no_log_was_read_nothing_is_called_unexplained(shaped: Shaped) -> None:
    """With no other account's changes, page one asks nobody, and section 2 says that it is not judged and why."""
    report = read(shaped("unexplained", "no audit log", "no other account moved"))
    assert not any("Ask who changed" in action.order for action in report.cover.actions)
    changes = section(report, 2)
    (block,) = (block for block in changes.blocks if block.title == "Changed, unexplained")
    assert isinstance(block.body, State)
    assert block.body.word == "Not judged"
    assert "changed is not known" in changes.lede.plain


def automation(report: Report) -> str:
    """What page one says of the share that renews itself, and section 3 after the facts."""
    measure = next(one for one in report.cover.measures if one.name == "Renewed automatically")
    return f"{measure.verdict_words}{section(report, 3).lede.after}"


def test_automation_that_was_not_read_is_no_missed_target(shaped: Shaped) -> None:
    """Where no endpoint says that it is managed and the list that would was not read; else it is judged as always."""
    unread = "Not assessable: not read. what renews itself is not known: the list that says so was not read."
    for state in ("automation not asked for", "automation left out"):
        report = read(shaped("nothing managed", state))
        assert automation(report) == unread
        assert not any(action.order.startswith("Enrol") for action in report.cover.actions)
    assert "Below target" in automation(read(shaped("nothing managed")))
    assert "Not assessable" not in automation(read(shaped("automation not asked for")))


def test_what_the_configuration_leaves_out_is_said_once(shaped: Shaped) -> None:
    """In section 11, and nowhere else: nobody missed it."""
    report = read(shaped("automation left out"))
    said = "Not asked for, by extract.resources in tlm.toml: automation inventory."
    assert section(report, 11).blocks[0].note.endswith(said)
    assert report.watermark == "sandbox data"
    assert read(shaped("automation not asked for")).watermark == "list not read, sandbox data"


def test_targets_that_are_met_are_said_to_be(shaped: Shaped) -> None:
    """The same numbers from complete accounts have their verdict."""
    assert "Target met." in [measure.verdict_words for measure in read(shaped("targets met")).cover.measures]


def test_what_checks_and_drift_noted_is_told_with_a_sample_and_what_to_do(shaped: Shaped) -> None:
    """One row each: what it is, how often, one of them, the next step; drift is in a CSV too."""
    report = read(shaped("noted"))
    blocks = {block.title: block for block in section(report, 11).blocks}
    (check,) = (row.cells for row in blocks["Noted by checks"].body.rows if row.cells[0].text == "sane_dates")
    assert check[0].extra.startswith("Dates that a person should look at")
    assert [cell.text for cell in check[1:3]] == ["2", "name: <b>a</b>"]
    assert check[3].text == "Compare the dates with the certificate itself and with the clock of the scanner."
    (drift,) = (row.cells for row in blocks["Drift"].body.rows)
    assert (drift[0].text, drift[0].extra) == ("endpoints, discovered: os_name", "vanished, in apac")
    assert [cell.text for cell in drift[1:3]] == ["7", "last seen in run 1"]
    assert "tlm contract check" in drift[3].text
    assert any(file.name == "drift.csv" for file in report.files)
