"""`--where`: one expression over the columns of core.endpoints, on a connection that can do nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.export.actions import ACTIONS, Action
from pipeline.export.files import export_actions


@pytest.mark.parametrize(
    "where",
    [
        "true) union all select endpoint_key from core.endpoints where (true",
        "true) order by (1",
        "true) group by (endpoint_key",
        "true); select (1",
        "true) limit (1",
        "true) -- the rest",
    ],
)
def test_a_where_that_closes_its_bracket_is_refused(
    make_database: Callable[..., Path], settings: Settings, where: str
) -> None:
    """It is one expression or nothing."""
    make_database({"north:a": {}})
    with pytest.raises(UsageError, match="--where"):
        export_actions(settings, "renew", where=where)


def test_an_unknown_column_is_named_with_the_nearest_one(
    make_database: Callable[..., Path], settings: Settings
) -> None:
    """The sentence says which column, and what was probably meant."""
    make_database({"north:a": {}})
    with pytest.raises(UsageError, match=r'--where names the column "day_left", .* did you mean "days_left"'):
        export_actions(settings, "renew", where="day_left < 3")


def test_a_column_of_the_csv_that_is_none_of_the_endpoint_is_unknown(
    make_database: Callable[..., Path], settings: Settings
) -> None:
    """`reason` is a column of the file, not of core.endpoints."""
    make_database({"north:a": {}})
    with pytest.raises(UsageError, match='"reason"'):
        export_actions(settings, "renew", where="reason is not null")


@pytest.mark.parametrize("where", ["days_left <", "", "   ", "count(*) > 1", "days_left = 'soon'", "days_left < ?"])
def test_what_is_no_expression_is_a_usage_error(
    make_database: Callable[..., Path], settings: Settings, where: str
) -> None:
    """Syntax, emptiness, aggregates, values of another type and parameters; nothing is written."""
    make_database({"north:a": {"days_left": 12}})
    with pytest.raises(UsageError, match="--where"):
        export_actions(settings, "renew", where=where)
    assert not list(settings.output.rglob("*.csv"))


@pytest.mark.parametrize(
    "where",
    [
        "exists (from read_csv('/etc/passwd'))",
        "exists (from read_text('tlm.toml'))",
        "endpoint_key in (select filename from glob('*'))",
    ],
)
def test_a_where_reads_no_file(make_database: Callable[..., Path], settings: Settings, where: str) -> None:
    """External access is off."""
    make_database({"north:a": {"days_left": 12}})
    with pytest.raises(UsageError, match="--where"):
        export_actions(settings, "renew", where=where)


def test_a_where_may_ask_other_tables(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """A subquery inside the expression reads the same database."""
    make_database({"north:a": {"days_left": 12}, "north:b": {"days_left": 12, "certificate_key": "sha256:CD"}})
    rows = job_rows("renew", "certificate_key in (select max(certificate_key) from core.endpoints) -- the last\n")
    assert [row["endpoint_key"] for row in rows] == ["north:b"]


def test_endpoints_that_may_not_take_the_action_are_left_out_and_counted(
    make_database: Callable[..., Path], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """The precondition is never replaced; what is missing in the file is said."""
    make_database({"north:a": {}, "north:private": {"trust": "private"}, "north:lost": {"automation_guid": None}})
    (file,) = export_actions(settings, "renew", where="days_left > 0")
    assert (file.rows, file.left_out) == (1, 2)
    assert "2 of the chosen endpoints may not take the action renew" in caplog.text


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_example_of_every_action_works(
    make_database: Callable[..., Path], settings: Settings, action: Action
) -> None:
    """What a refusal shows can be typed as it stands."""
    make_database({"north:a": {}})
    (file,) = export_actions(settings, action.name, where=action.example)
    assert file.path.is_file()
