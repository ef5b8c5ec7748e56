"""Every fault as a client meets it on a real socket."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
from place import child_process

from pipeline.api.contract import BY_NAME, LISTS
from pipeline.cli import run
from pipeline.sandbox.faults import FAULTS, Fault
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import Sandbox, ThreadedSandbox

NAME = "endpoints.discovered"
PATH = BY_NAME[NAME].path
SMALL = Plan(endpoints=90, seed=5, weeks=1)


class Client:
    """Asks a sandbox as account prod."""

    def __init__(self, sandbox: Sandbox | ThreadedSandbox) -> None:
        self.sandbox = sandbox
        self._http = httpx.Client(base_url=sandbox.base_url, headers={"x-api-key": sandbox.keys["prod"]}, timeout=60)

    def ask(self, offset: int = 0, limit: int = 10, path: str = PATH, timeout: float = 60) -> httpx.Response:
        return self._http.get(path, params={"offset": offset, "limit": limit}, timeout=timeout)

    def read_all(self, limit: int = 10) -> list[dict[str, Any]]:
        """A naive reading: the next offset is the number of items that came; a failed page is asked for again."""
        items: list[dict[str, Any]] = []
        while True:
            try:
                reply = self.ask(len(items), limit)
                body = reply.json() if reply.status_code == 200 else None
            except (httpx.TransportError, ValueError):
                continue
            if body is None:
                continue
            if not body["items"]:
                return items
            items += body["items"]

    def close(self) -> None:
        self._http.close()


@contextmanager
def running(
    *faults: Fault, plan: Plan = SMALL, kind: type[Sandbox | ThreadedSandbox] = ThreadedSandbox
) -> Iterator[Client]:
    """A sandbox with these faults."""
    with kind(msgspec.structs.replace(plan, faults=faults)) as sandbox:
        client = Client(sandbox)
        try:
            yield client
        finally:
            client.close()


def ids(items: list[dict[str, Any]]) -> list[Any]:
    return [item.get("id") for item in items]


def truth_ids(client: Client, account: str = "prod", call: str = NAME) -> list[Any]:
    return ids([msgspec.json.decode(item) for item in client.sandbox.truth(account, call)])


def seconds_of(reply: httpx.Response) -> float:
    """What Retry-After asks for, in either form."""
    value = reply.headers["retry-after"]
    if value.isdigit():
        return float(value)
    return (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()


ANSWERS: dict[str, Callable[[httpx.Response], bool]] = {
    "429-seconds": lambda r: r.status_code == 429 and r.headers["retry-after"] == "1",
    "429-date": lambda r: r.status_code == 429 and "GMT" in r.headers["retry-after"] and -60 < seconds_of(r) <= 2,
    "429": lambda r: r.status_code == 429 and "retry-after" not in r.headers,
    "503-seconds": lambda r: r.status_code == 503 and r.headers["retry-after"] == "1",
    "503-date": lambda r: r.status_code == 503 and "GMT" in r.headers["retry-after"] and -60 < seconds_of(r) <= 2,
    "503": lambda r: r.status_code == 503 and "retry-after" not in r.headers,
    "500": lambda r: r.status_code == 500,
    "html": lambda r: (
        r.status_code == 200 and r.headers["content-type"].startswith("text/html") and b"<html" in r.content
    ),
    "truncated": lambda r: (
        r.status_code == 200 and r.content.startswith(b'{"items":[') and not r.content.endswith(b"}")
    ),
}
BREAKS: dict[str, tuple[type[Exception], str]] = {
    "reset": (httpx.ReadError, "reset by peer"),
    "cut": (httpx.RemoteProtocolError, "without sending complete message body"),
    "hang": (httpx.ReadTimeout, "timed out"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_goes_wrong_once_and_then_comes_right(name: str) -> None:
    """The first request of each page meets the fault, the second gets the page."""
    with running(Fault(name)) as client:
        for offset in (0, 10):
            assert ANSWERS[name](client.ask(offset))
            assert ids(client.ask(offset).json()["items"]) == truth_ids(client)[offset : offset + 10]
        assert [(one.fault, one.is_served) for one in client.sandbox.requests()] == [(name, False), ("", True)] * 2


@pytest.mark.parametrize("name", BREAKS)
def test_a_connection_breaks_once_and_then_holds(name: str) -> None:
    """A reset, an end in the middle of the body, or no answer at all; then the page."""
    kind, words = BREAKS[name]
    with running(Fault(name)) as client:
        with pytest.raises(kind, match=words):
            client.ask(timeout=0.2 if name == "hang" else 60)
        assert client.ask().json()["total"] == len(truth_ids(client))


@pytest.mark.parametrize("name", [*ANSWERS, *BREAKS])
def test_a_fault_without_end(name: str) -> None:
    """The same page fails each time."""
    with running(Fault(f"{name}-forever")) as client:
        for _ in range(3):
            if name in BREAKS:
                with pytest.raises(BREAKS[name][0]):
                    client.ask(timeout=0.05 if name == "hang" else 60)
            else:
                assert ANSWERS[name](client.ask())


@pytest.mark.parametrize("name", ["slow", "trickle"])
def test_a_slow_answer_is_the_same_answer(name: str) -> None:
    """Late as a whole, or in pieces: the bytes are those of a quick one."""
    with running(Fault(name, amount=0.1)) as client:
        began = time.monotonic()
        late = client.ask().content
        took = time.monotonic() - began
        assert took > 0.09
        assert late == client.ask().content


def test_a_trickle_never_pauses_long() -> None:
    """Its pieces come one by one, so that only a limit on the whole reply notices."""
    with running(Fault("trickle", amount=0.2)) as client, socket.create_connection(address(client)) as raw:
        raw.settimeout(5)
        key = client.sandbox.keys["prod"]
        raw.sendall(
            f"GET {PATH}?limit=10 HTTP/1.1\r\nHost: here\r\nx-api-key: {key}\r\nConnection: close\r\n\r\n".encode()
        )
        pieces = 0
        while raw.recv(1 << 20):
            pieces += 1
        assert pieces > 10


def address(client: Client) -> tuple[str, int]:
    url = httpx.URL(client.sandbox.base_url)
    return url.host, url.port or 0


def test_a_limit_is_capped_silently() -> None:
    """Less than was asked for, the real value only in `limit`."""
    with running(Fault("capped-limit", amount=7)) as client:
        body = client.ask(7, 50).json()
        assert (len(body["items"]), body["limit"], body["offset"]) == (7, 7, 7)
        assert ids(client.read_all()) == truth_ids(client)


def test_bare_arrays_that_honour_paging() -> None:
    """The page without its envelope, and an empty array past the end."""
    with running(Fault("bare-arrays", calls=(NAME,))) as client:
        assert ids(client.ask(10, 5).json()) == truth_ids(client)[10:15]
        assert client.ask(1000).json() == []
        assert "items" in client.ask(path=BY_NAME["certificates"].path).json()


def test_bare_arrays_that_ignore_paging() -> None:
    """Everything at once, whatever is asked for."""
    with running(Fault("bare-arrays-whole")) as client:
        assert ids(client.ask(10, 5).json()) == truth_ids(client)
        audit = client.ask(10, 5, BY_NAME["audit_log"].path).json()
        assert ids(audit) == truth_ids(client, call="audit_log")


def test_totals_that_lie() -> None:
    """Too high, too low, or coming down to the truth; the items stay the same."""
    cases = [
        ((Fault("total-high"),), [3, 3, 3]),
        ((Fault("total-low", amount=9),), [-9, -9, -9]),
        ((Fault("total-drifting", times=2),), [2, 1, 0]),
        ((Fault("total-drifting-forever"),), [2, 3, 4]),
    ]
    for faults, lies in cases:
        with running(*faults) as client:
            truth = truth_ids(client)
            replies = [client.ask(0, 1000).json() for _ in lies]
            assert [reply["total"] - len(truth) for reply in replies] == lies
            assert all(ids(reply["items"]) == truth for reply in replies)


@pytest.mark.parametrize(("name", "status"), [("forbidden", 403), ("absent", 404)])
def test_one_category_is_refused(name: str, status: int) -> None:
    """The others answer."""
    with running(Fault(name)) as client:
        assert [client.ask().status_code for _ in range(2)] == [status, status]
        assert client.ask(path=BY_NAME["endpoints.unsecured"].path).status_code == 200


def test_a_key_expires() -> None:
    """The account's requests of all calls count; then it is 401 until the fault is taken away."""
    with running(Fault("key-expires", after=2)) as client:
        paths = [PATH, BY_NAME["agents"].path, PATH, BY_NAME["health"].path]
        assert [client.ask(path=path).status_code for path in paths] == [200, 200, 401, 401]
        client.sandbox.change_faults(())
        assert client.ask().status_code == 200


