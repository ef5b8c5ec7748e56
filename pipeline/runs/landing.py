"""The landing zone: the items of one resource as they came, one a line, in zstd files; and the journal of their pages.

    <account>/<run_id>/<resource>/part-00001.ndjson.zst    items in the order of their positions
    <account>/<run_id>/<resource>/pages.ndjson             one line a page, written after its items are on the disk
    <account>/events/<YYYY-MM-DD>/<run_id>.ndjson.zst      audit events by the day they happened, kept longer than runs

Each page is a frame of its own in each file it goes to, and the journal says where, with its hash: a file can be cut
back to the last journalled byte and continued. Pages of one batch share the syncs. Items keep their bytes; only line
breaks between tokens become blanks.
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

from pipeline.errors import RunIncomplete
from pipeline.runs.disk import append_synced, failed_output, make_folder, sync_folder
from pipeline.runs.manifest import Part

JOURNAL = "pages.ndjson"
PART_BYTES = 32 * 1024 * 1024
"""JSON bytes after which a new part begins: several parts let the engine read them side by side."""
_LEVEL = 1  # measured: both the smallest and the fastest of the formats compared


@dataclass(frozen=True, slots=True)
class LandedPage:
    """A page to be written: the items that count, and the body that they are slices of.

    The other fields go to the journal as they are, see `JournalLine`.
    """

    offset: int
    total: int | None
    items: Sequence[msgspec.Raw]
    body: bytes
    end: int = 0
    is_repair: bool = False
    is_last: bool = False
    is_hostile: bool = False
    requests: int = 0
    retries: int = 0
    window: str | None = None
    has_moved: bool = False
    has_jumped: bool = False


class Frame(msgspec.Struct, frozen=True):
    """Where items of a page are: bytes `start` to `start + bytes` of the file `part`, which unpack to `rows` lines.

    `sha256` is that of these bytes.
    """

    part: str
    start: int
    bytes: int
    rows: int
    sha256: str


class JournalLine(msgspec.Struct, frozen=True):
    """A page that is safely on the disk.

    The page was asked for at `offset`, and `end` is the position behind it; `received` items of it were new.
    `is_repair`: they were found by a second look, not in the order of the list; `is_last`: the list ended with it;
    `is_hostile`: it took the slow path. `requests` and `retries` are those sent for the resource so far. `window`: the
    part of the resource that the page belongs to, where it is read in parts. `has_moved`, `has_jumped`: what
    `pipeline.api.paging` had seen of the list until then.
    """

    offset: int
    received: int
    total: int | None
    frames: tuple[Frame, ...]
    end: int = 0
    is_repair: bool = False
    is_last: bool = False
    is_hostile: bool = False
    requests: int = 0
    retries: int = 0
    window: str | None = None
    has_moved: bool = False
    has_jumped: bool = False


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
        digest = hashlib.sha256(chunk).hexdigest()
        frame = Frame(self.name, self.size + self.pending_bytes, len(chunk), rows, digest)
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

    def continue_at(self, frame: Frame, content: bytes, json_bytes: int) -> None:
        """Count a frame that is in the file already."""
        self.size = frame.start + frame.bytes
        self.rows += frame.rows
        self.json_bytes += json_bytes
        self.digest.update(content)

    def part(self) -> Part:
        return Part(self.name, self.rows, self.size, self.digest.hexdigest())


_journal_line = msgspec.json.Decoder(JournalLine)


class ResourceLanding:
    """Writes the pages of one resource of one run. Blocking: call it from a worker thread, one call at a time.

    `days_of`: gives the days (YYYY-MM-DD) of items; then they go to the account's `events` folder by that day.
    Every method raises OutputFailed, naming the path, when the disk refuses.
    """

    def __init__(
        self,
        account: Path,
        run_id: str,
        resource: str,
        days_of: Callable[[Sequence[msgspec.Raw]], Sequence[str]] | None,
    ) -> None:
        self._account = account
        self._run_id = run_id
        self._folder = account / run_id / resource
        self._days_of = days_of
        self._files: dict[str, _File] = {}
        self._journal = _File(self._folder / JOURNAL, JOURNAL)
        self._current = 1
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
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

    def resume(self) -> Iterator[tuple[JournalLine, list[bytes]]]:
        """Go on where a killed process stopped: each page that is safely on the disk, with its items as they are there.

        When the last one is given, all bytes behind it are cut off: a half-written page is as if it had never come. A
        page whose items do not match their hash any more, and all behind it, count as not written.
        """
        kept = 0
        for line, size in self._read_journal():
            found = self._read_frames(line)
            if found is None:
                break
            kept += size
            lines: list[bytes] = []
            for frame, content, text in found:
                file = self._file(frame.part)
                file.continue_at(frame, content, len(text))
                lines += text.split(b"\n")[:-1]
            yield line, lines
        self._journal.size = kept
        self._cut_back()

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
        return JournalLine(
            offset=page.offset,
            received=len(items),
            total=page.total,
            frames=tuple(frames),
            end=page.end,
            is_repair=page.is_repair,
            is_last=page.is_last,
            is_hostile=page.is_hostile,
            requests=page.requests,
            retries=page.retries,
            window=page.window,
            has_moved=page.has_moved,
            has_jumped=page.has_jumped,
        )

    def _sorted_out(
        self, originals: Sequence[msgspec.Raw], items: Sequence[msgspec.Raw | bytes]
    ) -> Iterator[tuple[_File, Sequence[msgspec.Raw | bytes]]]:
        if not items:
            return
        if self._days_of is None:
            yield self._part(), items
            return
        days = self._days_of(originals)
        if min(days) == max(days):
            yield self._events(days[0]), items
            return
        by_day: dict[str, list[msgspec.Raw | bytes]] = {day: [] for day in sorted(set(days))}
        for day, item in zip(days, items, strict=True):
            by_day[day].append(item)
        for day, group in by_day.items():
            yield self._events(day), group

    def _part(self) -> _File:
        name = f"part-{self._current:05}.ndjson.zst"
        if name in self._files and self._files[name].json_bytes >= PART_BYTES:
            self._current += 1
            name = f"part-{self._current:05}.ndjson.zst"
        return self._file(name)

    def _events(self, day: str) -> _File:
        return self._file(f"events/{day}/{self._run_id}.ndjson.zst")

    def _file(self, name: str) -> _File:
        """The file of a part by its name in the journal and the manifest."""
        if name not in self._files:
            path = (self._folder if self._days_of is None else self._account) / name
            make_folder(path.parent)
            self._files[name] = _File(path, name)
            if self._days_of is None:
                self._current = len(self._files)
        return self._files[name]

    def _read_journal(self) -> Iterator[tuple[JournalLine, int]]:
        """The whole lines of the journal with their length; a half-written one, and what follows it, is left out."""
        try:
            content = self._journal.path.read_bytes()
        except FileNotFoundError:
            return
        for text in content.splitlines(keepends=True):
            try:
                line = _journal_line.decode(text)
            except msgspec.DecodeError:
                return
            if not text.endswith(b"\n"):
                return
            yield line, len(text)

    def _read_frames(self, line: JournalLine) -> list[tuple[Frame, bytes, bytes]] | None:
        """The page's frames with their bytes and their text; None when one is not what the journal says."""
        found = []
        for frame in line.frames:
            if frame.part not in self._files and frame.start:
                return None
            try:
                with self._file(frame.part).path.open("rb") as file:
                    file.seek(frame.start)
                    content = file.read(frame.bytes)
                if hashlib.sha256(content).hexdigest() != frame.sha256:
                    return None
                text = zstandard.ZstdDecompressor().decompress(content)
            except (OSError, zstandard.ZstdError):
                return None
            found.append((frame, content, text))
        return found

    def _cut_back(self) -> None:
        """Take away what no journal line names: the ends of files, and files of this run that were just begun."""
        events = self._account.glob(f"events/*/{self._run_id}.*")
        found = self._folder.glob("part-*") if self._days_of is None else events
        known = {file.path: file for file in (*self._files.values(), self._journal)}
        for path in (*found, self._journal.path):
            try:
                size = known[path].size if path in known else 0
                if size:
                    os.truncate(path, size)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise failed_output(path, error) from None
        self._files = {name: file for name, file in self._files.items() if file.size}


