"""What goes wrong on the first day: the documented exit code, one sentence, nothing published, the old file kept."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator

import duckdb
import pytest
from place import Place

from pipeline.config import RESOURCES
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan], ThreadedSandbox]
SMALL = Plan(endpoints=60, weeks=2)


@pytest.fixture
def html_site() -> Iterator[str]:
    """A web site that answers every path with a page, status 200: what a wrong region looks like."""
    ready = threading.Event()
    stop: list[Callable[[], None]] = []
    address: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><html><body>Loading</body></html>"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(body) + body)
        await writer.drain()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        stop.append(lambda: loop.call_soon_threadsafe(done.set))
        address.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        ready.set()
        async with server:
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    yield address[0]
    stop[0]()
    thread.join()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def one_sentence(err: str, *words: str) -> None:
    """The last line of stderr is the error; it has the words, and there is no traceback."""
    assert "Traceback" not in err
    last = err.strip().splitlines()[-1]
    for word in words:
        assert word in last, last


def test_a_wrong_key_is_exit_3_and_names_the_account(place: Place, sandbox_of: Start) -> None:
    """401: the sentence says which account and what to check; nothing is published."""
    place.configure(sandbox_of(SMALL).base_url, {"prod": "wrong_0000"})
    code, out, err = place.tlm("run", "weekly")
    assert code == 3
    one_sentence(err, "prod", "key")
    assert not place.database.exists()
    assert "wrong_0000" not in out + err


def test_an_unreachable_host_is_exit_4_and_names_it(place: Place) -> None:
    """Nothing listens there: after all retries the run is incomplete."""
    port = free_port()
    place.configure(f"http://127.0.0.1:{port}", {"prod": "k_1234"})
    code, _, err = place.tlm("extract")
    assert code == 4
    one_sentence(err, f"127.0.0.1:{port}")


def test_a_base_url_that_answers_html_is_exit_4(place: Place, html_site: str) -> None:
    """A wrong region answers 200 with a page: that is not the API."""
    place.configure(html_site, {"prod": "k_1234"})
    code, _, err = place.tlm("extract")
    assert code == 4
    one_sentence(err, "HTML", "base_url")


def test_an_unknown_key_in_the_configuration_is_exit_2(place: Place) -> None:
    """Named with its file."""
    place.configure("http://127.0.0.1:1", {"prod": "k_1234"}, extra="page_sise = 5\n")
    code, _, err = place.tlm("extract")
    assert code == 2
    one_sentence(err, "page_sise", "tlm.toml")


def test_a_missing_key_reference_is_exit_2(place: Place) -> None:
    """Named with the account and the place that was looked at."""
    place.configure("http://127.0.0.1:1", {"prod": "k_1234"})
    (place.folder / "prod.key").unlink()
    code, _, err = place.tlm("extract")
    assert code == 2
    one_sentence(err, "prod", "prod.key")


def test_an_account_without_the_endpoints_feature_is_exit_3(place: Place, sandbox_of: Start) -> None:
    """403 or 404 on a required resource names the account, the resource and what is missing."""
    for status in (403, 404):
        refused = {"prod": dict.fromkeys(RESOURCES[:4], status)}
        sandbox = sandbox_of(Plan(endpoints=60, weeks=2, refusals=refused))
        place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"]})
        code, _, err = place.tlm("run", "weekly")
        assert code == 3
        one_sentence(err, "prod", "endpoints.")
        assert not place.database.exists()


def test_an_empty_account_gives_a_valid_report_that_says_so(place: Place, sandbox_of: Start) -> None:
    """No endpoint is not an error: complete with zero rows, and the report has no empty axes."""
    sandbox = sandbox_of(Plan(endpoints=60, weeks=2, shares={"full": 1.0, "empty": 0.0}))
    place.configure(sandbox.base_url, {"empty": sandbox.keys["empty"]})
    code, out, err = place.tlm("run", "weekly")
    assert code == 0, err
    html = next((place.folder / "out" / "reports").glob("weekly/*/*.html")).read_text(encoding="utf-8")
    assert "no endpoint" in html.lower()
    assert next((place.folder / "out" / "reports").glob("weekly/*/*.pdf")).read_bytes().startswith(b"%PDF")
    with duckdb.connect(str(place.database), read_only=True) as con:
        assert con.execute("select count(*) from core.endpoints").fetchall() == [(0,)]
    assert str(place.database) in out


def test_a_landing_zone_that_cannot_be_written_is_exit_8(place: Place, sandbox_of: Start) -> None:
    """A file stands where the folder should be: the sentence names the path."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"]})
    (place.folder / "data").mkdir()
    (place.folder / "data" / "landing").touch()
    code, _, err = place.tlm("extract")
    assert code == 8
    one_sentence(err, "landing")


def test_a_failed_week_leaves_the_published_file_byte_for_byte(place: Place, sandbox_of: Start) -> None:
    """After a good week the key is revoked: exit 3, the report of the old week stays, the database is the same file."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"]})
    assert place.tlm("run", "weekly")[0] == 0
    before = place.database.read_bytes()
    place.configure(sandbox.base_url, {"prod": "revoked_1"})
    code, out, err = place.tlm("run", "weekly")
    assert code == 3
    assert place.database.read_bytes() == before
    assert ".pdf  unchanged\n" in out
    assert "Traceback" not in err


def test_one_bad_account_does_not_stop_the_other(place: Place, sandbox_of: Start) -> None:
    """The good account is published, the bad one is absent, and the exit code says so."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, {"prod": sandbox.keys["prod"], "apac": "wrong_1"})
    code, _, err = place.tlm("run", "weekly")
    assert code == 3
    one_sentence(err, "apac")
    with duckdb.connect(str(place.database), read_only=True) as con:
        assert con.execute("select distinct account from core.endpoints").fetchall() == [("prod",)]


def test_a_command_without_a_database_says_what_to_run_first(place: Place) -> None:
    """Report, export and query before the first build."""
    place.configure("http://127.0.0.1:1", {"prod": "k_1234"})
    for words in (("report", "weekly"), ("export", "renew"), ("query", "select 1")):
        code, _, err = place.tlm(*words)
        assert code == 2
        one_sentence(err, "tlm build")