def test_the_rate_limit_of_the_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred requests pass, the next is told to wait not longer than the window."""
    with running(Fault("rate-limit")) as client:
        monkeypatch.setattr(client.sandbox._stage._service._troubles, "_clock", lambda: 0.0)
        replies = [client.ask(limit=1) for _ in range(101)]
        assert Counter(reply.status_code for reply in replies) == {200: 100, 429: 1}
        assert replies[-1].headers["retry-after"] == "5"
        assert replies[-1].json()["errors"][0]["code"] == "request_limit_exceeded"


def test_health_is_down() -> None:
    """500 and the word of the documents, while the lists answer."""
    with running(Fault("health-down")) as client:
        reply = client.ask(path=BY_NAME["health"].path)
        assert (reply.status_code, reply.text) == (500, "DOWN")
        assert client.ask().status_code == 200


def test_the_shapes_of_an_error() -> None:
    """An object, plain text, HTML, nothing: for faults and for the service's own refusals."""
    shapes: dict[str, Callable[[httpx.Response], bool]] = {
        "error-object": lambda r: bool(r.json()["error"]["message"]) and "errors" not in r.json(),
        "error-text": lambda r: r.headers["content-type"].startswith("text/plain") and b"{" not in r.content,
        "error-html": lambda r: r.headers["content-type"].startswith("text/html") and b"<html>" in r.content,
        "error-empty": lambda r: r.content == b"",
    }
    for name, holds in shapes.items():
        with running(Fault(name), Fault("503-seconds")) as client:
            assert holds(client.ask())
            assert client.ask().status_code == 200
            bad = client.ask(path="/mpki/api/v1/nothing")
            assert bad.status_code == 404
            assert holds(bad)


