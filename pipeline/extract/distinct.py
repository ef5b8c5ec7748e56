"""Tells items apart in 8 bytes each: by their identity, or by all of the item where it has none.

An identity is the same as a number and as a text, 5 and "5": the raw tables hold it as text, and the models go by that.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

_NOTHING = frozenset((b"", b"null", b'""'))
_SHARE_ITEMS = 250_000  # counted at a time: a set needs ten times the memory of the keys


class Keys:
    """Makes the keys of items, 64-bit integers that hold for this process.

    Two of a million distinct items look alike once in 10^7 lists.
    """

    def __init__(self, identity: str | None) -> None:
        self._identity = identity
        self._decoder: msgspec.json.Decoder[Any] | None = None  # of a Struct with one field, made here
        if identity is not None:
            start = rf'\{{\s*"{re.escape(identity)}"\s*:\s*("[^"\\]+"|\d+)(?=\s*[,}}])'
            self._match_start = re.compile(start.encode()).match
            kind = msgspec.defstruct(
                "Identified", [("identity", msgspec.Raw, msgspec.Raw())], rename={"identity": identity}
            )
            self._decoder = msgspec.json.Decoder(kind)

    def of(self, items: Sequence[msgspec.Raw | bytes]) -> array[int]:
        """The key of each item."""
        if self._decoder is None:
            return array("q", [hash(_on_disk(item)) for item in items])
        found = self._find_first(items) or self._find_anywhere(items, self._decoder.decode)
        if not _NOTHING.isdisjoint(found):
            found = [_on_disk(item) if one in _NOTHING else one for one, item in zip(found, items, strict=True)]
        return array("q", [hash(one.strip(b'"')) for one in found])

    def _find_first(self, items: Sequence[msgspec.Raw | bytes]) -> list[bytes] | None:
        """The identity of each item when it stands first in all, as in most lists: nothing behind it need be read."""
        match = self._match_start
        if not items or match(items[0]) is None:
            return None
        found = [start[1] for start in map(match, items) if start is not None]
        return found if len(found) == len(items) else None

    def _find_anywhere(
        self, items: Sequence[msgspec.Raw | bytes], decode: Callable[[msgspec.Raw | bytes], Any]
    ) -> list[bytes]:
        try:  # one loop without calls of ours: keys are a tenth of what an extraction costs
            return [bytes(decode(item).identity) for item in items]
        except (msgspec.DecodeError, RecursionError):
            return [self._identify(item, decode) for item in items]

    def _identify(self, item: msgspec.Raw | bytes, decode: Callable[[msgspec.Raw | bytes], Any]) -> bytes:
        try:
            return bytes(decode(item).identity)
        except (msgspec.DecodeError, RecursionError):  # no object, or one that only a tolerant reader takes
            return self._search(bytes(item))

    def _search(self, item: bytes) -> bytes:
        try:
            found = json.loads(item.decode("utf-8", "replace"), strict=False)
            return json.dumps(found[self._identity], ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (ValueError, TypeError, LookupError, RecursionError):
            return b""


def _on_disk(item: msgspec.Raw | bytes) -> bytes:
    return bytes(item).replace(b"\n", b" ").replace(b"\r", b" ")


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
