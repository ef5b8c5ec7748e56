"""What was landed, read by somebody who has not read the SQL: the items of every run, and what their values mean.

Nothing here, or in the files beside this one, comes from `sql/` or the warehouse. They are the definitions of the metrics
written down a second time, so that two independent readings of the same sentences must come to the same counts.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.runs.landing import read_items
from pipeline.runs.manifest import Manifest

Item = dict[str, Any]


def text(value: Any) -> str | None:
    """A text; blank is none. An object in its place is its `name` or `value`; a number is how it is written."""
    if isinstance(value, dict):
        named = value.get("name") if value.get("name") is not None else value.get("value")
        value = named if not isinstance(named, dict | list) else None
    if isinstance(value, list) or value is None:
        return None
    written = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return written if written.strip() else None


def texts(value: Any) -> list[str] | None:
    """A list of texts without the blank ones; an empty list is none, a single text is a list of one."""
    if isinstance(value, str):
        value = _list_in(value)
    if not isinstance(value, list):
        return None
    return [
        one if isinstance(one, str) else json.dumps(one) for one in value if one not in (None, {}, []) and one != ""
    ] or None


def _list_in(value: str) -> list[Any]:
    """The list that a text is in JSON; any other text is a list of one."""
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    return found if isinstance(found, list) else [value]


def word(value: str | None) -> str | None:
    """A status word as it is compared: upper case, blanks as underscores."""
    return value.strip().replace(" ", "_").upper() if value is not None else None


def hexadecimal(value: Any) -> str | None:
    """A thumbprint or serial number without colons and blanks, in upper case."""
    found = text(value)
    return re.sub(r"[:\s]", "", found).upper() or None if found is not None else None


def whole(value: str | None) -> int | None:
    """443, "443" and 443.0 are the same port."""
    found = re.fullmatch(r"\s*(-?\d+)(?:\.0*)?\s*", value or "")
    return int(found[1]) if found else None


def instant(value: Any, *, is_end: bool = False) -> datetime | None:
    """An API time as naive UTC; a bare day begins at 00:00:00, or ends at 23:59:59. All that is no text is no time."""
    found = value.strip() if isinstance(value, str) else ""
    try:
        at = datetime.fromisoformat(found)
    except ValueError:
        return None
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", found):
        return at + timedelta(hours=23, minutes=59, seconds=59) if is_end else at
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def validity(start: Any, end: Any) -> tuple[datetime | None, datetime | None]:
    """Both ends, or neither where the start is not before the end."""
    return forward(instant(start), instant(end, is_end=True))


def forward(start: datetime | None, end: datetime | None) -> tuple[datetime | None, datetime | None]:
    return (None, None) if start is not None and end is not None and start >= end else (start, end)


def place(item: Item) -> str:
    """Where an endpoint is: ip or host name, port, domain name, in lower case, the ip in canonical form."""
    port = text(item.get("port"))
    number = whole(port)
    shown = str(number) if number is not None else (port or "").strip().lower()
    host = canonical(text(item.get("ip"))) or (text(item.get("host_name")) or "").lower()
    return f"{host}:{shown}/{(text(item.get('domain_name')) or '').lower()}"


def canonical(ip: str | None) -> str | None:
    if ip is None:
        return None
    try:
        address = ipaddress.ip_address(ip.strip())
    except ValueError:
        return ip.strip().lower()
    return str(address)


def first(values: Iterable[Any]) -> Any:
    """The first that is not null."""
    return next((value for value in values if value is not None), None)


@dataclass
class Snapshot:
    """The lists of every account as of one run; an account that the run does not have keeps its newest older ones.

    `announced` is (rows, total of the API) of an account over the lists that say a total.
    """

    run_id: str
    as_of_at: datetime
    lists: dict[str, dict[str, list[Item]]]
    announced: dict[str, tuple[int, int]]
    stale: set[str] = field(default_factory=set)


def read_snapshots(landing: Path, manifests: Iterable[Manifest]) -> list[Snapshot]:
    """One snapshot a run, oldest first."""
    snapshots: list[Snapshot] = []
    for manifest in sorted(manifests, key=lambda one: (one.run_id, one.account)):
        if not snapshots or snapshots[-1].run_id != manifest.run_id:
            before = snapshots[-1] if snapshots else None
            kept = (dict(before.lists), dict(before.announced), set(before.lists)) if before else ({}, {}, set())
            snapshots.append(Snapshot(manifest.run_id, manifest.as_of_at.replace(tzinfo=None), *kept))
        now = snapshots[-1]
        now.lists[manifest.account] = _read(landing, manifest)
        said = [one for one in manifest.extracts if one.api_total_end is not None and one.status != "skipped"]
        rows = [one.rows_received for one in said]
        totals = [max(one.api_total_end or 0, one.rows_received) for one in said]  # rows that went away had arrived
        now.announced[manifest.account] = (sum(rows), sum(totals))
        now.stale.discard(manifest.account)
    return snapshots


def _read(landing: Path, manifest: Manifest) -> dict[str, list[Item]]:
    account = landing / manifest.account
    found: dict[str, list[Item]] = {}
    for extract in manifest.extracts:
        folder = account if extract.resource == "audit_log" else account / manifest.run_id / extract.resource
        lines = chain.from_iterable(read_items(folder / part.name) for part in extract.parts)
        found[extract.resource] = [_item(line) for line in lines]
    return found


def _item(line: bytes) -> Item:
    """An item as lenient readers take it: broken UTF-8 and lone surrogates as U+FFFD, the last of doubled keys."""
    value = json.loads(line.decode("utf-8", "replace"), strict=False, parse_float=str)
    value = json.loads(
        json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    )
    return value if isinstance(value, dict) else {}