def test_an_item_comes_again_on_other_pages() -> None:
    """One identifier three times, counted in the total."""
    with running(Fault("repeated-item")) as client:
        counts = Counter(ids(client.read_all()))
        assert counts == Counter(truth_ids(client))
        assert sorted(counts.values())[-2:] == [1, 3]


def test_items_without_their_identifier() -> None:
    """Some, the same ones each time, and nothing else of them is missing."""
    with running(Fault("no-id", amount=3)) as client:
        items = client.read_all()
        bare = [item for item in items if "id" not in item]
        assert 0 < len(bare) < len(items)
        assert client.read_all() == items
        client.sandbox.change_faults(())
        assert [{**item, "id": None} for item in client.read_all()] == [{**item, "id": None} for item in items]


HOSTILE: dict[str, bytes] = {
    "hostile-surrogate": rb"\ud800",
    "hostile-utf8": b"\xff\xfe",
    "hostile-duplicate": b"said twice",
    "hostile-retyped": b'{"value":["an object",1,null]}',
    "hostile-large": b"x" * 1_000_000,
    "hostile-nan": b":NaN",
}


@pytest.mark.parametrize("call", LISTS, ids=lambda call: call.name)
def test_hostile_items_in_every_list(call: Any) -> None:
    """Each hostile thing stands once in the list; with filters too, since the filters see honest items."""
    with running(*(Fault(name) for name in HOSTILE), plan=Plan(endpoints=400, seed=2, weeks=1)) as client:
        query = "?from=2000-01-01T00:00:00Z&limit=1000" if call.name == "audit_log" else "?limit=1000"
        reply = httpx.get(
            client.sandbox.base_url + call.path + query, headers={"x-api-key": client.sandbox.keys["prod"]}, timeout=60
        )
        held = client.sandbox.truth("prod", call.name)
        distinct = min(len(held), len(HOSTILE))
        found = [name for name, mark in HOSTILE.items() if mark in reply.content]
        assert len(found) >= distinct - 1
        if len(held) > 20:
            assert [reply.content.count(mark) for mark in HOSTILE.values()] == [1] * len(HOSTILE)


