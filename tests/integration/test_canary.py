"""A canary key, searched for in everything that runs leave behind, whatever went wrong."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from place import Place

from pipeline.extract import run as extract_module
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan], ThreadedSandbox]
SMALL = Plan(endpoints=60, weeks=2)
CANARY = "01c4na4y_0123456789abcdef0123456789abcdef"


def assert_nowhere(place: Place, key: str, *said: str) -> None:
    """The key is in no file but that which gives it, and in nothing that was said."""
    for path in place.folder.rglob("*"):
        if path.is_file() and path.suffix != ".key" and path.name != "give":
            assert key.encode() not in path.read_bytes(), path
    assert key not in "".join(said)


def test_a_whole_week_leaves_the_key_nowhere(place: Place, sandbox_of: Start) -> None:
    """Extraction, database, report, exports, trail and query, with every request and statement in the log."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)
    said = []
    for words in (
        ("run", "weekly"),
        ("query", "from meta.runs"),
        ("query", "--format", "json", "from core.audit_events"),
    ):
        code, out, err = place.tlm("--debug", *words)
        assert code == 0, err
        said += [out, err]
    assert "audit-log" in said[1]
    assert (place.folder / "out").exists()
    for key in sandbox.keys.values():
        assert_nowhere(place, key, *said)


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ((Fault("key-expires", after=5),), 3),
        ((Fault("forbidden"),), 3),
        ((Fault("absent"),), 3),
        ((Fault("503-forever", calls=("endpoints.unsecured",)),), 4),
        ((Fault("html-forever", calls=("agents",)),), 4),
        ((Fault("truncated-forever", calls=("certificates",)),), 4),
        ((Fault("reset-forever", calls=("profiles",)),), 4),
        ((Fault("total-high", calls=("endpoints.discovered",)),), 4),
        ((Fault("429-seconds"), Fault("500"), Fault("hostile-surrogate")), 0),
    ],
    ids=lambda value: "+".join(fault.name for fault in value) if isinstance(value, tuple) else str(value),
)
def test_a_failing_extraction_leaves_the_key_nowhere(
    place: Place, sandbox_of: Start, faults: tuple[Fault, ...], code: int
) -> None:
    """Each way to fail: its exit code, one sentence, and a traceback without the key."""
    sandbox = sandbox_of(Plan(endpoints=60, weeks=1, faults=faults))
    place.configure(sandbox.base_url, sandbox.keys)
    found, out, err = place.tlm("--debug", "extract")
    assert found == code, err
    assert ("Traceback" in err) is (code != 0)
    for key in sandbox.keys.values():
        assert_nowhere(place, key, out, err)


@pytest.fixture
def echo() -> Iterator[str]:
    """A service that fails and repeats what it was sent: in its error, its redirect, its page, its status line."""
    loop = asyncio.new_event_loop()
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await write(head, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass  # a connection that was opened ahead, or is gone
        finally:
            writer.close()

    async def write(head: str, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("x-api-key"))
        asked += 1
        status, headers, body = (
            ("401 X", "", json.dumps({"errors": [{"code": f"bad {key}", "message": f"{key} is unknown"}]})),
            ("302 X", f"location: https://elsewhere.example/?key={key}\r\n", ""),
            ("500 X", "", f"Traceback: {key}"),
            (f"429 {key}", "retry-after: 0\r\n", f'{{"error": "slow down {key}"}}'),
            ("200 X", "", f"<html>{key}</html>"),
        )[asked % 5]
        writer.write(
            f"HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
        )
        await writer.drain()

    async def end() -> None:
        server.close()
        handlers = asyncio.all_tasks() - {asyncio.current_task()}
        for one in handlers:
            one.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(answer, "127.0.0.1", 0), loop).result()
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("source", ["env", "file", "command"])
def test_a_service_that_repeats_the_key_does_not_make_us_repeat_it(
    place: Place, echo: str, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """However the key was given, over all the ways to fail in turn."""
    place.configure(echo, {"prod": CANARY})
    given = {"env": 'env = "TLM_CANARY"', "file": 'file = "prod.key"', "command": 'command = ["cat", "prod.key"]'}
    path = place.folder / "tlm.toml"
    path.write_text(path.read_text().replace('file = "prod.key"', given[source]))
    monkeypatch.setenv("TLM_CANARY", CANARY)
    for _ in range(5):
        code, out, err = place.tlm("--debug", "extract")
        assert code in {3, 4}, err
        assert "****" in out + err or "HTML" in err
        assert_nowhere(place, CANARY, out, err)


def test_a_bug_does_not_show_the_key(place: Place, sandbox_of: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when an exception of ours carries it: exit code 70, a traceback, and stars."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)

    def explode(*_: object) -> None:
        msg = f"cannot send {sandbox.keys}"
        raise RuntimeError(msg)

    monkeypatch.setattr(extract_module, "new_reading", explode)
    code, out, err = place.tlm("--debug", "extract")
    assert (code, "Traceback" in err, "****" in err) == (70, True, True)
    for key in sandbox.keys.values():
        assert_nowhere(place, key, out, err)


def test_a_key_that_no_header_can_carry_is_not_shown(place: Place) -> None:
    """It is refused before the HTTP library could quote it."""
    place.configure("http://127.0.0.1:9", {"prod": f"{CANARY} {CANARY}"})
    code, out, err = place.tlm("--debug", "extract")
    assert code == 2
    assert_nowhere(place, CANARY, out, err)


def test_the_files_of_a_run_are_for_their_owner_only(place: Place, sandbox_of: Start) -> None:
    """All of the landing zone, the folders too."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)
    assert place.tlm("extract")[0] == 0
    landing: Path = place.folder / "data" / "landing"
    assert {oct(path.stat().st_mode & 0o077) for path in (landing, *landing.rglob("*"))} == {"0o0"}
