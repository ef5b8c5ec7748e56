"""The sandbox on a real socket of this machine: in a process of its own, in a thread, or in the foreground.

    with Sandbox(Plan(endpoints=10_000)) as sandbox:      # own process: the client's memory and core stay its own
        sandbox.base_url, sandbox.keys["prod"]
        sandbox.move_to(0)                                # the simulated clock; the last week is served at the start

The child process lives on its standard input: when the parent closes it, or dies in whatever way, the child ends.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import msgspec
import uvicorn

from pipeline.sandbox.plan import Plan
from pipeline.sandbox.service import Request, Service, make_key
from pipeline.sandbox.world import World

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


class Opening(msgspec.Struct, frozen=True):
    """How to reach a running sandbox: the base URL, and by account name the API key and the account's identifier."""

    base_url: str
    keys: dict[str, str]
    account_ids: dict[str, str]


def make_app(service: Service) -> Application:
    """The service as a plain ASGI application."""

    async def app(
        scope: Message, _receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        )
        reply = service.answer(request)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})

    return app


class _Stage:
    """A world, the service that shows one week of it, and the socket and server in front."""

    def __init__(self, plan: Plan, port: int, week: int) -> None:
        self._world = World(plan)
        keys = {account: make_key(account, plan.seed) for account in plan.shares}
        snapshot = self._world.at(week % plan.weeks)
        self._service = Service(snapshot, keys, plan.refusals)
        # Named as TCP: only then does asyncio send small writes at once (TCP_NODELAY); a page would wait 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        # Listening begins here, so a client that connects before the server runs waits instead of failing.
        self._socket.listen(128)
        settings = uvicorn.Config(
            make_app(self._service),
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(settings)
        self.opening = Opening(
            base_url=f"http://127.0.0.1:{self._socket.getsockname()[1]}",
            keys=keys,
            account_ids={name: view.account_id for name, view in snapshot.accounts.items()},
        )

    def run(self) -> None:
        """Serve until `stop`, or until Ctrl-C when this is the main thread."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def move_to(self, week: int) -> None:
        """Show another week."""
        self._service.show(self._world.at(week))

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        self._server.should_exit = True


class ThreadedSandbox:
    """A sandbox in a thread of this process: starts quickly, for tests. A context manager like `Sandbox`."""

    def __init__(self, plan: Plan, week: int = -1) -> None:
        self._stage = _Stage(plan, 0, week)
        self._thread = threading.Thread(target=self._stage.run, name="sandbox", daemon=True)
        self.base_url = self._stage.opening.base_url
        self.keys = self._stage.opening.keys
        self.account_ids = self._stage.opening.account_ids

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.stop()
        self._thread.join()

    def move_to(self, week: int) -> None:
        """Move the simulated clock; week 0 is the oldest. Requests that come afterwards see that week."""
        self._stage.move_to(week)


class Sandbox:
    """A sandbox in a process of its own, on a free port; `base_url`, `keys` and `account_ids` are known once entered.

    It opens at a week, the last one unless told otherwise.
    """

    def __init__(self, plan: Plan, week: int = -1) -> None:
        self._plan = plan
        self._week = week
        self.base_url = ""
        self.keys: dict[str, str] = {}
        self.account_ids: dict[str, str] = {}

    def __enter__(self) -> Self:
        package_root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(  # noqa: S603 -- this interpreter, our own module
            [sys.executable, "-m", "pipeline.sandbox", msgspec.json.encode(self._plan).decode(), str(self._week)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            # Ctrl-C on a terminal reaches the whole process group; only the parent decides when its sandbox ends.
            start_new_session=True,
        )
        try:
            opening = msgspec.json.decode(self._read_line(), type=Opening)
        except BaseException:
            self._end()
            raise
        self.base_url, self.keys, self.account_ids = opening.base_url, opening.keys, opening.account_ids
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def move_to(self, week: int) -> None:
        """Move the simulated clock; week 0 is the oldest. Requests that come afterwards see that week."""
        commands = cast("IO[bytes]", self._process.stdin)
        commands.write(f"{week}\n".encode())
        commands.flush()
        self._read_line()

    def _read_line(self) -> bytes:
        line = cast("IO[bytes]", self._process.stdout).readline()
        if not line:
            raise RuntimeError("The sandbox process ended before it answered; its own message is on standard error.")
        return line

    def _end(self) -> None:
        """Closing its standard input ends the child; a child that hangs is killed."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_child(plan: Plan, week: int, commands: IO[bytes], answers: IO[bytes]) -> None:
    """Serve in this process: print the opening as a JSON line, then obey week numbers until `commands` ends."""
    stage = _Stage(plan, 0, week)

    def obey() -> None:
        for line in commands:
            stage.move_to(int(line))
            _say(answers, b"moved")
        stage.stop()

    # A daemon: the interpreter must not wait for a parent's command when the server has ended for another reason.
    threading.Thread(target=obey, name="commands", daemon=True).start()
    _say(answers, msgspec.json.encode(stage.opening))
    stage.run()


def _say(answers: IO[bytes], line: bytes) -> None:
    answers.write(line + b"\n")
    answers.flush()


def serve(plan: Plan, port: int, announce: Callable[[Opening], None]) -> None:
    """Serve the last week of a plan on a port (0: a free one) until Ctrl-C; `announce` is told how to reach it.

    Raises OSError when the port is taken.
    """
    stage = _Stage(plan, port, -1)
    announce(stage.opening)
    try:
        stage.run()
    except KeyboardInterrupt:
        # uvicorn has stopped in good order and raises the signal again for its caller.
        return
