"""The slow path of loading: items that the engine's reader refuses are mended, one line at a time, and counted.

The API's items are kept byte for byte in the landing zone, and one hostile item must not keep a whole account out of
the report. What is mended: invalid UTF-8 and lone surrogates (U+FFFD takes their place), bare control characters (kept,
escaped), the same key twice (the last one counts, as in nearly every JSON reader), and an item that is no object (an
empty item takes its place, so that counts stay true). A line that is no JSON at all is left to the engine to refuse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.runs.landing import read_items

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
SAMPLE_LENGTH = 200


@dataclass(slots=True)
class Mending:
    """What was done to the items of one resource: the file to load, what was mended, and lines that are no JSON.

    `mended` is (what, sample) by line; lines count from 1 over all parts, as received_no does.
    """

    file: Path
    longest: int = 0
    mended: dict[int, tuple[str, str]] = field(default_factory=dict)
    unreadable: list[int] = field(default_factory=list)


def mend_items(parts: Sequence[Path], file: Path) -> Mending:
    """Write all items of `parts` to `file`, one a line, mended where they need it."""
    mending = Mending(file)
    number = 0
    with file.open("wb") as output:
        for part in parts:
            for line in read_items(part):
                number += 1
                better = _mend(line, number, mending)
                mending.longest = max(mending.longest, len(better))
                output.write(better + b"\n")
    return mending


def _mend(line: bytes, number: int, mending: Mending) -> bytes:
    try:
        if not _needs_mending(line):
            return line
        item = json.loads(line.decode("utf-8", "replace"), strict=False)
        what = "mended_item"
        if not isinstance(item, dict):
            item, what = {}, "not_an_object"
        # The way through UTF-16 joins halves that belong together and replaces the others.
        text = json.dumps(item, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    except RecursionError:
        return line  # deeper than this reader goes; the engine reads much deeper
    except ValueError:
        mending.unreadable.append(number)
        return line
    mending.mended[number] = (what, line[:SAMPLE_LENGTH].decode("utf-8", "replace"))
    return text.encode()


def _needs_mending(line: bytes) -> bool:
    """Whether the engine would refuse this item; ValueError when it is not even nearly JSON is left to the caller."""
    try:
        item = json.loads(line.decode(), object_pairs_hook=_refuse_doubles)
        if _SURROGATE.search(line):
            json.dumps(item, ensure_ascii=False).encode()
    except ValueError:
        return True
    return not isinstance(item, dict)


def _refuse_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    item = dict(pairs)
    if len(item) != len(pairs):
        msg = "the same key twice"
        raise ValueError(msg)
    return item
