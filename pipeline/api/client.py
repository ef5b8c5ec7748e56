"""Sends requests and waits: the only place that knows the HTTP library.

One client per account. Requests are paced evenly (`pace.py`), bounded in number, and tried again through stamina when
the service says so or is not reachable; a Retry-After is served exactly and holds up the whole account, and one that
asks for more patience than there is ends its requests. Redirects are never followed, so the key goes to no other host.
`stamina.set_testing(True, ...)` removes every wait but that of the configured rate.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpcore2
import httpx2 as httpx
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from pipeline.api.line import DIRECT, Line
from pipeline.api.pace import Pace
from pipeline.api.reply import PASSING, Reply, read_http_date
from pipeline.api.request import Request
from pipeline.errors import (
    ConfigurationError,
    NotTrusted,
    ProxyRefused,
    RateLimited,
    ServiceUnavailable,
    TryAgain,
    Unreachable,
)
from pipeline.log import mask

T = TypeVar("T")
logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
_OVERLOADED = {429, 503}
_OWN_REFUSED = re.compile("ALERT_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")  # as OpenSSL names what the service says
_RENEW = "renew it or the CA of it that has ended, or set the clock of this computer"
_RENAME = "let base_url name the host that its certificate is for"
_OTHERWISE = "if its certificate is of your company's CA, name that in ca_bundle"
_OF_CERTIFICATE = {9: _RENEW, 10: _RENEW, 62: _RENAME, 64: _RENAME}
"""What to do where another CA would not help; by OpenSSL's X509_V_ERR_* (x509_vfy.h)."""
_APART = timedelta(minutes=5)  # more than a reply takes, and than well-kept clocks differ by
_wall_clock = functools.partial(datetime.now, UTC)  # of the computer: a demo's runs have instants of their own
# As much as the event loop takes from a socket at once. In the library's own pieces of 64 KiB the bytes of large pages
# cost a third more CPU (measured with 2.4 MB).
httpcore2.AsyncHTTP11Connection.READ_NUM_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request is tried: attempts and seconds in all, seconds for one whole reply.

    Attempts are twice as many as long as the service says when to come back. `budget_seconds` is for all requests
    of the client together.
    """

    attempts: int = 6
    total_seconds: float = 600.0  # the vendor describes maintenance windows of about ten minutes
    reply_seconds: float = 180.0
    budget_seconds: float = 4 * 3600.0


@dataclass(slots=True)
class Tally:
    """What a caller's requests cost: all that were sent, and those among them that repeated an earlier one."""

    requests: int = 0
    retries: int = 0


@dataclass(slots=True)
class _Trial:
    """A request being tried."""

    attempts: int = 0


