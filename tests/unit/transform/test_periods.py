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


@pytest.mark.parametrize("path", sorted((content("sql") / "rules").glob("*.csv")), ids=lambda path: path.stem)
def test_our_own_lists_are_dated_right(path: Path) -> None:
    """Those that have days."""
    if "effective_from" in path.read_text(encoding="utf-8").partition("\n")[0]:
        refuse_overlaps(path)
