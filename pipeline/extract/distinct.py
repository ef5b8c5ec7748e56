"""Tells items apart in 8 bytes each: by their identity, or by all of the item where it has none."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

_NOTHING = (b"", b"null", b'""')
_SHARE_ITEMS = 250_000  # counted at a time: a set needs ten times the memory of the keys


class Keys:
    """Makes the keys of items, 64-bit integers that hold for this process.

    Two of a million distinct items look alike once in 10^7 lists.
    """

    def __init__(self, identity: str | None) -> None:
        self._identity = identity
        self._decoder: msgspec.json.Decoder[Any] | None = None  # of a Struct with one field, made here
        if identity is not None:
            kind = msgspec.defstruct(
                "Identified", [("identity", msgspec.Raw, msgspec.Raw())], rename={"identity": identity}
            )
            self._decoder = msgspec.json.Decoder(kind)

    def of(self, items: Sequence[msgspec.Raw | bytes]) -> array[int]:
        """The key of each item."""
        return array("q", [hash(self._identify(item)) for item in items])

    def _identify(self, item: msgspec.Raw | bytes) -> bytes:
        if self._decoder is not None:
            try:
                identity = bytes(self._decoder.decode(item).identity)
            except (msgspec.DecodeError, RecursionError):  # no object, or one that only a tolerant reader takes
                identity = self._search(bytes(item))
            if identity not in _NOTHING:
                return identity
        return bytes(item).replace(b"\n", b" ").replace(b"\r", b" ")  # as it is on the disk

    def _search(self, item: bytes) -> bytes:
        try:
            found = json.loads(item.decode("utf-8", "replace"), strict=False)
            return json.dumps(found[self._identity], ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (ValueError, TypeError, LookupError, RecursionError):
            return b""


def count_distinct(keys: array[int]) -> int:
    """How many different keys there are."""
    shares = 1 + len(keys) // _SHARE_ITEMS
    if shares == 1:
        return len(set(keys))
    return sum(len({key for key in keys if key % shares == share}) for share in range(shares))


def repeated(keys: array[int]) -> frozenset[int]:
    """The keys that stand there more than once."""
    if count_distinct(keys) == len(keys):
        return frozenset()
    shares = 1 + len(keys) // _SHARE_ITEMS
    return frozenset(
        key
        for share in range(shares)
        for key, times in Counter(key for key in keys if key % shares == share).items()
        if times > 1
    )