@pytest.mark.parametrize("name", ["rows-inserted", "rows-removed"])
@pytest.mark.parametrize("kind", [Sandbox, ThreadedSandbox])
def test_rows_shift_while_paging(name: str, kind: type[Sandbox | ThreadedSandbox]) -> None:
    """A naive reading repeats rows or misses some; the truth at the end is known, and then the list is at rest."""
    with running(Fault(name), kind=kind, plan=Plan(endpoints=200, seed=5, weeks=1)) as client:
        before = truth_ids(client)
        read = ids(client.read_all(limit=5))
        after = truth_ids(client)
        if name == "rows-inserted":
            assert len(after) == len(before) + 5
            assert set(before) < set(after)
            assert len(read) > len(set(read))
        else:
            assert len(after) == len(before) - 5
            assert set(after) < set(before)
            assert set(after) - set(read)
        assert ids(client.read_all()) == truth_ids(client) == after


def test_rows_change_their_places_while_paging() -> None:
    """All rows stay, in another order, and a naive reading misses some under a total that never moves."""
    with running(Fault("rows-moved"), plan=Plan(endpoints=200, seed=5, weeks=1)) as client:
        before = truth_ids(client)
        read = ids(client.read_all(limit=5))
        after = truth_ids(client)
        assert (sorted(after), after == before) == (sorted(before), False)
        assert set(after) - set(read)


def test_rows_come_and_go_under_a_constant_total() -> None:
    """Inserted and removed at once: the total tells nothing."""
    with running(Fault("rows-inserted"), Fault("rows-removed"), plan=Plan(endpoints=200, seed=5, weeks=1)) as client:
        before = truth_ids(client)
        totals = {client.ask(offset).json()["total"] for offset in range(0, 100, 10)}
        after = truth_ids(client)
        assert totals == {len(before)} == {len(after)}
        assert len(set(before) & set(after)) == len(before) - 5


def test_rows_that_never_come_to_rest() -> None:
    """Every second request of the list inserts one more."""
    with running(Fault("rows-inserted-forever", calls=(NAME,))) as client:
        before = len(truth_ids(client))
        for _ in range(40):
            client.ask(20)
        assert len(truth_ids(client)) == before + 20


def test_faults_combine_and_a_client_that_tries_again_gets_through() -> None:
    """Broken answers, capped pages, bare identifiers and slow replies at once; every item comes exactly once."""
    names = ["429-date", "503", "500", "reset", "cut", "truncated", "html"]
    faults = [
        *(Fault(name, first=2, share=0.8) for name in names),
        Fault("capped-limit", amount=4),
        Fault("slow", amount=0.001),
    ]
    with running(*faults) as client:
        assert ids(client.read_all()) == truth_ids(client)
        asked = client.sandbox.requests()
        assert {one.fault for one in asked} == {*names, ""}
        served = Counter(one.page for one in asked if one.is_served)
        assert set(served.values()) == {1}
        assert max(Counter(one.page for one in asked).values()) == 3


def test_a_healthy_sandbox_after_a_broken_one() -> None:
    """`503-forever` after some pages; then the faults are taken away, at the same address."""
    with running(Fault("503-forever", after=2), kind=Sandbox) as client:
        assert [client.ask(offset).status_code for offset in (0, 10, 20, 20)] == [200, 200, 503, 503]
        client.sandbox.change_faults(())
        assert client.ask(20).status_code == 200
        assert [(one.offset, one.status, one.fault) for one in client.sandbox.requests()] == [
            (0, 200, ""),
            (10, 200, ""),
            (20, 503, "503-forever"),
            (20, 503, "503-forever"),
            (20, 200, ""),
        ]