class Client:
    """The connection of one account to its service; use it as an async context manager.

    ConfigurationError where the environment names a proxy that cannot be used.
    """

    def __init__(
        self,
        *,
        requests_per_second: float,
        concurrency: int,
        clock: Callable[[], datetime],
        patience: Patience = Patience(),
        line: Line = DIRECT,
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._line = line
        self._pace = Pace(requests_per_second)
        self._watch = {"trace": self._note_left} if self._pace.keeps_gaps else {}
        self._turn = asyncio.Lock()
        self._deadline = 0.0
        self._silence_seconds: float | None = None
        self.has_answered = False
        """Whether any reply came, of whatever status."""
        self._knows_time = False
        # One connection a session, the last one used first: a pool looks at each idle connection for every request.
        self._idle: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        trust = httpx.create_ssl_context()
        line.add_to(trust)
        if line.uses_proxies:
            _refuse_proxies(trust)
        self._open_session = functools.partial(_open_session, trust, uses_proxies=line.uses_proxies)
        for _ in range(concurrency):
            self._idle.put_nowait(self._open_session())

    async def __aenter__(self) -> Self:
        self._deadline = asyncio.get_running_loop().time() + self._patience.budget_seconds
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while not self._idle.empty():
            await self._idle.get_nowait().aclose()

    async def fetch(self, request: Request, read: Callable[[Reply, str], T], tally: Tally) -> T:
        """What `read` makes of the reply to `request`.

        Tried again as long as `read` or the sending raises TryAgain and patience lasts; then ServiceUnavailable or
        RateLimited says so. Unreachable, Refused and other errors of `read` pass through at once.
        """
        try:
            return read(await self._send(request, tally, is_retry=False), request.what)
        except TryAgain as error:
            failed = error
        patience = self._patience
        trial = _Trial()
        try:
            async for attempt in stamina.retry_context(
                on=functools.partial(self._wait_for, trial),
                attempts=2 * patience.attempts,
                timeout=patience.total_seconds,
                wait_initial=0.5,
                wait_max=30.0,
                wait_jitter=1.0,
            ):
                with attempt:
                    trial.attempts = attempt.num
                    if attempt.num == 1:
                        raise failed  # what is sent once and answered, as nearly all is, costs no machinery of retries
                    return read(await self._send(request, tally, is_retry=True), request.what)
        except TryAgain as error:
            kind = RateLimited if isinstance(error, RateLimited) else ServiceUnavailable
            msg = f"{error} (given up after {trial.attempts} {'attempt' if trial.attempts == 1 else 'attempts'})"
            raise kind(msg, error.retry_after_seconds) from None
        raise AssertionError

    def _wait_for(self, trial: _Trial, error: Exception) -> bool | float:
        """Whether to try again: stamina's back-off (True), or the seconds that the service asked for."""
        if not isinstance(error, TryAgain):
            return False
        now = asyncio.get_running_loop().time()
        seconds = error.retry_after_seconds
        if seconds is None:
            return trial.attempts < self._patience.attempts and now < self._deadline
        if seconds > self._patience.total_seconds or now + seconds > self._deadline:
            self._send_away(seconds)
            return False
        if not stamina.is_testing():
            self._pace.hold(now + seconds)
        return seconds

    def _send_away(self, seconds: float) -> None:
        """The service asked for more silence than there is patience: nothing more is sent to it."""
        if self._silence_seconds is None:
            self._silence_seconds = seconds
            logger.warning(
                "%sthe service asks for %.0f s of silence; nothing more is sent.", self._line.prefix, seconds
            )

    async def _send(self, request: Request, tally: Tally, *, is_retry: bool) -> Reply:
        loop = asyncio.get_running_loop()
        session = await self._idle.get()
        try:
            await self._wait_for_turn()
            sent_at = loop.time()
            tally.requests += 1
            tally.retries += is_retry
            logger.debug("%s %s %s", request.method, request.url, dict(request.parameters))
            async with asyncio.timeout(min(self._patience.reply_seconds, max(0.0, self._deadline - sent_at))):
                response = await session.request(
                    request.method,
                    request.url,
                    params=request.parameters,
                    headers=request.headers,
                    extensions=self._watch,
                )
        except (OSError, httpx.HTTPError) as error:  # the library lets TLS errors of a read pass as they are
            spoilt, session = session, self._open_session()
            await spoilt.aclose()  # a tunnel whose TLS failed is never closed by the library, nor used again
            raise (self._used_up() if loop.time() >= self._deadline else _explain(error, request)) from None
        finally:
            self._idle.put_nowait(session)
        self.has_answered = True
        self._adapt(response.status_code, sent_at, loop.time())
        headers = {name.lower(): value for name, value in response.headers.items()}
        if not self._knows_time:
            self._compare_clocks(headers)
        return Reply(response.status_code, headers, response.content, self._clock())

    async def _note_left(self, event: str, _details: object) -> None:
        """Called by the HTTP library with each step of a request."""
        if event == "http11.send_request_headers.complete":
            self._pace.leave(asyncio.get_running_loop().time())

    def _compare_clocks(self, headers: Mapping[str, str]) -> None:
        """Tell once when the computer's clock is far from the service's; a cache's reply (Age) says an earlier time."""
        said_at = None if "age" in headers else read_http_date(headers.get("date"))
        if said_at is None:
            return
        self._knows_time = True
        apart = timedelta(seconds=round((_wall_clock() - said_at).total_seconds()))
        if abs(apart) > _APART:
            logger.warning(
                "%sthe clock of this computer is %s %s that of the service; set it: what a run calls now, what is"
                " expired, and which audit events are new go by it.",
                *(self._line.prefix, abs(apart), "ahead of" if apart > timedelta() else "behind"),
            )

    async def _wait_for_turn(self) -> None:
        """Wait, first come first served, until the rate allows a request; ServiceUnavailable when time is up.

        RateLimited where the service wants none for longer than there is patience.
        """
        loop = asyncio.get_running_loop()
        async with self._turn:
            while True:
                now = loop.time()
                if (seconds := self._silence_seconds) is not None:
                    msg = f"the service asked for {seconds:.0f} s of silence, so nothing more was sent to it"
                    raise RateLimited(msg, seconds)
                if now >= self._deadline:
                    raise self._used_up()
                if not (seconds := self._pace.wait_seconds(now)):
                    break
                await asyncio.sleep(min(seconds, self._deadline - now))
            self._pace.send(now)

    def _used_up(self) -> ServiceUnavailable:
        minutes = self._patience.budget_seconds / 60
        return ServiceUnavailable(
            f"the time for this account ({minutes:g} minutes) is used up; go on with `tlm extract --resume RUN`, or"
            " raise extract.budget_minutes"
        )

    def _adapt(self, status: int, sent_at: float, now: float) -> None:
        pace = self._pace
        if status in _OVERLOADED:
            if not stamina.is_testing() and pace.slow_down(sent_at, now):
                logger.info("%sslower, %.3g requests a second (status %d).", self._line.prefix, pace.rate, status)
        elif status < 500 and pace.recover(sent_at):
            logger.info("%sback at %.3g requests a second.", self._line.prefix, pace.rate)


def _refuse_proxies(trust: ssl.SSLContext) -> None:
    """ConfigurationError for a proxy of the environment that the HTTP library refuses, or breaks at when it connects.

    All are looked at, as the library does, also those that another scheme is for. Their values are not shown: of a
    password with a "/" the library takes a part for the port.
    """
    proxies = getproxies()
    if "*" in (host.strip() for host in proxies.get("no", "").split(",")):
        return  # none is used
    for scheme in ("https", "http", "all"):
        value = proxies.get(scheme, "")
        url = value if "://" in value else f"http://{value}"
        try:
            if value:
                _ = urlsplit(url).port  # raises when it is out of range
                httpx.AsyncHTTPTransport(verify=trust, proxy=url)
        except (ImportError, ValueError, httpx.InvalidURL):
            named = [one for one in os.environ if one.lower() == f"{scheme}_proxy" and os.environ[one] == value]
            is_socks = url.lower().startswith("socks")
            msg = (
                f"The environment variable {named[0] if named else f'{scheme}_proxy'} names "
                f"{'a SOCKS proxy, which tlm cannot use' if is_socks else 'no proxy that can be understood'}; "
                "set it to http://HOST:PORT of an HTTP proxy (a password in it percent-encoded), or unset it."
            )
            raise ConfigurationError(msg) from None


def _open_session(trust: ssl.SSLContext, *, uses_proxies: bool) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=trust,
        trust_env=uses_proxies,
        follow_redirects=False,
        http2=False,  # measured: HTTP/2 doubles the client's cost
        limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
        timeout=httpx.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
    )


