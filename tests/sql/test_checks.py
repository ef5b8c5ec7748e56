"""The checks, beside the models and of sql/checks: silent on good rows, and each of them finds the mistake that it is there for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.places import content
from pipeline.transform.checks import file_check, header_check
from pipeline.transform.model import HeaderLine, Model, read_models

CHECKS = content("sql") / "checks"
THIS_RUN = "run_id = (select run_id from meta.current_run)"


def metric(name: str, change: str, scope: str = "account", account: str = "north") -> str:
    """A metric of this run that is wrong in one row."""
    where = f"metric = '{name}' and scope = '{scope}' and account is not distinct from nullif('{account}', '') and {THIS_RUN}"
    return f"update mart.metrics set {change} where {where}"


MORE, MORE_OF = "numerator = numerator + 1", "denominator = denominator + 1"
# Each mistake is one that the check must find; a check with several conditions has one for each.
MISTAKES = {
    "populations_partition": (
        metric("expiry.d0_7", MORE),
        metric("unsecured.none", MORE),
        metric("expiry.relative_rest", MORE),
        metric("unsecured.age_0_7", MORE),
        metric("unsecured.unspecified", MORE),
        metric("coverage.failing", MORE_OF),
        metric("coverage.discovery_error", MORE),
        f"update mart.metrics set {MORE} where metric = 'rating' and member = 'SECURE' and scope = 'all' and {THIS_RUN}",
    ),
    "totals_add_up": (
        metric("coverage.adoption", MORE),
        metric("coverage.adoption", MORE_OF),
        metric("movement.renewed", MORE, "all", ""),
        f"delete from mart.metrics where metric = 'findings.open' and member = 'low' and scope = 'all' and {THIS_RUN}",
    ),
    "metrics_complete": (
        f"delete from mart.metrics where metric = 'blast.wildcards' and scope = 'all' and {THIS_RUN}",
        f"delete from mart.metrics where metric = 'inventory.endpoints' and account = 'south' and {THIS_RUN}",
    ),
    "movements_add_up": (
        metric("movement.new", MORE),
        metric("movement.removed", MORE, account="south"),
        metric("inventory.endpoints", MORE),
        metric("movement.new", MORE, "all", ""),
        "update meta.build_accounts set baseline_run_id = null where account = 'south'",
    ),
    "rows_loaded": ("delete from raw.certificates where account = 'south' and received_no = 1",),
    "rows_as_announced": (
        "update meta.extracts set rows_distinct = rows_distinct - 1 where resource = 'certificates'",
    ),
    "history_is_the_snapshot": (
        "delete from core.endpoint_history where endpoint_key = 'north:ep-n01' and to_run_id is null",
        "delete from core.endpoints where endpoint_key = 'north:ep-n01'",
        "insert into core.endpoint_history select * from core.endpoint_history where endpoint_key = 'north:ep-n01'",
    ),
    "versions_follow": (
        "update core.endpoint_history set to_run_id = from_run_id where endpoint_key = 'north:ep-n01'",
        f"insert into core.endpoint_history select * from core.endpoint_history where from_{THIS_RUN}",
    ),
    "findings_have_rules": (
        "delete from rules.findings where id in (select rule from core.finding_history where to_run_id is null)",
        "update core.finding_history set severity = 'urgent' where to_run_id is null and not is_removed",
    ),
    "shrink_stop": (metric("inventory.endpoints", "numerator = 11"),),
    "shrink_warn": (metric("inventory.endpoints", "numerator = 21"),),
    "sane_dates": (
        "update core.certificates set valid_from_at = timestamp '2030-01-01' where common_name = 'lab.example.test'",
        "update core.certificates set lifetime_days = 20000 where common_name = 'lab.example.test'",
        "update core.certificates set days_left = -740432, lifetime_days = null where common_name = 'lab.example.test'",
        "update core.endpoints set last_discovered_at = timestamp '2030-01-01' where endpoint_key = 'north:ep-n01'",
        "update core.audit_events set occurred_at = timestamp '2030-01-01' where account = 'north'",
    ),
    "inventory_without_endpoint": (
        "update core.endpoint_state set inventory_entry_no = null where endpoint_key = 'north:ep-n01'",
    ),
    "unsecured_with_certificate": (
        "update core.endpoints set is_unsecured = true, protection = 'certificate' where endpoint_key = 'north:ep-n01'",
    ),
    "one_place_two_endpoints": (
        "update core.endpoints set ip = '2001:DB8::1', port = 443, domain_name = 'a.example.test' where account = 'north'",
        (
            "update core.endpoints set ip = if(endpoint_key = 'north:ep-n01', '2001:db8:0::1', '2001:DB8::1'), port = 443,"
            " domain_name = 'a.example.test' where endpoint_key in ('north:ep-n01', 'north:ep-n02')"
        ),
    ),
    "item_repeated": (
        "insert into staging.endpoints select * from staging.endpoints where category = 'discovered'",
        "insert into staging.certificates select * from staging.certificates where received_no = 1",
        "insert into raw.automation_inventory select * from raw.automation_inventory where received_no = 1",
    ),
    "waivers_match_nothing": (
        "insert into raw.waivers values ('w9', 'weak_key', 'No such unit', 'why', 'a', 'b', date '2030-01-01', 9)",
    ),
    "pci_matches_nothing": (
        "insert into raw.pci_inventory values (null, 'nowhere.example.test', 'high', 9)",
        "insert into raw.pci_inventory values ('north', 'nowhere*', 'high', 9)",
        "insert into raw.pci_inventory values ('south', 'north:ep-n01', 'high', 9)",
        "insert into raw.pci_inventory values ('south', 'north:*', 'high', 9)",
    ),
    "key_type_unknown": ("update core.certificate_measures set algorithm = null where algorithm = 'RSA'",),
    "certificate_match_disagrees": (
        "update core.endpoint_state set thumbprint = 'AA' where certificate_match = 'certificate_id'",
    ),
}
# Conditions of `holds`, each with the change to one row that breaks it.
BROKEN = {
    "numerator is not null or metric = 'movement.unexplained' or metric like 'audit.%'": "metric = 'blast.wildcards', numerator = null",
    "(endpoint_key is not null) or (certificate_key is not null)": "endpoint_key = null, certificate_key = null",
    "(class = 'managed') = (outcome is not null)": "class = 'managed', outcome = null",
    "(matches = 'name') = (pattern is not null)": "matches = 'name', pattern = null",
    "(numerator >= 0 or unit = 'days') and denominator >= 0": "numerator = -1, unit = 'count', denominator = 1",
    "(protection = 'certificate') = (certificate_key is not null)": "protection = 'none', certificate_key = 'x'",
    "(protection = 'certificate') = (expiry_bucket is not null)": "protection = 'none', expiry_bucket = 'd0_7'",
    "(status = 'closed') = (closed_at is not null)": "status = 'closed', closed_at = null",
    "(status = 'waived') = (waiver_id is not null)": "status = 'waived', waiver_id = null",
    "(unit in ('share', 'rate')) = (denominator is not null)": "unit = 'share', denominator = null",
    "endpoints = managed + available + not_available": "managed = endpoints + 1",
    "endpoints = with_certificate + none + unspecified + discovery_error": "none = endpoints + 1",
    "failures <= events and deletes <= events and off_hours <= events": "deletes = events + 1",
    "metric = 'renewal.workload_weekly' or numerator <= denominator": "metric = 'x', numerator = 2, denominator = 1",
    "not is_over_limit or (is_public and has_validity)": "is_over_limit = true, has_validity = false",
    "with_certificate = managed_with_certificate + available_with_certificate + not_available_with_certificate": "managed_with_certificate = with_certificate + 1",
    "valid_from_at < valid_to_at": "valid_from_at = timestamp '2026-01-02', valid_to_at = timestamp '2026-01-01'",
}


@contextmanager
def taken_back(warehouse: Any) -> Iterator[None]:
    """What the block changes is undone."""
    warehouse.execute("begin")
    try:
        yield
    finally:
        warehouse.execute("rollback")


def test_every_file_has_a_mistake_to_find() -> None:
    """No check is left out here."""
    assert {path.stem for path in CHECKS.glob("*.sql")} == set(MISTAKES)


@pytest.mark.parametrize(
    ("name", "number"), [(name, i) for name in sorted(MISTAKES) for i in range(len(MISTAKES[name]))]
)
def test_a_file_finds_its_mistake(name: str, number: int, worked_example: Any) -> None:
    """A row more than on the good build is offending once the mistake is made."""
    question = (CHECKS / f"{name}.sql").read_text(encoding="utf-8")
    good = worked_example.rows(question)
    with taken_back(worked_example):
        worked_example.execute(MISTAKES[name][number])
        bad = worked_example.rows(question)
    assert len(bad) > len(good)
    assert name == "inventory_without_endpoint" or good == []


@pytest.mark.parametrize("path", sorted(CHECKS.glob("*.sql")), ids=lambda path: path.stem)
def test_a_file_says_what_it_finds_and_what_to_do(path: Path) -> None:
    """Both are printed with its rows, so each is there and begins like the rest of a sentence."""
    check, _ = file_check(path)
    assert check.meaning
    assert check.advice
    assert not check.advice.endswith(".")


def test_a_metric_outside_of_the_catalogue_has_no_unit(worked_example: Any) -> None:
    """So the header's not_null stops the build: it is not left out of mart.metrics without a word."""
    (model,) = [model for model in read_models(content("sql")) if model.name == "mart.metrics"]
    with taken_back(worked_example):
        worked_example.execute("delete from rules.metrics where metric = 'blast.wildcards'")
        found = worked_example.rows(
            f"select unit from ({model.source.sql}) where metric = 'blast.wildcards' and scope = 'all'"
        )
    assert found == [(None,)]


