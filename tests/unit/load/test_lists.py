"""waivers.csv and pci.csv: optional, and a wrong line is one sentence with file and line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.load.lists import PciEntry, Waiver, read_pci, read_waivers
from pipeline.load.meta import create_meta
from pipeline.load.parameters import set_lists
from pipeline.warehouse.duck import Warehouse

WAIVERS = "waiver_id,rule,scope,reason,owner,approver,expires_on\n"
GOOD = "W-1,weak_key,prod:ep-1,goes in May,Ada,Grace,2027-05-31\n"


def test_no_file_means_no_waiver_and_no_entry(tmp_path: Path) -> None:
    """Both lists are optional."""
    assert read_waivers(tmp_path) == ()
    assert read_pci(tmp_path) == ()


def test_waivers_are_read_as_people_write_them(tmp_path: Path) -> None:
    """A byte order mark, blanks around cells, blank lines, CRLF and a comma in quotes are no trouble."""
    text = "\ufeff" + WAIVERS + '\n W-1 , weak_key,*.example.test,"old, slow",Ada,Grace,2027-05-31\n,,,,,,\n'
    (tmp_path / "waivers.csv").write_text(text.replace("\n", "\r\n"), encoding="utf-8", newline="")
    waiver = Waiver("W-1", "weak_key", "*.example.test", "old, slow", "Ada", "Grace", date(2027, 5, 31), 3)
    assert read_waivers(tmp_path) == (waiver,)


def test_a_line_ends_where_an_editor_ends_it(tmp_path: Path) -> None:
    """Separators that the web and old printers know are characters of a cell like any other."""
    (tmp_path / "waivers.csv").write_text(WAIVERS + GOOD.replace("goes", "go\u2028es\f"), encoding="utf-8")
    assert [(one.line_no, "\u2028" in one.reason) for one in read_waivers(tmp_path)] == [(2, True)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("waiver_id,rule\n", "line 1: the columns are waiver_id,rule"),
        ("", "line 1: the columns are missing"),
        (WAIVERS + GOOD.replace("Grace", ""), "line 2: there is no approver"),
        (WAIVERS + GOOD.replace("2027-05-31", ""), "line 2: there is no expires_on"),
        (WAIVERS + GOOD.replace("2027-05-31", "31.05.2027"), "line 2: expires_on is '31.05.2027'"),
        (WAIVERS + GOOD.replace("Grace", "ADA"), "line 2: Ada approves a waiver of their own"),
        (WAIVERS + GOOD + GOOD.replace("weak_key", "weak_kay"), "line 3: there is no rule 'weak_kay'"),
        (WAIVERS + GOOD + "\n" + GOOD, "line 4: the waiver 'W-1' stands in line 2"),
        (WAIVERS + GOOD.replace("goes", "goes,"), "line 2: 8 cells for 7 columns"),
        (WAIVERS + '"W-1', "line 2: "),
    ],
)
def test_a_wrong_waiver_names_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    """One sentence: which file, which line, what next."""
    (tmp_path / "waivers.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_waivers(tmp_path)
    assert f"waivers.csv {words}" in str(caught.value)


def test_a_list_in_another_encoding_is_one_sentence(tmp_path: Path) -> None:
    """A spreadsheet that saved Latin-1."""
    (tmp_path / "waivers.csv").write_bytes(WAIVERS.encode() + GOOD.replace("Ada", "Zo\u00eb").encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"waivers\.csv cannot be read \(line 2 is not UTF-8"):
        read_waivers(tmp_path)


def test_the_pci_inventory_may_leave_the_account_out(tmp_path: Path) -> None:
    """An entry without an account is for all; the word is written as it comes."""
    (tmp_path / "pci.csv").write_text("account,endpoint,criticality\n,pay-*,High\nprod,prod:ep-1,low\n")
    assert read_pci(tmp_path) == (PciEntry(None, "pay-*", "high", 2), PciEntry("prod", "prod:ep-1", "low", 3))


@pytest.mark.parametrize(
    ("line", "words"),
    [(",pay-*,urgent\n", "line 2: criticality is 'urgent'"), ("prod,,high\n", "line 2: there is no endpoint")],
)
def test_a_wrong_entry_names_file_and_line(tmp_path: Path, line: str, words: str) -> None:
    """Criticality is one of four words, and something must be named."""
    (tmp_path / "pci.csv").write_text("account,endpoint,criticality\n" + line)
    with pytest.raises(ConfigurationError) as caught:
        read_pci(tmp_path)
    assert f"pci.csv {words}" in str(caught.value)


def test_the_tables_are_what_the_files_say_now(tmp_path: Path, warehouse: Warehouse) -> None:
    """A line that is gone from the file is gone from the table."""
    create_meta(warehouse)
    (tmp_path / "waivers.csv").write_text(WAIVERS + GOOD)
    (tmp_path / "pci.csv").write_text("account,endpoint,criticality\n,pay-*,high\n")
    set_lists(warehouse, tmp_path)
    waiver = ("W-1", "weak_key", "prod:ep-1", "goes in May", "Ada", "Grace", date(2027, 5, 31), 2)
    assert warehouse.rows("from raw.waivers") == [waiver]
    assert warehouse.rows("from raw.pci_inventory") == [(None, "pay-*", "high", 2)]
    (tmp_path / "waivers.csv").write_text(WAIVERS)
    set_lists(warehouse, tmp_path)
    assert warehouse.rows("from raw.waivers") == []
