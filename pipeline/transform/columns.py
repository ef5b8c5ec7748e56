"""Comments at the columns of a SELECT: `net_days, -- whole days left` documents the column `net_days`.

Only the first SELECT outside all brackets counts: the ones of CTEs are inside. A comment counts when it ends the line
on which its column ends.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*)|(?P<block>/\*.*?\*/)|(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")*")"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<line>\n)|(?P<space>\s)|(?P<sign>.)""",
    re.DOTALL,
)
_AFTER_COLUMNS = {
    "from",
    "where",
    "group",
    "having",
    "qualify",
    "window",
    "order",
    "limit",
    "union",
    "except",
    "intersect",
}
_DEEPER = {"(": 1, "[": 1, "{": 1, "case": 1, ")": -1, "]": -1, "}": -1, "end": -1}


def column_comments(sql: str) -> dict[str, str]:
    """Comment by column name; a column whose name cannot be read (an expression without alias) has none."""
    found: dict[str, str] = {}
    depth, inside, is_new_line = 0, False, True
    item: list[str] = []  # tokens of the column being read
    ended: list[str] = []  # tokens of the last column that a comma ended
    held: tuple[str, str] | None = None  # name and comment, dropped when the column goes on after all
    for match in _TOKEN.finditer(sql):
        kind, token = match.lastgroup, match.group()
        word = token.lower()
        if kind == "line":
            is_new_line = True
        elif kind == "comment":
            name = _name(item or ended)
            if inside and depth == 0 and not is_new_line and name:
                held = (name, token[2:].strip())
                if not item:
                    found[name] = held[1]
        elif kind not in ("space", "block"):
            is_new_line = False
            is_end = depth == 0 and word in _AFTER_COLUMNS and (not item or item[-1].lower() != "distinct")
            depth += _DEEPER.get(word, 0)
            if not inside:
                inside = depth == 0 and word == "select"
                continue
            if (is_end or (depth == 0 and token == ",")) and held and item:
                found[held[0]] = held[1]
            if is_end:
                return found
            held = None
            if depth == 0 and token == ",":
                item, ended = [], item
            else:
                item.append(token)
    if held and item:
        found[held[0]] = held[1]
    return found


def _name(item: list[str]) -> str | None:
    """The last token of a column is its alias or its own name."""
    last = item[-1] if item else ""
    if last.startswith('"'):
        return last[1:-1].replace('""', '"')
    return last if last.isidentifier() else None