def read_pages(account: Path, run_id: str, resource: str) -> Iterator[tuple[JournalLine, list[bytes]]]:
    """The pages of a list that are on the disk, in the order they came, each with its items; nothing is changed.

    RunIncomplete where a file is not what was landed or cannot be read.
    """
    folder = account / run_id / resource
    try:
        lines = (folder / JOURNAL).read_bytes().split(b"\n")[:-1] if (folder / JOURNAL).exists() else []
        for text in lines:
            line = _journal_line.decode(text)
            items: list[bytes] = []
            for frame in line.frames:
                path = (account if frame.part.startswith("events/") else folder) / frame.part
                with path.open("rb") as file:
                    file.seek(frame.start)
                    content = file.read(frame.bytes)
                if hashlib.sha256(content).hexdigest() != frame.sha256:
                    raise RunIncomplete(
                        f"{path} is not what was landed; put it back from a backup, or name another run."
                    )
                items += zstandard.ZstdDecompressor().decompress(content).split(b"\n")[:-1]
            yield line, items
    except (OSError, msgspec.DecodeError, zstandard.ZstdError) as error:
        msg = f"The pages of {resource} in {folder} cannot be read ({error}); name another run."
        raise RunIncomplete(msg) from None


def what_is_wrong(path: Path, part: Part) -> str | None:
    """Why the file at `path` is not the part that was landed, as half a sentence; None when it is, byte for byte."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return None if digest == part.sha256 else "is not what was landed (its SHA-256 differs from the manifest's)"


def read_items(path: Path) -> Iterator[bytes]:
    """The lines of a landing file, without their line ends."""
    with path.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        for line in io.BufferedReader(stream):
            yield line.rstrip(b"\n")
