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
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar, cast

import msgspec
import uvicorn

from pipeline.sandbox.app import Connection, make_app
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.messages import Asked, Reply, Request
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.replay import Recording
from pipeline.sandbox.service import Service, make_key
from pipeline.sandbox.world import World


class Opening(msgspec.Struct, frozen=True):
    """How to reach a running sandbox: the base URL, and by account name the API key and the account's identifier."""

    base_url: str
    keys: dict[str, str]
    account_ids: dict[str, str]


class MoveTo(msgspec.Struct, frozen=True, tag=True):
    """Show another week."""

    week: int


class ChangeFaults(msgspec.Struct, frozen=True, tag=True):
    """From now on these faults."""

    faults: tuple[Fault, ...]


class TellRequests(msgspec.Struct, frozen=True, tag=True):
    """Say what was asked."""


class TellTruth(msgspec.Struct, frozen=True, tag=True):
    """Say what a list holds."""

    account: str
    call: str


Command = MoveTo | ChangeFaults | TellRequests | TellTruth
T = TypeVar("T")


class _Stage:
    """A world or a recording, the service that shows one week of it, and the socket and server in front."""

    def __init__(self, shown: Plan | Recording, port: int, week: int) -> None:
        self._world = World(shown) if isinstance(shown, Plan) else shown
        plan = self._world.plan
        keys = {account: make_key(account, plan.seed) for account in plan.shares}
        snapshot = self._world.at(week % plan.weeks)
        # Requests are answered in the server's thread, commands are obeyed in another.
        self._lock = threading.Lock()
        self._service = Service(snapshot, keys, plan, forms=self._world.forms)
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
            make_app(self._answer),
            http=Connection,
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

    def obey(self, command: Command) -> object:
        """Do what a command says; what it asks for, or None."""
        # Weeks are lived before the lock is taken: that may last.
        snapshot = self._world.at(command.week) if isinstance(command, MoveTo) else None
        with self._lock:
            match command:
                case MoveTo() if snapshot is not None:
                    self._service.show(snapshot)
                case ChangeFaults(faults=faults):
                    self._service.change_faults(faults)
                case TellRequests():
                    return self._service.requests()
                case TellTruth(account=account, call=call):
                    return self._service.truth(account, call)
        return None

    def _answer(self, request: Request) -> Reply:
        with self._lock:
            return self._service.answer(request)

    def stop(self) -> None:
        """Let `run` return; from any thread."""
        self._server.should_exit = True


class _Remote:
    """What can be asked of a running sandbox; `base_url`, `keys` and `account_ids` say how to reach it."""

    base_url = ""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}
        self.account_ids: dict[str, str] = {}

    def _know(self, opening: Opening) -> None:
        self.base_url, self.keys, self.account_ids = opening.base_url, opening.keys, opening.account_ids

    def _order(self, command: Command, answer: type[T], /) -> T:
        raise NotImplementedError

    def move_to(self, week: int) -> None:
        """Move the simulated clock; week 0 is the oldest. Requests that come afterwards see that week.

        Rows that came and went are forgotten; faults count anew.
        """
        self._order(MoveTo(week), type(None))

    def change_faults(self, faults: tuple[Fault, ...]) -> None:
        """From now on these faults and no others, counted anew; rows that came and went stay as they are."""
        self._order(ChangeFaults(faults), type(None))

    def requests(self) -> tuple[Asked, ...]:
        """The requests that came since the start, oldest first; the newest 200,000."""
        return self._order(TellRequests(), tuple[Asked, ...])

    def truth(self, account: str, call: str) -> list[bytes]:
        """The items that a list holds now, as they are served, without any filter."""
        return self._order(TellTruth(account, call), list[bytes])


class ThreadedSandbox(_Remote):
    """A sandbox in a thread of this process: starts quickly, for tests. A context manager like `Sandbox`."""

    def __init__(self, shown: Plan | Recording, week: int = -1) -> None:
        super().__init__()
        self._stage = _Stage(shown, 0, week)
        self._thread = threading.Thread(target=self._stage.run, name="sandbox", daemon=True)
        self._know(self._stage.opening)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.stop()
        self._thread.join()

    def _order(self, command: Command, _answer: type[T], /) -> T:
        return cast("T", self._stage.obey(command))


class Sandbox(_Remote):
    """A sandbox in a process of its own, on a free port; `base_url`, `keys` and `account_ids` are known once entered.

    It opens at a week, the last one unless told otherwise.
    """

    def __init__(self, plan: Plan, week: int = -1) -> None:
        super().__init__()
        self._plan = plan
        self._week = week

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
            self._know(msgspec.json.decode(self._read_line(), type=Opening))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _order(self, command: Command, answer: type[T], /) -> T:
        commands = cast("IO[bytes]", self._process.stdin)
        commands.write(msgspec.json.encode(command) + b"\n")
        commands.flush()
        return msgspec.json.decode(self._read_line(), type=answer)

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
    """Serve in this process: print the opening as a JSON line, then obey a command a line until `commands` ends."""
    stage = _Stage(plan, 0, week)

    def obey() -> None:
        for line in commands:
            _say(answers, msgspec.json.encode(stage.obey(msgspec.json.decode(line, type=Command))))
        stage.stop()

    # A daemon: the interpreter must not wait for a parent's command when the server has ended for another reason.
    threading.Thread(target=obey, name="commands", daemon=True).start()
    _say(answers, msgspec.json.encode(stage.opening))
    stage.run()


def _say(answers: IO[bytes], line: bytes) -> None:
    answers.write(line + b"\n")
    answers.flush()


def serve(shown: Plan | Recording, port: int, announce: Callable[[Opening], None]) -> None:
    """Serve the last week of a plan, or a recording, on a port (0: a free one) until Ctrl-C.

    `announce` is told how to reach it. Raises OSError when the port is taken.
    """
    stage = _Stage(shown, port, -1)
    announce(stage.opening)
    try:
        stage.run()
    except KeyboardInterrupt:
        # uvicorn has stopped in good order and raises the signal again for its caller.
        return
