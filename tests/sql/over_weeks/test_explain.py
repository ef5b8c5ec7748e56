"""`tlm explain`: the SQL that it shows gives the number that was published, for every metric."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from weeks import run_id

from pipeline.errors import UsageError
from pipeline.export.explain import Asked, explain, show_explanation
from pipeline.places import content
from pipeline.transform.model import Source
from pipeline.transform.tables import read_tables
from pipeline.warehouse.duck import Warehouse, open_read_only

with (content("sql") / "rules" / "metrics.csv").open(encoding="utf-8", newline="") as _file:
    METRICS = [row["metric"] for row in csv.DictReader(_file)]


@pytest.fixture(scope="module")
def warehouse(published: Path) -> Iterator[Warehouse]:
    """The published file as people open it."""
    with open_read_only(published) as opened:
        yield opened


def numbers(warehouse: Warehouse, metric: str) -> list[dict[str, Any]]:
    """What was published of a metric in the newest run: everything, each account, and the first and last unit of each."""
    return warehouse.records(
        "with units as (select account, min(business_unit) as first_unit, max(business_unit) as last_unit"
        " from core.endpoints group by account)"
        " select metrics.* from mart.metrics as metrics left join units on units.account = metrics.account"
        " where metrics.metric = ? and metrics.run_id = (select run_id from meta.current_run)"
        " and (metrics.business_unit is null or metrics.business_unit in (units.first_unit, units.last_unit))",
        [metric],
    )


@pytest.mark.parametrize("metric", METRICS)
def test_the_sql_gives_the_published_number(metric: str, warehouse: Warehouse) -> None:
    """Exactly numerator and denominator, in each scope and for each member; and the rows are as many as are counted."""
    found = numbers(warehouse, metric)
    assert found
    assert metric in NEVER or any(row["numerator"] for row in found), (
        "a world in which nothing of it happens shows nothing"
    )
    for row in found:
        asked = Asked(metric, row["member"], row["account"], row["business_unit"])
        explained = explain(warehouse, asked)
        assert explained.number_sql is not None
        got = warehouse.rows(explained.number_sql)
        assert got == [(row["numerator"], row["denominator"])], asked
        if row["scope"] == "all" and row["unit"] in ("count", "share") and metric not in LARGEST:
            counted = warehouse.rows(f"select count(*) from ({explained.rows_sql}) where is_counted")
            assert counted == [(row["numerator"],)], asked


@pytest.mark.parametrize("metric", METRICS)
def test_without_a_member_the_sql_gives_what_was_published_and_no_more(metric: str, warehouse: Warehouse) -> None:
    """In each scope, also in one that the metric does not have: all members that count something, and no other row."""
    published_rows: dict[tuple[str | None, str | None], list[tuple[Any, ...]]] = {
        (row["account"], row["business_unit"]): [] for row in numbers(warehouse, "inventory.endpoints")
    }
    for row in numbers(warehouse, metric):
        has_members = row["member"] is not None
        if row["numerator"] or row["denominator"] or not has_members:
            member = (row["member"],) if has_members else ()
            published_rows[row["account"], row["business_unit"]].append((*member, row["numerator"], row["denominator"]))
    for (account, unit), expected in published_rows.items():
        explained = explain(warehouse, Asked(metric, None, account, unit))
        got = warehouse.rows(explained.number_sql) if explained.number_sql else []
        counting = [row for row in got if len(row) == 2 or row[1] or row[2]]
        assert sorted(counting, key=repr) == sorted(expected, key=repr), (account, unit)


def test_in_a_scope_that_a_metric_does_not_have_there_are_no_rows(published: Path) -> None:
    """Events have no units: it says where the number is, and shows neither SQL nor the rows of the whole account."""
    asked = Asked("audit.events", account="north", business_unit="Retail")
    lines = show_explanation(published, asked)
    assert "number       none over account north, business unit Retail: the metric has rows by account" in lines
    assert lines[-1].strip().startswith("account north: ")
    with pytest.raises(UsageError, match=r"audit\.events has no number over account north, business unit Retail"):
        show_explanation(published, asked, form="csv")


def test_what_a_share_lacks_is_counted_and_where_it_is_listed_said(published: Path) -> None:
    """Of the endpoints that could have a certificate, those without are what matters."""
    lines = show_explanation(published, Asked("coverage.protection"))
    with open_read_only(published) as opened:
        (row,) = [row for row in numbers(opened, "coverage.protection") if row["scope"] == "all"]
    lacking = row["denominator"] - row["numerator"]
    assert lacking
    assert (
        f"-- {lacking} of the denominator are not in the numerator: those of the file with is_counted = false" in lines
    )
    assert not any("not in the numerator" in line for line in show_explanation(published, Asked("rating")))


# We have no jobs yet, and four weeks are too short.
NEVER = {"renewal.success", "unsecured.age_31_90", "unsecured.age_over_90"}
# Their number is that of one row, or the sum of a column.
LARGEST = {"blast.endpoints_per_certificate_max", "trust.largest_ca_share", "inventory.completeness"}


def test_without_a_member_the_sql_gives_them_all(warehouse: Warehouse) -> None:
    """One row a member that occurs."""
    explained = explain(warehouse, Asked("rating"))
    got = {(member, count) for member, count, _ in warehouse.rows(explained.number_sql or "")}
    assert got == {(r["member"], r["numerator"]) for r in numbers(warehouse, "rating") if r["scope"] == "all"} - {
        (word, 0) for word in ("VERY_SECURE", "SECURE", "AT_RISK", "NOT_SECURE", "NOT_RATED")
    }


def test_it_says_what_stands_behind_a_number(published: Path) -> None:
    """Definition, both halves, the number, the policy, the rule with source, and the first rows under their names."""
    text = "\n".join(show_explanation(published, Asked("crypto.weak_key", account="north")))
    assert text.startswith("crypto.weak_key  Certificates whose key is weak.")
    assert "numerator    certificates with a weak key" in text
    assert "denominator  certificates whose key is known" in text
    assert "scope        account north" in text
    assert "rule         weak_key: RSA: at least 2048 bits, divisible by 8 (high; CA/Browser Forum TLS BR" in text
    assert "endpoints.account = 'north'" in text
    rows = text.split("of the numerator; ")[1].splitlines()
    assert rows[1].split()[:2] == ["certificate_key", "endpoints"]
    assert f"{len(rows) - 2} row" in text  # heading, names, and none that is only a part of the denominator
    text = "\n".join(show_explanation(published, Asked("expiry.manual_30d")))
    assert "policy       manual_30d_target = 0" in text


def test_all_rows_go_to_a_file(published: Path, tmp_path: Path) -> None:
    """As many as numerator and denominator say, and all their columns."""
    out = tmp_path / "rows.csv"
    assert show_explanation(published, Asked("coverage.protection"), form="csv", out=out) == ()
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open_read_only(published) as opened:
        (row,) = [row for row in numbers(opened, "coverage.protection") if row["scope"] == "all"]
    assert len(rows) == row["denominator"]
    assert sum(row["is_counted"] == "true" for row in rows) == row["numerator"]
    assert {"endpoint_key", "protection", "sans"} <= rows[0].keys()


@pytest.mark.parametrize("metric", ["coverage.protection", "coverage.automation", "unsecured.age_8_30", "rating"])
def test_an_earlier_run_is_explained_from_its_versions(metric: str, warehouse: Warehouse) -> None:
    """Metrics of endpoints have their SQL also for a run of weeks ago, and the same rules give the same number."""
    sql = "select numerator, denominator, member from mart.metrics where metric = ? and run_id = ? and scope = 'all'"
    for numerator, denominator, member in warehouse.rows(sql, [metric, run_id(1)]):
        explained = explain(warehouse, Asked(metric, member, run_id=run_id(1)))
        assert warehouse.rows(explained.number_sql or "") == [(numerator, denominator)]


def test_where_the_rows_are_gone_it_says_so(warehouse: Warehouse) -> None:
    """The number of an earlier run is there, what it was counted from is not."""
    explained = explain(warehouse, Asked("crypto.weak_key", run_id=run_id(1)))
    assert explained.number_sql is None
    assert "tlm report weekly --as-of 2026-09-14" in explained.lines[-1]
    assert "as it was published and proves nothing" in explained.lines[-3]
    assert any(line.startswith("number       ") for line in explained.lines)


def test_a_run_that_was_accepted_as_it_is_has_no_rows_later(published: Path, tmp_path: Path) -> None:
    """It is in no history, so other rows than were counted must not stand for it; a complete run after it has its own."""
    file = tmp_path / "tlm.duckdb"
    shutil.copyfile(published, file)
    with duckdb.connect(str(file)) as con:
        con.execute(
            "update meta.runs set is_accepted = true, is_complete = false where account = 'north' and run_id = ?",
            [run_id(1)],
        )
    with open_read_only(file) as warehouse:
        assert explain(warehouse, Asked("coverage.protection", run_id=run_id(1))).number_sql is None
        assert explain(warehouse, Asked("coverage.protection", run_id=run_id(2))).number_sql is not None


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked("coverage.protecton"), "There is no metric 'coverage.protecton'; near it: coverage.protection"),
        (Asked("rating", "SECUR"), "There is no member of rating 'SECUR'; near it: SECURE"),
        (Asked("rating", account="nort"), "There is no account 'nort'; near it: north"),
        (Asked("rating", business_unit="Retal"), "There is no business unit 'Retal'; near it: Retail"),
        (Asked("rating", business_unit="Retail"), "The accounts north, south have a unit 'Retail'"),
        (Asked("rating", run_id="20250101T000000Z-abcdef"), f"its newest are: {run_id(0)}, {run_id(1)}"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(asked: Asked, says: str, warehouse: Warehouse) -> None:
    """The nearest names, or the newest runs."""
    with pytest.raises(UsageError) as caught:
        explain(warehouse, asked)
    assert says in str(caught.value)


@pytest.mark.parametrize("path", sorted((content("sql") / "explain").glob("*.sql")), ids=lambda path: path.stem)
def test_the_rows_of_a_subject_are_read_and_nothing_else(path: Path, warehouse: Warehouse) -> None:
    """Each file is one SELECT of the kind that models are, and runs as it is."""
    text = path.read_text(encoding="utf-8")
    read_tables(warehouse, Source(path, "", (), text, 1))
    shown = next(line for line in text.splitlines() if line.startswith("-- shows:"))
    names = {name.strip() for name in shown.removeprefix("-- shows:").split(",")}
    assert names <= dict(warehouse.columns(text)).keys()


def test_a_unit_with_a_line_break_in_its_name_is_found(published: Path, tmp_path: Path) -> None:
    """The SQL that is shown has the name as it is, however it is indented."""
    file = tmp_path / "tlm.duckdb"
    shutil.copyfile(published, file)
    with duckdb.connect(str(file)) as con:
        for table in ("core.endpoints", "mart.metrics"):
            con.execute(f"update {table} set business_unit = 'New' || chr(10) || 'line' where business_unit = 'Retail'")
    with open_read_only(file) as warehouse:
        explained = explain(warehouse, Asked("inventory.endpoints", account="north", business_unit="New\nline"))
        ((counted, _),) = warehouse.rows(explained.number_sql or "")
        assert counted > 0
        assert f"number       {counted}" in explained.lines


def test_a_metric_by_account_shows_its_accounts(published: Path, tmp_path: Path) -> None:
    """Without a row over all accounts the rows of the widest scope are printed; a member does not hide them."""
    file = tmp_path / "tlm.duckdb"
    shutil.copyfile(published, file)
    rows = "('account', 'north', null, 3), ('account', 'south', null, 4), ('business_unit', 'north', 'Retail', 1)"
    with duckdb.connect(str(file)) as con:
        con.execute(
            "insert into mart.metrics by name select run_id, as_of_at, 'custom.mine' as metric, told.*, numerator as"
            f" value, 'count' as unit from meta.current_run, (values {rows}) as told (scope, account, business_unit, numerator)"
        )
        con.execute(
            "insert into rules.metrics by name select 'custom.mine' as metric, 'custom' as area, 'count' as unit,"
            " 'Mine.' as sentence, 'things' as numerator"
        )
    with open_read_only(file) as warehouse:
        for asked in (Asked("custom.mine"), Asked("custom.mine", member="m")):
            lines = explain(warehouse, asked).lines
            at = lines.index("number       none over all accounts: the metric has rows by account")
            assert [line.strip() for line in lines[at + 1 : at + 3]] == ["account north: 3", "account south: 4"]
            assert not any("Retail" in line for line in lines)
        assert "number       3" in explain(warehouse, Asked("custom.mine", account="north")).lines
    with pytest.raises(
        UsageError, match=r"custom\.mine is a metric of your own; its model has its rows, `tlm query \"from"
    ):
        show_explanation(file, Asked("custom.mine"), form="csv")