HEADER_CHECKS = [(model, entry) for model in read_models(content("sql")) for entry in model.checks]


@pytest.mark.parametrize(
    ("model", "entry"), HEADER_CHECKS, ids=lambda one: getattr(one, "name", getattr(one, "value", ""))
)
def test_a_header_check_finds_a_row_that_breaks_it(model: Model, entry: HeaderLine, worked_example: Any) -> None:
    """Over a copy of the model's rows, with one row of the wrong kind more."""
    columns = [name for name, _ in worked_example.columns(f"from {model.name}")]
    check = header_check(replace(model, name="mart.with_a_mistake"), entry, columns)
    assert worked_example.rows(header_check(model, entry, columns).offending) == []
    with taken_back(worked_example):
        worked_example.execute(f"create table mart.with_a_mistake as select * from {model.name} limit 1")
        if not worked_example.rows("from mart.with_a_mistake"):  # nothing of it in the example: a row without values
            worked_example.execute(f"insert into mart.with_a_mistake ({columns[0]}) values (null)")
        for mistake in mistakes(check.name):
            worked_example.execute(mistake)
        assert worked_example.rows(check.offending) != []


def mistakes(check: str) -> list[str]:
    """The statements that break one check of mart.with_a_mistake."""
    kind, inside = check.split("(", 1)
    column, change = inside.removesuffix(")").split(",")[0].strip(), "update mart.with_a_mistake set "
    match kind:
        case "unique":
            return ["insert into mart.with_a_mistake from mart.with_a_mistake"]
        case "not_null":
            return [f'{change} "{column}" = null']
        case "accepted" | "found_in":
            return [f"{change} \"{column}\" = 'no such thing'"]
        case _:
            return [change + BROKEN[inside.removesuffix(")")]]


