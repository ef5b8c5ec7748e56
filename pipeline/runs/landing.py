"""The landing zone: the items of one resource as they came, one a line, in zstd files; and the journal of their pages.

    <account>/<run_id>/<resource>/part-00001.ndjson.zst    items in the order of their positions
    <account>/<run_id>/<resource>/pages.ndjson             one line a page, written after its items are on the disk
    <account>/events/<YYYY-MM-DD>/<run_id>.ndjson.zst      audit events by the day they happened, kept longer than runs

Each page is a frame of its own in each file it goes to, and the journal says where: a file can be cut back to the last
journalled byte and continued. Items keep their bytes; only line breaks between tokens become blanks.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zstandard

from pipeline.runs.disk import append_synced, failed_output, make_folder, sync_folder
from pipeline.runs.manifest import Part

JOURNAL = "pages.ndjson"
PART_BYTES = 32 * 1024 * 1024
"""JSON bytes after which a new part begins: several parts let the engine read them side by side."""
_LEVEL = 1  # measured: both the smallest and the fastest of the formats compared


@dataclass(frozen=True, slots=True)
class LandedPage:
    """A page to be written: the items that count, from position `offset` on, and the body that they are slices of."""

    offset: int
    total: int | None
    items: Sequence[msgspec.Raw]
    body: bytes


class Frame(msgspec.Struct, frozen=True):
    """Where items of a page are: bytes `start` to `start + bytes` of the file `part`, which unpack to `rows` lines."""

    part: str
    start: int
    bytes: int
    rows: int


class JournalLine(msgspec.Struct, frozen=True):
    """A page that is safely on the disk; `sha256` is that of the reply's body."""

    offset: int
    received: int
    total: int | None
    frames: tuple[Frame, ...]
    sha256: str


@dataclass(slots=True)
class _File:
    """A file being written: what is safely in it, and the chunks that come next."""

    path: Path
    name: str
    size: int = 0
    rows: int = 0
    json_bytes: int = 0
    pending_bytes: int = 0
    pending: list[bytes] = field(default_factory=list)
    # Not evidence by itself; a SHA-256 that grows with the file, so that no part is read again for the manifest.
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, chunk: bytes, rows: int, json_bytes: int) -> Frame:
        frame = Frame(self.name, self.size + self.pending_bytes, len(chunk), rows)
        self.pending.append(chunk)
        self.pending_bytes += len(chunk)
        self.rows += rows
        self.json_bytes += json_bytes
        return frame

    def sync(self) -> None:
        """Put the pending chunks on the disk; they count only after `keep`."""
        append_synced(self.path, self.pending)
        if self.size == 0:
            sync_folder(self.path.parent)

    def keep(self) -> None:
        for chunk in self.pending:
            self.digest.update(chunk)
        self.size += self.pending_bytes
        self.pending, self.pending_bytes = [], 0

    def cut(self) -> None:
        """Take the pending chunks back; a disk that refuses even this keeps bytes that no journal line names."""
        with suppress(OSError):
            if self.size:
                os.truncate(self.path, self.size)
            else:
                self.path.unlink()

    def part(self) -> Part:
        return Part(self.name, self.rows, self.size, self.digest.hexdigest())


class ResourceLanding:
    """Writes the pages of one resource of one run. Blocking: call it from a worker thread, one call at a time.

    `day_of`: gives the day (YYYY-MM-DD) of an item; then items go to the account's `events` folder by that day.
    Every method raises OutputFailed, naming the path, when the disk refuses.
    """

    def __init__(self, account: Path, run_id: str, resource: str, day_of: Callable[[msgspec.Raw], str] | None) -> None:
        self._account = account
        self._run_id = run_id
        self._folder = account / run_id / resource
        self._day_of = day_of
        self._files: dict[str, _File] = {}
        self._journal = _File(self._folder / JOURNAL, JOURNAL)
        self._current = 1
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        make_folder(self._folder)

    def write(self, pages: Sequence[LandedPage]) -> None:
        """Add pages: their items are synced to the disk first, then their lines in the journal; all or nothing."""
        touched: dict[str, _File] = {}
        lines = [self._add(page, touched) for page in pages]
        self._journal.add(b"".join(msgspec.json.encode(line) + b"\n" for line in lines), len(lines), 0)
        changed = (*touched.values(), self._journal)
        file = self._journal
        try:
            for file in changed:
                file.sync()
        except OSError as error:
            for one in changed:
                one.cut()
            raise failed_output(file.path, error) from None
        for file in changed:
            file.keep()

    def parts(self) -> tuple[Part, ...]:
        """The files written so far, by name."""
        return tuple(file.part() for _, file in sorted(self._files.items()) if file.size)

    def _add(self, page: LandedPage, touched: dict[str, _File]) -> JournalLine:
        items: Sequence[msgspec.Raw | bytes] = page.items
        if b"\n" in page.body or b"\r" in page.body:
            # Inside a JSON text a line break is always escaped, so these stand between tokens.
            items = [bytes(item).replace(b"\n", b" ").replace(b"\r", b" ") for item in items]
        frames = []
        for file, group in self._sorted_out(page.items, items):
            lines = b"\n".join((*group, b""))
            frames.append(file.add(self._compressor.compress(lines), len(group), len(lines)))
            touched[file.name] = file
        digest = hashlib.sha256(page.body).hexdigest()
        return JournalLine(page.offset, len(items), page.total, tuple(frames), digest)

    def _sorted_out(
        self, originals: Sequence[msgspec.Raw], items: Sequence[msgspec.Raw | bytes]
    ) -> Iterator[tuple[_File, Sequence[msgspec.Raw | bytes]]]:
        if not items:
            return
        if self._day_of is None:
            yield self._part(), items
            return
        days: dict[str, list[msgspec.Raw | bytes]] = {}
        for original, item in zip(originals, items, strict=True):
            days.setdefault(self._day_of(original), []).append(item)
        for day in sorted(days):
            yield self._events(day), days[day]

    def _part(self) -> _File:
        name = f"part-{self._current:05}.ndjson.zst"
        if name in self._files and self._files[name].json_bytes >= PART_BYTES:
            self._current += 1
            name = f"part-{self._current:05}.ndjson.zst"
        return self._files.setdefault(name, _File(self._folder / name, name))

    def _events(self, day: str) -> _File:
        name = f"events/{day}/{self._run_id}.ndjson.zst"
        if name not in self._files:
            make_folder(self._account / "events" / day)
            self._files[name] = _File(self._account / name, name)
        return self._files[name]


def read_items(path: Path) -> Iterator[bytes]:
    """The lines of a landing file, without their line ends."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        for line in io.BufferedReader(stream):
            yield line.rstrip(b"\n")
