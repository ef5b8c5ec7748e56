"""A little TLM on a real socket that shares nothing with the pipeline or its sandbox."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stamina

from pipeline import config

KEY = "canary-9f8e7d6c5b4a"
BASE = "/mpki/api/v1/"
PATHS = {
    "endpoints.automatable": BASE + "inventory/endpoint/automatable",
    "endpoints.unsecured": BASE + "inventory/endpoint/unsecured",
    "endpoints.discovered": BASE + "inventory/endpoint/discovered",
    "automation_inventory": BASE + "automation/inventory",
    "audit_log": BASE + "audit-log",
    "certificates": BASE + "certificate-search",
    "business_units": BASE + "business-unit",
    "profiles": BASE + "profile",
    "agents": BASE + "agent",
}
DOCUMENT = "/mpki/docs/openapi-public.json"
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
Raw = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Tlm:
    """`lists` by resource; `instead` may answer a request before the lists do; `asked` is every request of a list so far.

    `hold_until`: all requests but the first three wait for each other until so many have been under way at once.
    `document` is the OpenAPI document it serves (None: 404), asked for `documents` times.
    """

    lists: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in PATHS})
    instead: Callable[[Asked, int], Raw | None] = lambda _asked, _number: None
    asked: list[Asked] = field(default_factory=list)
    document: dict[str, Any] | None = None
    document_refused: int = 404
    documents: int = 0
    delay_seconds: float = 0.0
    hold_until: int = 0
    most_at_once: int = 0
    base_url: str = ""
    _at_once: int = 0
    _met: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, asked: Asked) -> Raw:
        """The page that was asked for."""
        if asked.path == DOCUMENT:
            return (
                (self.document_refused, {}, b"")
                if self.document is None
                else (200, {}, json.dumps(self.document).encode())
            )
        replaced = self.instead(asked, len(self.asked))
        if replaced is not None:
            return replaced
        if asked.headers.get("x-api-key") != KEY:
            return 401, {}, b'{"errors":[{"code":"invalid_api_key","message":"unknown key"}]}'
        name = next((name for name, path in PATHS.items() if path == asked.path), None)
        if name is None:
            return 404, {}, b'{"errors":[{"code":"resource_not_found","message":"no such path"}]}'
        rows = self.lists[name]
        if name == "profiles":
            return 200, {}, json.dumps(rows).encode()
        offset, limit = int(asked.query.get("offset", 0)), int(asked.query.get("limit", 20))
        page = {"items": rows[offset : offset + limit], "total": len(rows), "offset": offset, "limit": limit}
        return 200, {}, json.dumps(page, indent=1).encode()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        while head := (await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""):
            first, *lines = head.decode().rstrip().split("\r\n")
            url = urlsplit(first.split(" ")[1])
            headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            asked = Asked(url.path, query, headers, asyncio.get_running_loop().time())
            if asked.path == DOCUMENT:
                self.documents += 1
            else:
                self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            if self.most_at_once >= self.hold_until:
                self._met.set()
            elif len(self.asked) > 3 and asked.path != DOCUMENT:
                with suppress(TimeoutError):  # then the test says how many there were
                    await asyncio.wait_for(self._met.wait(), 30)
            await asyncio.sleep(self.delay_seconds)
            status, more, body = self.answer(asked)
            self._at_once -= 1
            more = {"content-type": "application/json", "content-length": str(len(body)), **more}
            sent = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(f"HTTP/1.1 {status} X\r\n{sent}\r\n".encode() + body)
            await writer.drain()
            if more.get("connection") == "close":
                break
        writer.close()


Serve = Callable[[Callable[[asyncio.StreamReader, asyncio.StreamWriter], object], ssl.SSLContext | None], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers on free ports in a thread; all end with the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers = []

    def start(talk: Callable[..., object], context: ssl.SSLContext | None) -> int:
        async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)  # type: ignore[misc]
            except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
                writer.close()

        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(quietly, "127.0.0.1", 0, ssl=context), loop)
        servers.append(server.result())
        return int(servers[-1].sockets[0].getsockname()[1])

    async def end() -> None:
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    yield start
    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def start_tlm(serve: Serve) -> Iterator[Callable[[], Tlm]]:
    """Starts servers, each on a free port; all end with the test."""

    def start() -> Tlm:
        tlm = Tlm()
        tlm.base_url = f"http://127.0.0.1:{serve(tlm.talk, None)}"
        return tlm

    with stamina.set_testing(True, attempts=3, cap=True):
        yield start


@pytest.fixture
def tlm(start_tlm: Callable[[], Tlm]) -> Tlm:
    """One server with a few rows in every list."""
    one = start_tlm()
    for name in one.lists:
        one.lists[name] = [{"id": f"{name}-{number}", "ip": "192.0.2.1", "port": number} for number in range(25)]
    one.lists["automation_inventory"] = [{"guid": f"guid-{number}"} for number in range(12)]
    one.lists["business_units"] = [
        {"id": f"b{number}", "name": name, "account": {"id": "1111"}} for number, name in enumerate(("Retail", "Bank"))
    ]
    one.lists["audit_log"] = [{"id": f"e{day}", "timestamp": f"2026-11-{day}T23:30:00Z"} for day in range(10, 24)]
    return one


@pytest.fixture
def settings_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., config.Settings]:
    """Settings of accounts by name and server, with a data folder of the test's own."""
    monkeypatch.setenv("TLM_KEY", KEY)

    def make(servers: dict[str, str], **extract: Any) -> config.Settings:
        accounts = tuple(
            config.Account(name=name, base_url=base_url, api_key=config.SecretReference(env="TLM_KEY"))
            for name, base_url in servers.items()
        )
        options = {"page_size": 10, "requests_per_second": 10_000, **extract}
        return config.Settings(accounts=accounts, folder=str(tmp_path), extract=config.Extract(**options))

    return make