def test_a_line_of_a_list_that_matches_is_not_told(worked_example: Any) -> None:
    """By each name of an endpoint, in any case, as a name or a pattern; a waiver that has ended is left alone."""
    names = ("north:ep-n01", "NORTH:EP-N01", "north:*", "2001:0DB8:0::1", "2001:db8::*")
    entries = (*names, *(f"{name}" for name in endpoint_names(worked_example)))
    with taken_back(worked_example):
        worked_example.execute(
            "update core.endpoint_history set ip = '2001:DB8::1' where endpoint_key = 'north:ep-n02'"
        )
        for line_no, endpoint in enumerate(entries):
            worked_example.execute("insert into raw.pci_inventory values ('north', ?, 'low', ?)", [endpoint, line_no])
        ended = (
            "insert into raw.waivers values ('w9', 'weak_key', 'No such unit', 'why', 'a', 'b', date '2020-01-01', 9)"
        )
        worked_example.execute(ended)
        for name in ("pci_matches_nothing", "waivers_match_nothing"):
            assert worked_example.rows((CHECKS / f"{name}.sql").read_text(encoding="utf-8")) == []


def endpoint_names(worked_example: Any) -> list[str]:
    """Host name, domain name and address of endpoints of an account, and a pattern of each."""
    columns = ("host_name", "domain_name", "ip")
    (row,) = worked_example.rows(
        f"select {', '.join(f'max({c})' for c in columns)} from core.endpoints where account = 'north'"
    )
    assert all(row)
    return [*row, *(f"*{name[2:].upper()}" for name in row)]
