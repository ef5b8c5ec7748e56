"""Manners of the client: waits as it was asked to, gives up in time, follows nothing."""

from __future__ import annotations

import asyncio
import logging

import pytest
import stamina

from pipeline.api import client
from pipeline.api.client import Client, Patience, Tally
from pipeline.api.contract import BY_NAME
from pipeline.api.line import Line
from pipeline.api.pace import Pace
from pipeline.api.reply import Page, read_page
from pipeline.api.request import Caller, Request, build_request
from pipeline.config import Account
from pipeline.errors import RateLimited, ServiceUnavailable

from .conftest import BASE, KEY, NOW, Tlm


@pytest.fixture(autouse=True)
def our_log_reaches_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another test may have configured the package's logger for stderr."""
    monkeypatch.setattr(logging.getLogger("pipeline"), "propagate", True)


def agents_of(base_url: str) -> Request:
    """The request for them."""
    return build_request(Caller(Account(name="prod", base_url=base_url), KEY), BY_NAME["agents"])


def fetch(
    tlm: Tlm, patience: Patience, tally: Tally, *, times: int = 1, concurrency: int = 4, rate: int = 1000
) -> list[Page]:
    """Ask for the agents, so many times side by side."""

    async def ask() -> list[Page]:
        request = agents_of(tlm.base_url)
        opened = Client(
            requests_per_second=rate,
            concurrency=concurrency,
            clock=lambda: NOW,
            patience=patience,
            line=Line("prod"),
        )
        async with opened:
            return await asyncio.gather(*(opened.fetch(request, read_page, tally) for _ in range(times)))

    return asyncio.run(ask())