@pytest.mark.parametrize("kind", [Sandbox, ThreadedSandbox])
def test_what_was_asked_is_known(kind: type[Sandbox | ThreadedSandbox]) -> None:
    """Account, call, offset, limit and page of each request, in order, strangers included."""
    with running(kind=kind) as client:
        client.ask(30, 10)
        account_id = client.sandbox.account_ids["apac"]
        audit = BY_NAME["audit_log"].path
        query = f"?from=2026-11-20T00:00:00Z&account_id={account_id}&limit=5"
        httpx.get(
            client.sandbox.base_url + audit + query, headers={"x-api-key": client.sandbox.keys["apac"]}, timeout=60
        )
        httpx.get(client.sandbox.base_url + PATH, headers={"x-api-key": "nobody's"}, timeout=60)
        shown = [
            (one.account, one.call, one.offset, one.limit, one.page, one.status) for one in client.sandbox.requests()
        ]
        assert shown == [
            ("prod", NAME, 30, 10, "offset=30&limit=10", 200),
            ("apac", "audit_log", 0, 5, "from=2026-11-20T00:00:00Z&limit=5", 200),
            ("", NAME, 0, 0, "", 401),
        ]


def test_a_sandbox_ends_quietly_under_a_hanging_client(capfd: pytest.CaptureFixture[str]) -> None:
    """A client that still waits is cut off; nothing is printed."""
    with running(Fault("hang-forever")) as client:
        began = threading.Event()
        ended = threading.Event()

        def wait() -> None:
            began.set()
            with pytest.raises(httpx.TransportError):
                httpx.get(
                    client.sandbox.base_url + PATH, headers={"x-api-key": client.sandbox.keys["prod"]}, timeout=100
                )
            ended.set()

        thread = threading.Thread(target=wait)
        thread.start()
        began.wait()
        while not client.sandbox.requests():
            pass
    assert ended.wait(60)
    thread.join()
    assert capfd.readouterr() == ("", "")


def test_each_fault_is_named_in_this_file() -> None:
    """A fault that comes later without a test is seen here."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in FAULTS if f'"{name.removesuffix("-forever")}"' not in source] == []


def test_the_command_line_knows_the_faults(capsys: pytest.CaptureFixture[str]) -> None:
    """The help has a sentence for each; an unknown name is a usage error that lists them."""
    assert run(["sandbox", "serve", "--help"]) == 0
    help_text = " ".join(capsys.readouterr().out.split())  # however wide the terminal is
    assert all(name.removesuffix("-forever") in help_text for name in FAULTS)
    assert "the connection is reset instead of an answer" in help_text
    assert run(["sandbox", "serve", "--faults", "503, nothing"]) == 2
    said = capsys.readouterr().err
    assert "There is no fault 'nothing'; there are: 429-seconds" in said
    assert "rows-inserted" in said


def test_the_command_line_serves_with_faults() -> None:
    """Each fault is announced, and met by the first request."""
    command = [sys.executable, "-m", "pipeline", "sandbox", "serve", "--port", "0", "--endpoints", "20"]
    with child_process([*command, "--faults", "503-seconds,error-object"], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        lines = [server.stderr.readline() for _ in range(5)]
        url = lines[0].split()[4].rstrip(";")
        reply = httpx.get(url + PATH, headers={"x-api-key": lines[1].split()[-1]}, timeout=60)
        server.send_signal(signal.SIGINT)
        rest = server.stderr.read()
    assert (reply.status_code, reply.headers["retry-after"], list(reply.json())) == (503, "1", ["error"])
    assert [line.split(":")[0].strip() for line in lines[3:]] == ["fault 503-seconds", "fault error-object"]
    assert (rest, server.returncode) == ("", 0)
