"""Comments at the columns of a SELECT: `days_left, -- whole days until it expires` documents the column `days_left`.

Only the first SELECT outside all brackets counts: the ones of CTEs are inside. A comment counts when it ends the line
on which its column ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)|(?P<block>/\*.*?\*/)|(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<line>\n)|(?P<space>\s)|(?P<sign>.)""",
    re.DOTALL,
)
_AFTER_COLUMNS = frozenset(
    ("from", "where", "group", "having", "qualify", "window", "order", "limit", "union", "except", "intersect")
)
_DEEPER = {"(": 1, "[": 1, "{": 1, "case": 1, ")": -1, "]": -1, "}": -1, "end": -1}


def column_comments(sql: str) -> dict[str, str]:
    """Comment by column name; a column whose name cannot be read (an expression without alias) has none."""
    found: dict[str, str] = {}
    item: list[str] = []  # what was read of the column at hand
    ended: list[str] = []  # the column that the last comma ended
    held: tuple[str, str] | None = None  # a comment before the comma; dropped when the column goes on after it
    for part, is_comment in _select_list(sql):
        if is_comment:
            name = _name(item or ended)
            if name and item:
                held = (name, part)
            elif name:
                found[name] = part
        elif part in (",", ""):
            if held:
                found[held[0]] = held[1]
            item, ended, held = [], item, None
        else:
            item.append(part)
            held = None
    return found


def _select_list(sql: str) -> Iterator[tuple[str, bool]]:
    """The columns' tokens, `,` only between columns and "" at the end; trailing comments come as (text, True)."""
    depth, is_inside, is_new_line, before = 0, False, True, ""
    for match in _TOKEN.finditer(sql):
        kind, part = match.lastgroup, match.group()
        word = part.lower()
        if kind == "comment" and is_inside and depth == 0 and not is_new_line:
            yield part[2:].strip(), True
        if kind in ("comment", "block", "space", "line"):
            is_new_line = is_new_line or kind == "line"
            continue
        is_new_line = False
        # `a is distinct from b` goes on; any other `from` ends the columns.
        if is_inside and depth == 0 and word in _AFTER_COLUMNS and before != "distinct":
            break
        if is_inside:
            # A comma inside brackets separates no columns.
            yield part if depth == 0 or part != "," else ";", False
        depth += _DEEPER.get(word, 0)
        is_inside = is_inside or (depth == 0 and word == "select")
        before = word
    yield "", False


def _name(item: list[str]) -> str | None:
    """The last token of a column is its alias or its own name."""
    last = item[-1] if item else ""
    if last.startswith('"'):
        return last[1:-1].replace('""', '"')
    return last if last.isidentifier() else None