def test_retry_after_is_served_exactly_by_the_whole_account(tlm: Tlm, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody asks again before the time is over, and the wait is what was asked for, without any of our own on top."""
    tlm.instead = lambda _asked, number: (429, {"retry-after": "0.4"}, b"") if number == 1 else None
    tally = Tally()
    with stamina.set_testing(False):
        fetch(tlm, Patience(), tally, times=3, concurrency=1)
    first, *others = [one.at for one in tlm.asked]
    assert (tally.requests, tally.retries) == (4, 1)
    assert min(others) - first >= 0.4
    assert "Trying again in 0.4 s." in caplog.text


def test_a_wait_beyond_the_budget_is_not_begun(tlm: Tlm) -> None:
    """An hour is more than the patience of ten minutes: told at once."""
    tlm.instead = lambda _asked, _number: (429, {"retry-after": "3600"}, b"")
    tally = Tally()
    with stamina.set_testing(False), pytest.raises(RateLimited, match=r"429.*1 attempt\)") as caught:
        fetch(tlm, Patience(), tally)
    assert (tally.requests, caught.value.retry_after_seconds) == (1, 3600)


def test_after_such_a_wish_nothing_more_is_sent_to_the_service(tlm: Tlm, caplog: pytest.LogCaptureFixture) -> None:
    """It is told once, and whoever still wanted to ask gets the same seconds."""
    tlm.instead = lambda _asked, _number: (429, {"retry-after": "3600"}, b"")

    async def ask() -> list[Page | BaseException]:
        request = build_request(Caller(Account(name="prod", base_url=tlm.base_url), KEY), BY_NAME["agents"])
        async with Client(requests_per_second=1000, concurrency=1, clock=lambda: NOW, line=Line("prod")) as client:
            asking = (client.fetch(request, read_page, Tally()) for _ in range(3))
            return await asyncio.gather(*asking, return_exceptions=True)

    with stamina.set_testing(False):
        first, *others = asyncio.run(ask())
    assert [one.path for one in tlm.asked] == [BASE + "agent"]
    assert "429" in str(first)
    for other in others:
        assert isinstance(other, RateLimited)
        assert other.retry_after_seconds == 3600
        assert "the service asked for 3600 s of silence, so nothing more was sent to it" in str(other)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "Account prod: the service asks for 3600 s of silence; nothing more is sent."
    ]


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"date": "Tue, 24 Nov 2026 06:04:59 GMT"}, None),
        ({"date": "Tue, 24 Nov 2026 05:55:01 GMT"}, None),
        ({"date": "Fri, 27 Nov 2026 08:00:00 GMT"}, "3 days, 2:00:00 behind"),
        ({"date": "Tue, 24 Nov 2026 05:54:00 GMT"}, "0:06:00 ahead of"),
        ({"date": "Tue, 24 Nov 2026 05:54:00 GMT", "age": "360"}, None),
        ({"date": "yesterday"}, None),
    ],
)
def test_a_clock_that_is_wrong_is_told_once(
    tlm: Tlm,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    headers: dict[str, str],
    told: str | None,
) -> None:
    """By the Date of the replies: the instant of the run and the windows of the audit log would be wrong."""
    monkeypatch.setattr(client, "_wall_clock", lambda: NOW)
    tlm.instead = lambda _asked, _number: (200, headers, b'{"items": [], "total": 0}')
    fetch(tlm, Patience(), Tally(), times=3, concurrency=1)
    sentences = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    begin = f"Account prod: the clock of this computer is {told} that of the service; set it"
    assert [sentence[: len(begin)] for sentence in sentences] == ([] if told is None else [begin])


@pytest.mark.parametrize(("rate", "told"), [(400, 3), (1000, 0)])
def test_the_pace_hears_when_a_request_has_left(
    tlm: Tlm, monkeypatch: pytest.MonkeyPatch, rate: int, told: int
) -> None:
    """Not only when it had its turn; at rates that timers cannot space it would cost more than it gives."""
    left: list[float] = []
    monkeypatch.setattr(Pace, "leave", lambda _pace, now: left.append(now))
    fetch(tlm, Patience(), Tally(), times=3, rate=rate)
    assert len(left) == told


def test_attempts_are_counted_and_end(tlm: Tlm) -> None:
    """The last error is told with the number of attempts."""
    tlm.instead = lambda _asked, _number: (500, {}, b"")
    tally = Tally()
    with pytest.raises(ServiceUnavailable, match=r"500.*3 attempts\)"):
        fetch(tlm, Patience(), tally)
    assert (tally.requests, tally.retries) == (3, 2)


def test_a_reply_that_does_not_end_is_given_up(tlm: Tlm) -> None:
    """The whole reply has its time, however slowly it drips."""
    tlm.delay_seconds = 100
    with pytest.raises(ServiceUnavailable, match="did not answer in time"):
        fetch(tlm, Patience(reply_seconds=0.05), Tally())


def test_a_connection_cut_in_mid_reply_is_tried_again(tlm: Tlm) -> None:
    """Fewer bytes than promised are no reply."""
    cut = (200, {"content-length": "99999", "connection": "close"}, b"{")
    tlm.instead = lambda _asked, number: cut if number == 1 else None
    tally = Tally()
    (page,) = fetch(tlm, Patience(), tally)
    assert (len(page.items), tally.retries) == (20, 1)


def test_retries_are_told_in_our_own_words(tlm: Tlm, caplog: pytest.LogCaptureFixture) -> None:
    """One warning for each, through our logger, none through stamina's."""
    tlm.instead = lambda _asked, number: (503, {}, b"") if number == 1 else None
    fetch(tlm, Patience(), Tally())
    assert [(record.name, record.levelname) for record in caplog.records if record.levelname == "WARNING"] == [
        ("pipeline.api.client", "WARNING")
    ]


def test_an_overloaded_service_is_asked_less_often(tlm: Tlm, caplog: pytest.LogCaptureFixture) -> None:
    """After a 429 the account's rate is halved, all is answered in the end, and one line says so."""
    caplog.set_level(logging.INFO, "pipeline")
    tlm.instead = lambda _asked, number: (429, {"retry-after": "0"}, b"") if number == 1 else None

    async def ask() -> None:
        request = build_request(Caller(Account(name="prod", base_url=tlm.base_url), KEY), BY_NAME["agents"])
        async with Client(requests_per_second=40, concurrency=1, clock=lambda: NOW, line=Line("prod")) as client:
            await asyncio.gather(*(client.fetch(request, read_page, Tally()) for _ in range(4)))

    with stamina.set_testing(False):
        asyncio.run(ask())
    assert len(tlm.asked) == 5  # how far apart they are is Pace's, tested without a clock
    assert [r.getMessage() for r in caplog.records if r.levelname == "INFO"] == [
        "Account prod: slower, 20 requests a second (status 429)."
    ]


def test_a_service_that_says_when_is_asked_twice_as_often(tlm: Tlm) -> None:
    """It is at work on it; a service that says nothing is given up earlier."""
    tlm.instead = lambda _asked, _number: (503, {"retry-after": "0"}, b"")
    tally = Tally()
    with stamina.set_testing(False), pytest.raises(RateLimited, match=r"4 attempts\)"):
        fetch(tlm, Patience(attempts=2), tally)
    assert tally.requests == 4


def test_the_time_of_the_account_is_a_budget(tlm: Tlm) -> None:
    """When it is used up nothing more is sent, and no wait that would end after it is begun."""
    with pytest.raises(ServiceUnavailable, match=r"time for this account \(0 minutes\).*--resume"):
        fetch(tlm, Patience(budget_seconds=0), Tally())
    assert tlm.asked == []
    tlm.instead = lambda _asked, _number: (429, {"retry-after": "30"}, b"")
    with stamina.set_testing(False), pytest.raises(RateLimited, match=r"1 attempt\)"):
        fetch(tlm, Patience(budget_seconds=20), Tally())


def test_a_reply_that_does_not_end_is_not_waited_for_beyond_the_budget() -> None:
    """Bytes that drip keep every other limit from being reached."""

    async def ask() -> None:
        async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
            await over.wait()
            writer.close()

        over = asyncio.Event()
        async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
            request = agents_of("http://{}:{}".format(*server.sockets[0].getsockname()))
            patience = Patience(budget_seconds=0.1)
            opened = Client(requests_per_second=1000, concurrency=1, clock=lambda: NOW, patience=patience)
            try:
                async with opened:
                    await opened.fetch(request, read_page, Tally())
            finally:
                over.set()

    with pytest.raises(ServiceUnavailable, match="the time for this account"):
        asyncio.run(ask())


def test_the_library_logs_nothing_of_its_own(tlm: Tlm, caplog: pytest.LogCaptureFixture) -> None:
    """At the lowest level only our lines speak of requests, and none holds the key."""
    caplog.set_level(logging.DEBUG)
    fetch(tlm, Patience(), Tally())
    assert KEY not in caplog.text
