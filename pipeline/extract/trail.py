"""The audit events of single things, asked for by their identifiers and given at once: nothing is landed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from pipeline.api.client import Client, Patience, Tally
from pipeline.api.contract import BY_NAME
from pipeline.api.line import open_line
from pipeline.api.paging import Paging
from pipeline.api.reply import read_page
from pipeline.api.request import Caller, build_request, page_parameters
from pipeline.config import Account, Settings
from pipeline.errors import RunIncomplete
from pipeline.extract.distinct import Keys
from pipeline.extract.resources import AUDIT_LOG

TrailRow = tuple[str | None, ...]

_CALL = BY_NAME[AUDIT_LOG]


async def read_trail(
    settings: Settings, account: Account, resource_ids: Iterable[str], clock: Callable[[], datetime]
) -> list[TrailRow]:
    """The audit events whose `resource_id` is one of these, each once.

    Raises what `client.fetch` raises, and RunIncomplete when the API does not give all that it counts.
    """
    extract = settings.extract
    caller, line = open_line(settings, account)
    async with Client(
        requests_per_second=extract.requests_per_second,
        concurrency=1,
        clock=clock,
        patience=Patience(budget_seconds=60 * extract.budget_minutes),
        line=line,
    ) as client:
        texts = [
            text
            for resource_id in resource_ids
            for text in await _read_events(client, caller, resource_id, extract.page_size)
        ]
    rows = [_row(json.loads(text.decode("utf-8", "replace"), strict=False)) for text in texts]
    return list(dict.fromkeys(rows))


def _row(event: object) -> TrailRow:
    """Time (naive UTC), action, status, actor, resource type, description and id as texts; a missing id is ""."""
    known: dict[str, Any] = event if isinstance(event, dict) else {}
    user = known.get("user")
    actor = (user.get("name") or user.get("id")) if isinstance(user, dict) else user
    values = (known.get("action"), known.get("status"), actor, known.get("resource_type"), known.get("description"))
    texts = (None if value is None else str(value) for value in values)
    return (_time(known.get("timestamp")), *texts, str(known.get("id") or ""))


def _time(value: object) -> str | None:
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).replace(tzinfo=None).isoformat()
    except (ValueError, OverflowError):
        return None


async def _read_events(client: Client, caller: Caller, resource_id: str, limit: int) -> list[bytes]:
    paging, keys, tally = Paging(limit), Keys(_CALL.identity), Tally()
    found: list[bytes] = []
    while (rest := paging.next_ask()) is not None:
        while rest is not None:
            parameters = {**page_parameters(_CALL, rest.offset, limit), "resource_id": resource_id}
            page = await client.fetch(build_request(caller, _CALL, parameters), read_page, tally)
            taken = paging.take(rest, page, keys.of(page.items))
            found += [bytes(page.items[place]) for place in taken.places]
            rest = taken.rest
    if paging.fault is not None or not paging.is_proven():
        fault = paging.fault or f"the API counts {paging.total_end}, received were {len(found)}"
        msg = f"Audit events of {resource_id} of account {caller.account.name} are missing: {fault}; try again."
        raise RunIncomplete(msg)
    return found
