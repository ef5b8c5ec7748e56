"""The questions of sql/adhoc run as they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.places import content

QUESTIONS = sorted((content("sql") / "adhoc").glob("*.sql"))
# What the two runs of the example have none of.
LACKED = {"gone_and_back": "update core.endpoint_history set is_removed = true where to_run_id is not null"}


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_has_an_answer(path: Path, worked_example: Any) -> None:
    """Each file is one query with a sentence on top, and the worked example has rows for it."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    worked_example.execute("begin")
    try:
        if path.stem in LACKED:
            assert worked_example.rows(text) == []
            worked_example.execute(LACKED[path.stem])
        assert worked_example.rows(text)
    finally:
        worked_example.execute("rollback")


def test_the_model_of_the_readme_runs_and_counts_days_as_ours_do(worked_example: Any) -> None:
    """The example of sql/README.md is what people copy."""
    text = (content("sql") / "README.md").read_text(encoding="utf-8")
    (model, *_) = re.findall(r"^```sql\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    days = {row["endpoint_key"]: row["days_left"] for row in worked_example.records(model)}
    assert days == dict(worked_example.rows("select endpoint_key, days_left from core.endpoints"))
    assert min(filter(None, days.values())) < 0


def test_an_overdue_finding_stands_once_whatever_periods_its_rule_has(worked_example: Any) -> None:
    """With the sentence of the period in force."""
    question = (content("sql") / "adhoc" / "overdue_findings.sql").read_text(encoding="utf-8")
    before = worked_example.records(question)
    worked_example.execute("begin")
    try:
        worked_example.execute(
            "insert into rules.findings by name select * replace (date '2099-01-01' as effective_from, 'Later.' as sentence)"
            " from rules.findings"
        )
        worked_example.execute(
            "update rules.findings set effective_to = date '2099-01-01' where effective_from is null"
        )
        assert worked_example.records(question) == before
    finally:
        worked_example.execute("rollback")


def test_an_overdue_finding_shows_each_unit_that_it_counts_in(worked_example: Any) -> None:
    """One about a certificate that two units serve is theirs both."""
    question = (content("sql") / "adhoc" / "overdue_findings.sql").read_text(encoding="utf-8")
    worked_example.execute("begin")
    try:
        worked_example.execute("update core.finding_history set business_units = ['Bank', 'Retail']")
        shown = [row["business_units"] for row in worked_example.records(question)]
        assert shown == [["Bank", "Retail"]] * len(shown) != []
    finally:
        worked_example.execute("rollback")


def test_all_stop_checks_pass_and_the_orphan_is_reported(worked_example: Any) -> None:
    """Of the checks beside the models only the inventory entry that is nobody's endpoint warns."""
    failed = worked_example.rows("select check_name, severity, failing_rows from meta.checks where status <> 'passed'")
    assert failed == [("inventory_without_endpoint", "warn", 1)]
