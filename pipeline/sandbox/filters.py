"""The documented filters of the two lists that have any: certificate search and audit log.

A filter is a test on a decoded item. Parameters that the API does not document are ignored, as the API does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import msgspec

Item = dict[str, Any]
Test = Callable[[Item], bool]
Parameters = Sequence[tuple[str, str]]


class Read(bytes):
    """An item that no strict reader takes, with the `fields` that count for the filters."""

    fields: Item

    def __new__(cls, item: bytes, fields: Item) -> Self:
        """The item as it came, and as it is read."""
        made = super().__new__(cls, item)
        made.fields = fields
        return made


class BadParameter(ValueError):
    """A parameter whose value cannot be read; `field` is its name, the text is the sentence for the caller."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def read_time(text: str, field: str) -> datetime:
    """An ISO 8601 instant or day as aware UTC (no zone = UTC); BadParameter when it is neither."""
    try:
        # A plus sign in a query that was not escaped arrives as a blank.
        value = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise BadParameter(field, f"{field} must be an ISO 8601 date or date-time") from None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _at(item: Item, *path: str) -> str:
    """Text at a path of keys; empty where there is none."""
    value: Any = item
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return "" if value is None else str(value)


def _same(value: str, *path: str) -> Test:
    wanted = value.casefold()
    return lambda item: _at(item, *path).casefold() == wanted


def _end_of(text: str) -> datetime:
    """A bare day as the end of a validity is its last second."""
    value = read_time(text, "valid_to")
    return value + timedelta(days=1, seconds=-1) if len(text) == 10 else value


_CERTIFICATE_PATHS: dict[str, tuple[str, ...]] = {
    "business_unit_id": ("business_unit", "id"),
    "business_unit_name": ("business_unit", "name"),
    "common_name": ("common_name",),
    "issuing_ca_name": ("issuing_ca_name",),
    "profile_id": ("profile", "id"),
    "seat_id": ("seat", "seat_id"),
    "seat_type_id": ("seat_type", "id"),
    "serial_number": ("serial_number",),
    "status": ("status",),
    "thumbprint": ("thumbprint",),
}

_AUDIT_PATHS: dict[str, tuple[str, ...]] = {
    "action": ("action",),
    "admin_id": ("user", "id"),
    "business_unit_id": ("business_unit", "id"),
    "resource_id": ("resource_id",),
    "status": ("status",),
}


def certificate_tests(parameters: Parameters) -> list[Test]:
    """Tests of certificate search: `valid_from` keeps what was issued after the value, `valid_to` what ends before."""
    tests: list[Test] = []
    for name, value in parameters:
        if name in _CERTIFICATE_PATHS:
            tests.append(_same(value, *_CERTIFICATE_PATHS[name]))
        elif name == "tags":
            tests.append(_tagged(value))
        elif name == "valid_from":
            tests.append(_issued_after(read_time(value, name)))
        elif name == "valid_to":
            tests.append(_ending_before(read_time(value, name)))
    return tests


def audit_tests(parameters: Parameters) -> list[Test]:
    """Tests of the audit log: `from` inclusive, `to` exclusive, `resource_type` repeatable, `data[key]` inside."""
    tests: list[Test] = []
    kinds = {value for name, value in parameters if name == "resource_type"}
    if kinds:
        tests.append(lambda item: item.get("resource_type") in kinds)
    times = {name: read_time(value, name) for name, value in parameters if name in ("from", "to")}
    if times:
        tests.append(_between(times.get("from"), times.get("to")))
    for name, value in parameters:
        if name in _AUDIT_PATHS:
            tests.append(_same(value, *_AUDIT_PATHS[name]))
        elif name.startswith("data[") and name.endswith("]"):
            tests.append(_inside_data(name[5:-1], value))
    return tests


def _tagged(tag: str) -> Test:
    return lambda item: tag in (item.get("tags") or ())


def _issued_after(limit: datetime) -> Test:
    return lambda item: read_time(item["valid_from"], "valid_from") > limit


def _ending_before(limit: datetime) -> Test:
    return lambda item: _end_of(item["valid_to"]) < limit


def _between(first: datetime | None, end: datetime | None) -> Test:
    def test(item: Item) -> bool:
        at = read_time(item["timestamp"], "timestamp")
        return (first is None or at >= first) and (end is None or at < end)

    return test


def _inside_data(key: str, value: str) -> Test:
    """`data` is a JSON text, an object, or plain words, which have no keys."""
    wanted = value.casefold()

    def test(item: Item) -> bool:
        data = item.get("data")
        if isinstance(data, str):
            try:
                data = msgspec.json.decode(data)
            except msgspec.DecodeError:
                return False
        return isinstance(data, dict) and str(data.get(key, "")).casefold() == wanted

    return test


def keep(items: Sequence[bytes], tests: Sequence[Test]) -> Sequence[bytes]:
    """The items that pass every test, in order; the very same sequence when there is no test."""
    if not tests:
        return items
    decode = msgspec.json.Decoder(Item).decode
    kept = []
    for encoded in items:
        item = encoded.fields if isinstance(encoded, Read) else decode(encoded)
        if all(test(item) for test in tests):
            kept.append(encoded)
    return kept
