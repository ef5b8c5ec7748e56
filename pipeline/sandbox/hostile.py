"""Items as no client expects them, and new items for lists that grow while they are read. Bytes to bytes, pure."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pipeline.sandbox.chance import Dice

Fields = dict[str, msgspec.Raw]
_TEXTS = ("host_name", "common_name", "description", "name", "automation_status", "status")
_decode = msgspec.json.Decoder(Fields).decode
_MILLION = 1_000_000


def _join(pairs: list[tuple[str, bytes]]) -> bytes:
    return b"{" + b",".join(msgspec.json.encode(name) + b":" + value for name, value in pairs) + b"}"


def _with(field: str, value: bytes) -> Callable[[Mapping[str, msgspec.Raw]], bytes]:
    """The item with another value for a field that it has or gets; no field: its first text."""

    def make(fields: Mapping[str, msgspec.Raw]) -> bytes:
        chosen = field if field in fields else _text_field(fields)
        changed = {name: bytes(old) for name, old in fields.items()} | {chosen: value}
        return _join(list(changed.items()))

    return make


def _text_field(fields: Mapping[str, msgspec.Raw]) -> str:
    return next((name for name in _TEXTS if bytes(fields.get(name, b""))[:1] == b'"'), "name")


def _twice(fields: Mapping[str, msgspec.Raw]) -> bytes:
    pairs = [(name, bytes(value)) for name, value in fields.items()]
    return _join([*pairs, (_text_field(fields), b'"said twice"')])


_MADE: dict[str, Callable[[Mapping[str, msgspec.Raw]], bytes]] = {
    "hostile-surrogate": _with("", rb'"lone \ud800 surrogate"'),
    "hostile-utf8": _with("", b'"not \xff\xfe UTF-8"'),
    "hostile-duplicate": _twice,
    "hostile-retyped": _with("", b'{"value":["an object",1,null]}'),
    "hostile-large": _with("", b'"' + b"x" * _MILLION + b'"'),
    "hostile-nan": _with("port", b"NaN"),
}


def make_hostile(name: str, item: bytes) -> bytes:
    """The item as the fault of that name has it."""
    return _MADE[name](_decode(item))


def without(item: bytes, field: str) -> bytes:
    """The item without a field."""
    return _join([(name, bytes(value)) for name, value in _decode(item).items() if name != field])


def is_chosen(item: bytes, one_in: int) -> bool:
    """About one item in so many, always the same ones."""
    return zlib.crc32(item) % max(one_in, 1) == 0


def make_sibling(item: bytes, dice: Dice) -> bytes:
    """A new item like this one: other identifiers, and for an endpoint another address."""
    fields: dict[str, Any] = msgspec.json.decode(item)
    for name in ("id", "inventory_id", "guid"):
        if fields.get(name) is not None:
            fields[name] = dice.identifier()
    if fields.get("ip"):
        # A documentation network (RFC 3849): it meets no address of the invented company.
        fields["ip"] = f"2001:db8:f:{dice.getrandbits(16):x}:{dice.getrandbits(16):x}::1"
        if "location" in fields:
            fields["location"] = f"[{fields['ip']}]:{fields.get('port')}"
    return msgspec.json.encode(fields)
