"""`tlm audit-trail --live`: the API asked by identifier, over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest

from pipeline import config
from pipeline.errors import RunIncomplete
from pipeline.extract.trail import TrailRow, read_trail

from .conftest import NOW, PATHS, Asked, Raw, Tlm

Settings = Callable[..., config.Settings]


def read(settings: config.Settings, *resource_ids: str) -> list[TrailRow]:
    return asyncio.run(read_trail(settings, settings.accounts[0], resource_ids, lambda: NOW))


def by_resource(events: list[dict[str, object]], lie: int = 0) -> Callable[[Asked, int], Raw | None]:
    """The audit log selected by resource_id; its total is wrong by `lie`."""

    def answer(asked: Asked, _number: int) -> Raw | None:
        if asked.path != PATHS["audit_log"]:
            return None
        found = [one for one in events if one["resource_id"] == asked.query["resource_id"]]
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        page = {"items": found[offset : offset + limit], "total": len(found) + lie, "offset": offset, "limit": limit}
        return 200, {}, json.dumps(page).encode()

    return answer


def test_the_api_is_asked_by_each_identifier(tlm: Tlm, settings_for: Settings) -> None:
    """All pages; texts as they are shown; an event met twice stands once."""
    events: list[dict[str, object]] = [
        {"id": f"e{n}", "timestamp": "2026-11-20T10:00:00+01:00", "action": "update", "resource_id": "r1"}
        for n in range(25)
    ]
    events.append({"id": "c", "timestamp": "never", "resource_id": "r2", "user": {"id": "u1", "name": "Ann"}})
    tlm.instead = by_resource(events)
    rows = read(settings_for({"prod": tlm.base_url}), "r1", "r2", "r1")
    assert len(rows) == 26
    assert rows[0] == ("2026-11-20T09:00:00", "update", None, None, None, None, "e0")
    assert rows[-1] == (None, None, None, "Ann", None, None, "c")
    assert {one.query["resource_id"] for one in tlm.asked} == {"r1", "r2"}


def test_a_trail_that_is_not_whole_is_not_shown(tlm: Tlm, settings_for: Settings) -> None:
    """What was expected and what came."""
    tlm.instead = by_resource([{"id": "e", "resource_id": "r1"}], lie=2)
    with pytest.raises(RunIncomplete, match=r"Audit events of r1 of account prod are missing: .*3.*1"):
        read(settings_for({"prod": tlm.base_url}), "r1")