def _explain_distrust(error: BaseException, host: str) -> str | None:
    """What to do about a certificate that one side does not accept; None where `error` is of another kind."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        said = cause.verify_message.rstrip(".")
        return f"{host} is not trusted ({said}); {_OF_CERTIFICATE.get(cause.verify_code, _OTHERWISE)}."
    if cause is not None and _OWN_REFUSED.search(cause.reason or ""):
        return (
            f"{host} accepts nobody without a client certificate that it trusts ({cause.reason}); check"
            " client_certificate, its end date and its issuer."
        )
    return None


def _explain_refusal(error: Exception, host: str) -> str | None:
    """What to do where the proxy opens no tunnel to `host`; None where `error` is of another kind, or may pass.

    The library tells no more of it than the status with the proxy's words, which are not shown.
    """
    said = re.match(r"([34]\d\d) ", str(error)) if isinstance(error, httpx.ProxyError) else None
    if said is None or int(said[1]) in PASSING:
        return None
    named = getproxies().get("https") or getproxies().get("all") or ""
    url = urlsplit(named if "://" in named else f"http://{named}")
    proxy = f"The proxy {url.netloc.rpartition('@')[2]}"  # without its user and password
    if said[1] == "407":
        return (
            f"{proxy} wants a user and a password that it knows (407); set HTTPS_PROXY to http://USER:PASSWORD@HOST:PORT,"
            f" percent-encoded, or name {host} in NO_PROXY where it is reached without a proxy."
        )
    return (
        f"{proxy} does not let tlm through to {host} ({said[1]}); have who runs it allow that host, or name the host in"
        " NO_PROXY where it is reached without a proxy."
    )


def _explain(error: Exception, request: Request) -> Unreachable | ServiceUnavailable:
    host = urlsplit(request.url).netloc
    if (distrust := _explain_distrust(error, host)) is not None:
        return NotTrusted(mask(distrust))
    if (refusal := _explain_refusal(error, host)) is not None:
        return ProxyRefused(mask(refusal))
    said = str(error) or "it was cut off"
    if isinstance(error, (httpx.ConnectTimeout, httpx.ConnectError, httpx.ProxyError)):
        why = f"no connection within {_CONNECT_SECONDS:.0f} s" if isinstance(error, httpx.ConnectTimeout) else said
        msg = f"{host} cannot be reached ({why}); check base_url, network, proxy and TLS."
    elif isinstance(error, (TimeoutError, httpx.TimeoutException)):
        msg = f"{request.what} did not answer in time; check the network, or lower page_size, and try again."
    else:
        msg = f"The connection for {request.what} broke: {said}; try again later."
    return ServiceUnavailable(mask(msg))


def _tell(details: RetryDetails) -> None:
    logger.warning("%s Trying again in %.1f s.", details.caused_by, details.wait_for)


# stamina would tell of retries through a logger that does not mask secrets.
set_on_retry_hooks([_tell])
