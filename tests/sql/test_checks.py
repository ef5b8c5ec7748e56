"""The checks of sql/checks: silent on good rows, and each of them finds the mistake that it is there for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.places import content

CHECKS = content("sql") / "checks"
EXAMPLE = Path(__file__).parent / "worked_example"
THIS_RUN = "run_id = (select run_id from meta.current_run)"
MISTAKES = {
    "populations_partition": f"update mart.metrics set numerator = numerator + 1 where metric = 'expiry.d0_7' and {THIS_RUN}",
    "totals_add_up": "update mart.metrics set numerator = numerator + 1"
    f" where metric = 'coverage.adoption' and scope = 'account' and account = 'north' and {THIS_RUN}",
    "rows_loaded": "delete from raw.certificates where account = 'south' and received_no = 1",
    "history_is_the_snapshot": "delete from core.endpoint_history where endpoint_key = 'north:ep-n01' and to_run_id is null",
    "shrink_stop": f"update mart.metrics set numerator = 11 where metric = 'inventory.endpoints' and account = 'north' and {THIS_RUN}",
    "shrink_warn": f"update mart.metrics set numerator = 21 where metric = 'inventory.endpoints' and account = 'north' and {THIS_RUN}",
    "sane_dates": "update core.certificates set valid_from_at = timestamp '2030-01-01' where common_name = 'lab.example.test'",
    "inventory_without_endpoint": "update core.endpoint_state set inventory_entry_no = null where endpoint_key = 'north:ep-n01'",
}


@pytest.fixture(scope="module")
def example(open_estate: Callable[[Path], Any]) -> Any:
    """The worked example after its second run; each test takes its mistake back."""
    estate = open_estate(EXAMPLE)
    first, second = estate.runs()
    estate.take(first, everything=False)
    estate.take(second, everything=True)
    return estate.warehouse


def test_every_check_has_a_mistake_to_find() -> None:
    """No check is left out here."""
    assert {path.stem for path in CHECKS.glob("*.sql")} == set(MISTAKES)


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_check_finds_its_mistake(name: str, example: Any) -> None:
    """One row more than on the good build is offending once the mistake is made."""
    question = (CHECKS / f"{name}.sql").read_text(encoding="utf-8")
    good = example.rows(question)
    example.execute("begin")
    try:
        example.execute(MISTAKES[name])
        bad = example.rows(question)
    finally:
        example.execute("rollback")
    assert len(bad) > len(good)
    assert name == "inventory_without_endpoint" or good == []
