"""The sandbox on a real socket, in a process of its own and in a thread."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys

import httpx2 as httpx
import msgspec
import pytest
from place import child_process

from pipeline.api.contract import BY_NAME
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import Opening, Sandbox, ThreadedSandbox, serve
from pipeline.sandbox.world import World

PLAN = Plan(endpoints=80, seed=9, weeks=3)
PATH = BY_NAME["endpoints.automatable"].path


def has_ended(pid: int) -> bool:
    """Whether a process that is not our child ends within ten seconds."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 10)[0])
    finally:
        os.close(process)


@pytest.mark.parametrize("kind", [Sandbox, ThreadedSandbox])
def test_a_sandbox_serves_the_world_and_moves_through_its_weeks(kind: type[Sandbox | ThreadedSandbox]) -> None:
    """Over the socket come the bytes of the world, of each week that the clock is moved to."""
    world = World(PLAN)
    with kind(PLAN, week=0) as sandbox, httpx.Client(base_url=sandbox.base_url, timeout=60) as client:
        for week in (0, 2, 1):
            sandbox.move_to(week)
            view = world.at(week).accounts["apac"]
            reply = client.get(PATH, params={"limit": 1000}, headers={"X-API-Key": sandbox.keys["apac"]})
            assert reply.status_code == 200
            assert msgspec.json.decode(reply.content)["items"] == [
                msgspec.json.decode(item) for item in view.lists["endpoints.automatable"]
            ]
            assert sandbox.account_ids["apac"] == view.account_id
    with pytest.raises(httpx.ConnectError):
        httpx.get(sandbox.base_url)


def test_a_sandbox_opens_at_its_last_week_and_knows_its_keys() -> None:
    """Without a week the newest state is served, and a wrong key is refused over the wire too."""
    with ThreadedSandbox(PLAN) as sandbox:
        good = httpx.get(sandbox.base_url + PATH, headers={"x-api-key": sandbox.keys["prod"]}, timeout=60)
        bad = httpx.get(sandbox.base_url + PATH, headers={"x-api-key": "wrong"}, timeout=60)
    assert good.json()["total"] == len(World(PLAN).at(2).accounts["prod"].lists["endpoints.automatable"])
    assert (bad.status_code, bad.json()["errors"][0]["code"]) == (401, "invalid_api_key")


def test_a_sandbox_dies_with_its_parent() -> None:
    """Killed without a chance to clean up, the parent leaves no orphan behind."""
    program = (
        "import sys\n"
        "from pipeline.sandbox.plan import Plan\n"
        "from pipeline.sandbox.serve import Sandbox\n"
        "with Sandbox(Plan(endpoints=5, weeks=1)) as sandbox:\n"
        "    print(sandbox._process.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program]
    with child_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    assert has_ended(child)


def test_serve_announces_itself_and_ends_with_ctrl_c() -> None:
    """`serve` says how to reach it, writes nothing else, and returns after an interrupt."""
    program = (
        "import msgspec\n"
        "from pipeline.sandbox.plan import Plan\n"
        "from pipeline.sandbox.serve import serve\n"
        "def announce(opening):\n"
        "    print(msgspec.json.encode(opening).decode(), flush=True)\n"
        "serve(Plan(endpoints=5, weeks=1), 0, announce)\n"
        "print('returned')\n"
    )
    command = [sys.executable, "-c", program]
    with child_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        opening = msgspec.json.decode(server.stdout.readline(), type=Opening)
        reply = httpx.get(opening.base_url + PATH, headers={"x-api-key": opening.keys["prod"]}, timeout=60)
        server.send_signal(signal.SIGINT)
        rest, talk = server.communicate()
    assert reply.status_code == 200
    assert (rest, talk, server.returncode) == ("returned\n", "", 0)


def test_a_port_that_is_taken() -> None:
    """The operating system's error reaches the caller."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            serve(Plan(endpoints=0, weeks=1), taken.getsockname()[1], print)


def test_small_replies_are_not_held_back() -> None:
    """The listening socket says that it is TCP, or asyncio leaves Nagle's delay of 40 ms on every connection."""
    sandbox = ThreadedSandbox(Plan(endpoints=0, weeks=1))
    with sandbox:
        assert sandbox._stage._socket.proto == socket.IPPROTO_TCP
