"""core.endpoints_as_of gives back every week as it was published."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from weeks import START, write_weeks

WEEKS = 5
AS_OF = "select {columns} from {catalog}core.endpoints_as_of(timestamp '{at}') order by endpoint_key"
NOT_KEPT = "last_discovered_at"


def at(week: int) -> datetime:
    """When the run of a week started, naive UTC."""
    return (START + timedelta(weeks=week)).replace(tzinfo=None)


Weeks = tuple[Any, list[str], list[list[tuple[object, ...]]]]


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory, open_estate: Callable[[Path], Any]) -> Weeks:
    """The estate after five weeks; the columns of core.endpoints; its rows as each week's own build has them.

    core.endpoints is core.endpoint_measures as a table, which the weeks between are built without.
    """
    folder = write_weeks(tmp_path_factory.mktemp("weeks"), seed=27, weeks=WEEKS, places=16)
    estate = open_estate(folder)
    published = []
    columns: list[str] = []
    first, *_, last = runs = estate.runs()
    for run in runs:
        estate.take(run, everything=run in (first, last))
        columns = [name for name, _ in estate.warehouse.columns("from core.endpoints") if name != NOT_KEPT]
        listed = ", ".join(columns)
        published.append(estate.warehouse.rows(f"select {listed} from core.endpoint_measures order by endpoint_key"))
    assert published[-1] == estate.warehouse.rows(f"select {listed} from core.endpoints order by endpoint_key")
    return estate, columns, published


def test_every_week_comes_back_as_it_was_published(weeks: Weeks) -> None:
    """At the instant of its run and until the next, with stale accounts, removals and returns; before the first nothing."""
    estate, columns, published = weeks
    assert any(row[columns.index("is_stale")] for rows in published for row in rows)
    keys = [{row[columns.index("endpoint_key")] for row in rows} for rows in published]
    assert any(before - after for before, after in pairwise(keys))
    assert any((keys[week] - keys[week - 1]) & set().union(*keys[: week - 1]) for week in range(2, WEEKS))
    listed = ", ".join(columns)
    for week, rows in enumerate(published):
        for instant in (at(week), at(week + 1) - timedelta(microseconds=1)):
            sql = AS_OF.format(columns=listed, catalog="", at=instant)
            for then, now in zip(rows, estate.warehouse.rows(sql), strict=True):
                assert dict(zip(columns, now, strict=True)) == dict(zip(columns, then, strict=True))
    before = at(0) - timedelta(seconds=1)
    assert estate.warehouse.rows(AS_OF.format(columns="*", catalog="", at=before)) == []


def test_it_has_the_columns_of_the_endpoints(weeks: Weeks) -> None:
    """The same names and types in the same order, so that a query on one runs on the other."""
    estate, _, _ = weeks
    now = estate.warehouse.columns("from core.endpoints")
    assert estate.warehouse.columns(f"from core.endpoints_as_of(timestamp '{at(2)}')") == now


def test_the_rules_of_today_judge_then(weeks: Weeks) -> None:
    """A status and an issuer that are read otherwise today are so in an earlier week, too."""
    estate, _, _ = weeks
    warehouse = estate.warehouse
    sql = AS_OF.format(columns="automation_outcome, trust", catalog="", at=at(3))
    outcomes, trusts = map(set, zip(*warehouse.rows(sql), strict=True))
    assert outcomes - {None, "unknown", "running"}
    assert trusts - {None, "public"}
    with warehouse.transaction():
        warehouse.execute("update rules.automation_statuses set outcome = 'running' where class = 'managed'")
        warehouse.execute("insert into rules.issuers values (1, 'name', '%', 'public', 'a test')")
    outcomes, trusts = map(set, zip(*warehouse.rows(sql), strict=True))
    assert outcomes <= {None, "unknown", "running"}
    assert trusts == {None, "public"}


def test_it_works_opened_directly_and_attached_as_tlm(weeks: Weeks, tmp_path: Path) -> None:
    """With the plain engine, as people open the file; an attached one is not the default catalog."""
    estate, _, published = weeks
    estate.warehouse.execute("checkpoint")
    file = tmp_path / "tlm.duckdb"
    shutil.copyfile(
        estate.warehouse.rows("select path from duckdb_databases() where database_name = 'tlm'")[0][0], file
    )
    with duckdb.connect(str(file), read_only=True) as direct:
        assert len(direct.execute(AS_OF.format(columns="*", catalog="", at=at(1))).fetchall()) == len(published[1])
    with duckdb.connect() as other:
        other.execute(f"attach '{file}' as tlm (read_only)")
        sql = AS_OF.format(columns="endpoint_key", catalog="tlm.", at=at(1))
        assert len(other.execute(sql).fetchall()) == len(published[1])
