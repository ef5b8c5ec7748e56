"""Every field of the contract is read by staging, or named here; and no value of one is lost without a line in meta.drift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.api.contract import LISTS, Call, Field
from pipeline.load.meta import raw_column, raw_table
from pipeline.places import content
from pipeline.transform.model import Model, read_models
from pipeline.warehouse.duck import Warehouse, identifier

MODELS = {model.name: model for model in read_models(content("sql"))}
TEXTS = ("word", "7", "-", "2027-01-01", '{"x":1}', '["a"]', ' {"x":1}', '{"name":{"deep":1}}')
NESTED = (
    '"word"',
    '{"reason":"a"}',
    "7",
    "true",
    '{"x":1}',
    '["a"]',
    "[7]",
    '{"id":"7"}',
    '{"name":"a"}',
    '{"name":{"deep":1}}',
)
# What nothing asks for yet: it is in raw.* and in the pages.
UNREAD = {
    "endpoints": {"location", "application_version", "job_name"},
    "audit_log": {"account", "business_unit"},
    "certificates": {
        *("subject", "pqc_vulnerable", "source", "connector", "seat", "seat_type", "account"),
        "custom_attributes",
    },
    "business_units": {"account"},
    "profiles": {
        *("status", "account_id", "business_unit_id", "enrollment_method", "authentication_method"),
        *("signature_algorithm", "template", "duplicate_cert_policy"),
    },
}
# Three fields that are read together, as a place.
BESIDE = {"automation_inventory": {"id": "x", "ip": "10.0.0.1", "port": "443", "domain_name": "a.example.test"}}
Item = tuple[Field, str]


@pytest.fixture
def raw(macros: Warehouse) -> Iterator[Warehouse]:
    """All models over raw tables that the test fills; they are empty again behind it."""
    macros.execute("begin")
    yield macros
    macros.execute("rollback")


def staging_of(call: Call) -> Model:
    """The model of staging that reads the list."""
    return MODELS[f"staging.{call.name.split('.')[0]}"]


def fill(warehouse: Warehouse, call: Call) -> dict[str, Item]:
    """An item for each field and value, in an account of its own: by account what it has.

    It has an identifier besides, and what its model reads together with the field. The account (field) has the same
    item without the field.
    """
    items = {
        f"({field.name} {number})": (field, value)
        for field in call.fields
        for number, value in enumerate(NESTED if field.kind.is_nested else TEXTS)
    }
    for account, (field, value) in items.items():
        insert(warehouse, call, account, {**BESIDE.get(call.name, {"id": "x"}), field.name: value})
    for field in call.fields:
        insert(warehouse, call, f"({field.name})", {**BESIDE.get(call.name, {"id": "x"}), field.name: None})
    return items


def insert(warehouse: Warehouse, call: Call, account: str, item: dict[str, str | None]) -> None:
    """One item as the only one of an account."""
    fields = {raw_column(field): item.get(field.name) for field in call.fields}
    row = {"account": account, "run_id": "r", "received_no": 1, **fields}
    columns = ", ".join(map(identifier, row))
    warehouse.execute(
        f"insert into {raw_table(call).name} ({columns}) values ({', '.join('?' * len(row))})", tuple(row.values())
    )


def staged(warehouse: Warehouse, call: Call) -> dict[str, str]:
    """By account what staging makes of its item, without the account's name."""
    rows = warehouse.records(staging_of(call).source.sql)
    return {row["account"]: str(row).replace(row["account"], "") for row in rows}


@pytest.mark.parametrize("call", LISTS, ids=lambda call: call.name)
def test_a_value_is_read_or_counted(call: Call, raw: Any) -> None:
    """Whatever stands in a field: staging has something of it, or meta.drift has a row for it."""
    items = fill(raw, call)
    rows = staged(raw, call)
    is_read = {account: rows.get(account) != rows.get(f"({field.name})") for account, (field, _) in items.items()}
    unread = {field.name for field in call.fields} - {items[account][0].name for account in items if is_read[account]}
    assert unread == UNREAD.get(call.name.split(".")[0], set())
    counted = {
        (account, field)
        for account, resource, field in raw.rows(
            f"select account, resource, field from ({MODELS['meta.drift'].source.sql})"
        )
        if resource == call.name
    }
    lost = [
        (field.name, value)
        for account, (field, value) in items.items()
        if field.name not in unread and not is_read[account] and (account, field.name) not in counted
    ]
    assert lost == []
