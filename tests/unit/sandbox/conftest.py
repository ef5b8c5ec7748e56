"""A world and a service that the sandbox's tests share; nothing in them changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from pipeline.sandbox.messages import Reply, Request
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.service import Service, make_key
from pipeline.sandbox.world import World

PLAN = Plan(endpoints=2000, seed=7, weeks=3)

Ask = Callable[..., Reply]


@pytest.fixture(scope="session")
def world() -> World:
    """Two thousand endpoints over three weeks."""
    return World(PLAN)


@pytest.fixture(scope="session")
def items(world: World) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The decoded items of the last week, by account and call."""
    return {
        account: {name: [msgspec.json.decode(item) for item in encoded] for name, encoded in view.lists.items()}
        for account, view in world.at(2).accounts.items()
    }


@pytest.fixture
def ask(world: World) -> Ask:
    """Ask the service of the last week as account `prod`: path, query, other headers or method by name."""
    service = Service(world.at(2), {account: make_key(account, 7) for account in ("prod", "apac")})

    def send(path: str, query: str = "", **other: Any) -> Reply:
        headers = {"x-api-key": make_key("prod", 7), **other.pop("headers", {})}
        return service.answer(Request(other.pop("method", "GET"), path, query, headers))

    return send
