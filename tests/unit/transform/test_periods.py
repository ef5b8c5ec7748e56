"""Dated rules: on no day may two lines of the same rule hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import BuildFailed
from pipeline.places import content
from pipeline.transform.periods import refuse_overlaps

HEADER = "algorithm,effective_from,effective_to,min_size\n"


def test_periods_that_meet_and_other_rules_are_fine(tmp_path: Path) -> None:
    """A period ends without its last day; lines of another rule have their own time; the order of lines is free."""
    path = tmp_path / "sizes.csv"
    path.write_text(HEADER + "RSA,2027-01-01,,3072\nEC,,,256\nRSA,,2027-01-01,2048\n")
    refuse_overlaps(path)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("RSA,,2027-01-02,2048\nRSA,2027-01-01,,3072\n", "line 3: its dates overlap those of line 2"),
        ("RSA,2027-01-01,,3072\nEC,,,1\nRSA,,,2048\n", "line 4: its dates overlap those of line 2"),
        ("RSA,2027-01-01,2027-06-01,1\nRSA,2027-01-01,2027-06-01,1\n", "line 3: its dates overlap those of line 2"),
        ("RSA,01.01.2027,,3072\n", "line 2: "),
        ("RSA,2027-01-01,2026-01-01,3072\n", "line 2: the rule ends (2026-01-01) before it begins (2027-01-01)"),
    ],
)
def test_a_wrong_period_names_file_and_line(tmp_path: Path, lines: str, words: str) -> None:
    """Which file, which line, with which other line."""
    path = tmp_path / "sizes.csv"
    path.write_text(HEADER + lines)
    with pytest.raises(BuildFailed) as caught:
        refuse_overlaps(path)
    assert f"sizes.csv {words}" in str(caught.value)


def test_the_columns_stand_side_by_side(tmp_path: Path) -> None:
    """What stands left of the two days names the rule, so nothing may stand between them."""
    path = tmp_path / "sizes.csv"
    path.write_text("effective_from,limit,effective_to\n")
    with pytest.raises(BuildFailed, match="line 1: effective_to must stand right of effective_from"):
        refuse_overlaps(path)


def test_a_build_refuses_the_list(project: Any) -> None:
    """Before any model is built."""
    project.write("rules/sizes.csv", HEADER + "RSA,,,2048\nRSA,2027-01-01,,3072\n")
    with pytest.raises(BuildFailed, match=r"sizes\.csv line 3"):
        project.build()


def test_a_list_that_is_one_rule_has_no_gap(tmp_path: Path) -> None:
    """A day without a limit would be a day on which anything goes; other rules may begin and end."""
    path = tmp_path / "limits.csv"
    path.write_text("effective_from,effective_to,limit_days\n,2026-01-01,398\n2026-02-01,,200\n")
    with pytest.raises(BuildFailed, match=r"limits\.csv line 3: no line holds from 2026-01-01 to 2026-02-01"):
        refuse_overlaps(path)
    path = tmp_path / "sizes.csv"
    path.write_text(HEADER + "RSA,,2026-01-01,2048\nRSA,2026-02-01,,3072\n")
    refuse_overlaps(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "algorithm,effective_from,effective_to,severity\nRSA,,,high\nEC,2030-01-01,,hihg\n",
            "line 3: there is no severity 'hihg'",
        ),
        ("rule,severity\nx,\n", "line 2: there is no severity ''"),
        (
            "status,class\nCONFIGURED,available\nconfigured,managed\n",
            "line 3: statuses are compared in upper case.*write CONFIGURED",
        ),
        ("status,class\nAT_RISK,a\nx y,b\n", "line 3: .*write X_Y"),
        ("rating,grade\nSECURE,1\nSECURE,2\n", "line 3: SECURE stands in line 2 already"),
    ],
)
def test_a_word_that_nothing_equals_names_file_and_line(project: Any, text: str, says: str) -> None:
    """Also in a period that is not in force yet."""
    project.write("rules/words.csv", text)
    with pytest.raises(BuildFailed, match=rf"words\.csv {says}"):
        project.build()


@pytest.mark.parametrize("path", sorted((content("sql") / "rules").glob("*.csv")), ids=lambda path: path.stem)
def test_our_own_lists_are_dated_right(path: Path) -> None:
    """Those that have days."""
    if "effective_from" in path.read_text(encoding="utf-8").partition("\n")[0]:
        refuse_overlaps(path)
