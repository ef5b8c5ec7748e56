"""A server that costs next to nothing, in a process of its own: pages are cut out of one text in memory.

    python service.py ENDPOINTS.ndjson EVENTS.ndjson LATENCY_SECONDS

Prints its port. `/requests` answers with the number of list pages served since it was last asked.
"""

from __future__ import annotations

import asyncio
import bisect
import re
import sys
from array import array
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

_TIME = re.compile(rb'"timestamp":"([^"]+)"')


class Listing:
    """A list: its text with commas between the items, where each begins, and of events their times."""

    def __init__(self, path: Path) -> None:
        text = path.read_bytes()
        starts, place = array("q", [0]), 0
        while place := text.find(b"\n", place) + 1:
            starts.append(place)
        self._starts = starts
        self.text = memoryview(text.replace(b"\n", b","))
        self._times = [found[1].decode() for found in _TIME.finditer(text)]

    def page(self, asked: dict[str, str]) -> tuple[bytes, memoryview, bytes]:
        """The three pieces of the page's body."""
        first, end = 0, len(self._starts) - 1
        if "from" in asked and self._times:
            first = bisect.bisect_left(self._times, asked["from"])
            end = bisect.bisect_right(self._times, asked["to"])
        offset = int(asked.get("offset", 0))
        start = min(end, first + offset)
        stop = min(end, start + int(asked.get("limit", 20)))
        items = self.text[self._starts[start] : max(self._starts[start], self._starts[stop] - 1)]
        return b'{"items":[', items, b'],"total":%d,"offset":%d}' % (end - first, offset)


class Service:
    """What all connections share."""

    def __init__(self, endpoints: Path, events: Path, latency_seconds: float) -> None:
        self._lists = {"discovered": Listing(endpoints), "audit-log": Listing(events)}
        self.latency_seconds = latency_seconds
        self._served = 0

    def answer(self, target: str) -> tuple[bytes, list[bytes | memoryview]]:
        """Status line and body."""
        url = urlsplit(target)
        name = url.path.rpartition("/")[2]
        if name == "requests":
            served, self._served = self._served, 0
            return b"200 OK", [b"%d" % served]
        if name not in self._lists:
            return b"404 Not Found", [b"{}"]
        self._served += 1
        return b"200 OK", list(self._lists[name].page(dict(parse_qsl(url.query))))


class Connection(asyncio.Protocol):
    """HTTP/1.1, one GET at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request whose head is here."""
        self._received += data
        if b"\r\n\r\n" in self._received:
            target = self._received.split(b" ", 2)[1].decode()
            self._received = b""
            asyncio.get_running_loop().call_later(self._service.latency_seconds, self._send, target)

    def _send(self, target: str) -> None:
        status, body = self._service.answer(target)
        size = sum(map(len, body))
        head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % (status, size)
        self._transport.writelines([head, *body])  # type: ignore[attr-defined]


async def main() -> None:
    """Serve until killed."""
    service = Service(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]))
    server = await asyncio.get_running_loop().create_server(lambda: Connection(service), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
