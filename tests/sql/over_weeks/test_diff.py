"""`tlm diff`: what changed between two runs, and the same counts as the metrics of movement."""

from __future__ import annotations

import csv
import io
import shutil
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest
from weeks import run_id

from pipeline.errors import UsageError
from pipeline.export.diff import Asked, show_diff

Scope = tuple[str | None, str | None]


def changes(file: Path, capsys: pytest.CaptureFixture[str], week_a: int, week_b: int) -> list[dict[str, str]]:
    """The rows from one week to another."""
    capsys.readouterr()
    show_diff(file, Asked(run_id(week_a), run_id(week_b)), form="csv")
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.mark.parametrize("week", [1, 2, 3])
def test_the_counts_are_those_of_the_metrics(published: Path, capsys: pytest.CaptureFixture[str], week: int) -> None:
    """From the baseline of a week to its run: each movement, for all, each account and each unit, also of weeks long gone."""
    counted: dict[tuple[str, Scope], set[str]] = defaultdict(set)
    for row in changes(published, capsys, week - 1, week):
        for scope in ((None, None), (row["account"], None), (row["account"], row["business_unit"])):
            counted[row["change"], scope].add(row["endpoint_key"])
    with duckdb.connect(str(published), read_only=True) as con:
        rows = con.execute(
            "select replace(metric, 'movement.', ''), account, business_unit, numerator from mart.metrics"
            " where metric like 'movement.%' and metric <> 'movement.unexplained' and run_id = ?",
            [run_id(week)],
        ).fetchall()
    assert rows
    expected = {(movement, (account, unit)): count for movement, account, unit, count in rows}
    got = {key: len(endpoints) for key, endpoints in counted.items() if key[0] in {movement for movement, *_ in rows}}
    assert {key: count for key, count in expected.items() if count} == got


def test_every_kind_of_change_occurs_and_says_old_and_new(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over three weeks everything moves; a changed field has both values, a coming or going has none."""
    rows = changes(published, capsys, 0, 3) + changes(published, capsys, 1, 2) + changes(published, capsys, 2, 3)
    kinds = {row["change"] for row in rows}
    coming = {"new", "removed", "reappeared"}
    exchanged = {"renewed", "replaced", "newly_unsecured", "newly_covered", "certificate"}
    assert kinds >= coming | exchanged | {"rating_worse", "rating_better", "moved_unit", "automation", "attribute"}
    for row in rows:
        assert (row["change"] in coming) == (row["field"] == "")
        assert (row["old_value"] != row["new_value"]) == (row["field"] != "")


def test_nothing_changed_is_no_row(published: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A field that is another in between and the same at both ends is no change."""
    rows = changes(published, capsys, 0, 2)
    with duckdb.connect(str(published), read_only=True) as con:
        for row in [row for row in rows if row["field"] == "security_rating"]:
            values = con.execute(
                "select security_rating from core.endpoint_history where endpoint_key = ? and from_run_id <= ?"
                " and not is_removed order by from_run_id",
                [row["endpoint_key"], run_id(2)],
            ).fetchall()
            assert (values[-1][0] or "") == row["new_value"]


@pytest.mark.parametrize(
    ("run_a", "run_b", "says"),
    [
        ("20250101T000000Z-abcdef", run_id(1), f"newest are: {run_id(0)}, {run_id(1)}, {run_id(2)}, {run_id(3)}."),
        (run_id(0), "latest", "No run 'latest' is in the database"),
        (run_id(2), run_id(1), "is not later than"),
        (run_id(1), run_id(1), "is not later than"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(published: Path, run_a: str, run_b: str, says: str) -> None:
    """An unknown run is answered with those that are there, the wrong order with the right one."""
    with pytest.raises(UsageError) as caught:
        show_diff(published, Asked(run_a, run_b))
    assert says in str(caught.value)


def test_the_counts_are_told_before_the_rows(
    published: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """How many endpoints came, went and changed, then each kind of change with its fields; stdout is the rows alone."""
    caplog.set_level("INFO", "pipeline")
    rows = changes(published, capsys, 0, 3)
    head, *kinds = caplog.messages
    at = defaultdict(set)
    for row in rows:
        at[row["change"]].add(row["endpoint_key"])
        at[row["change"], row["field"]].add(row["endpoint_key"])
        at["changed" if row["field"] else "moved"].add(row["endpoint_key"])
    assert head == (
        f"Endpoints from run {run_id(0)} to {run_id(3)}: {len(at['new'])} appeared, {len(at['reappeared'])} reappeared,"
        f" {len(at['removed'])} vanished, {len(at['changed'])} changed."
    )
    told = {line.split(" at ")[0]: line for line in kinds}
    assert told.keys() == {row["change"] for row in rows if row["field"]}
    for kind, line in told.items():
        count, fields = line.split(" at ")[1].rstrip(".").split(": ")
        assert int(count.split()[0]) == len(at[kind])
        for field in fields.split(", "):
            name, number = field.split()
            assert int(number) == len(at[kind, name])


def test_only_one_account_or_unit_is_asked_for(
    published: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The rows are those of all that are of it, and the counts are of these; a wrong name is answered with near ones."""
    caplog.set_level("INFO", "pipeline")
    everything = changes(published, capsys, 0, 3)
    for column in ("account", "business_unit"):
        name = everything[0][column]
        caplog.clear()
        capsys.readouterr()
        show_diff(published, Asked(run_id(0), run_id(3), **{column: name}), form="csv")
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        assert rows == [row for row in everything if row[column] == name]
        assert 0 < len(rows) < len(everything)
        assert f" {len({row['endpoint_key'] for row in rows if row['field']})} changed." in caplog.messages[0]
        assert f" {name}: " in caplog.messages[0]
        with pytest.raises(UsageError, match=f"near it: .*{name}"):
            show_diff(published, Asked(run_id(0), run_id(3), **{column: name[:-1]}))


def test_nothing_changed_is_said_in_words(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """No header alone: a sentence, and in a form for machines the empty list."""
    file = tmp_path / "tlm.duckdb"
    shutil.copyfile(published, file)
    with duckdb.connect(str(file)) as con:
        con.execute("delete from core.endpoint_history where to_run_id is not null or is_removed")
        con.execute("update core.endpoint_history set from_run_id = ?", [run_id(0)])
    caplog.set_level("INFO", "pipeline")
    for form, shown in (("table", ""), ("json", "[\n]\n")):
        caplog.clear()
        capsys.readouterr()
        show_diff(file, Asked(run_id(1), run_id(2)), form=form)
        assert capsys.readouterr().out == shown
        assert caplog.messages == [f"Nothing changed from run {run_id(1)} to {run_id(2)}."]
