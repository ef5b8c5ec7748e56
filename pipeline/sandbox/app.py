"""The service as an ASGI application, with deliveries that HTTP libraries do not offer: late, cut, reset, never.

A reset or a cut needs the connection itself, which ASGI hides: `Connection` lays its transport into a request's state.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pipeline.sandbox.messages import Delivery, Reply, Request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_LINGER_NOT = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: to close is to reset


class Connection(HttpToolsProtocol):
    """uvicorn's own protocol; each request's state has the `transport` it came over."""

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport


def make_app(answer: Callable[[Request], Reply]) -> Application:
    """An application that gives what `answer` says."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        )
        reply = answer(request)
        if not reply.is_plain:
            await _deliver(reply, scope["state"]["transport"], receive, send)
            return
        await send(_start(reply))
        await send({"type": "http.response.body", "body": reply.body})

    return app


def _start(reply: Reply) -> Message:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    return {"type": "http.response.start", "status": reply.status, "headers": headers}


async def _deliver(reply: Reply, transport: asyncio.Transport, receive: Receive, send: Send) -> None:
    """A reply that is late, in pieces, or does not arrive whole."""
    pause = reply.seconds / reply.pieces
    await asyncio.sleep(pause)
    if reply.delivery is Delivery.RESET:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
    if reply.delivery in {Delivery.RESET, Delivery.HANG}:
        await _wait_for_the_end(transport, receive)
        return
    await send(_start(reply))
    body = reply.body[: len(reply.body) // 2] if reply.delivery is Delivery.CUT else reply.body
    size = max(-(-len(body) // reply.pieces), 1)
    for begin in range(0, len(body), size):
        if begin:
            await asyncio.sleep(pause)
        await send({"type": "http.response.body", "body": body[begin : begin + size], "more_body": True})
    if reply.delivery is Delivery.CUT:
        # Closed, not aborted: what was sent arrives, and then the end comes too early.
        transport.close()
        await _wait_for_the_end(transport, receive)
        return
    await send({"type": "http.response.body", "body": b""})


async def _wait_for_the_end(transport: asyncio.Transport, receive: Receive) -> None:
    """Return when the connection is gone; a server that stops meanwhile ends it."""
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except asyncio.CancelledError:
        transport.abort()
        # uvicorn reports an application that returns without an answer, except when the connection has gone.
        await receive()
