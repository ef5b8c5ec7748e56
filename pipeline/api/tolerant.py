"""The slow path for a reply that the fast reader refuses: one hostile item must not cost the page, or hide in it.

A lone surrogate, a bare control character, NaN or a depth of thousands makes the fast reader refuse all of a page. Here
the page is split by its bytes alone: strings are stepped over, brackets are counted, each item keeps its bytes. What is
not closed is not a page but a reply that was cut short, and neither is an item that no reader would take for JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_BREAKS = re.compile(rb"[\r\n]")
_ESCAPED = {b"\n": b"\\n", b"\r": b"\\r"}
_OPENING, _CLOSING = (b"[", b"{"), (b"]", b"}")


def split_members(body: bytes) -> dict[str, bytes] | None:
    """The values of the object `body` by their names, the last of equal ones; None when it is not closed."""
    parts = _split(body, b"{", b"}")
    if parts is None:
        return None
    members = {}
    for part in parts:
        name = _TOKEN.match(part)
        rest = part[name.end() :].lstrip() if name and name[0][:1] == b'"' else b""
        if name is None or not rest.startswith(b":"):
            return None
        members[name[0][1:-1].decode("utf-8", "replace")] = rest[1:].strip()
    return members


def split_items(array: bytes) -> list[bytes] | None:
    """The items of `array` as they came, but line breaks inside texts are escaped; None when it is no list."""
    parts = _split(array, b"[", b"]")
    if parts is None:
        return None
    items = [_BREAKS.sub(lambda found: _ESCAPED[found[0]], part) if _is_broken(part) else part for part in parts]
    return items if all(_is_nearly_json(item) for item in items) else None


def _split(text: bytes, opening: bytes, closing: bytes) -> list[bytes] | None:
    """What stands between the commas of the outermost bracket."""
    text = text.strip()
    if not (text.startswith(opening) and text.endswith(closing)):
        return None
    parts = list(_parts(text))
    if not parts or parts[-1] is None:
        return None
    found = [part.strip() for part in parts if part is not None]
    if found == [b""]:
        return []
    return None if b"" in found else found


def _parts(text: bytes) -> Iterator[bytes | None]:
    """The parts, then None when the outermost bracket is not closed by the last byte."""
    depth, begun = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in _OPENING:
            depth += 1
        elif mark in _CLOSING:
            depth -= 1
        if (mark == b"," and depth == 1) or depth == 0:
            yield text[begun : token.start()]
            begun = token.end()
        if depth == 0:
            break
    if depth or begun != len(text):
        yield None


def _is_broken(item: bytes) -> bool:
    """Whether a line break stands inside a text; those between tokens are the landing zone's to handle."""
    return any(_BREAKS.search(token[0]) for token in _TOKEN.finditer(item) if token[0][:1] == b'"')


def _is_nearly_json(item: bytes) -> bool:
    try:
        json.loads(item.decode("utf-8", "replace"), strict=False)
    except RecursionError:
        return True  # its brackets are in order, and the engine reads deeper than this reader
    except ValueError:
        return False
    return True
