"""What lies in a run's folder: items as they came, frames that the journal finds, nothing half-written."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import msgspec
import pytest
import zstandard

from pipeline.errors import OutputFailed
from pipeline.runs import landing
from pipeline.runs.landing import JOURNAL, JournalLine, LandedPage, ResourceLanding, read_items

RUN = "20261124T060000Z-1a2b3c"


def page(offset: int, *items: bytes, total: int | None = None) -> LandedPage:
    """A page whose body is an array of `items`."""
    return LandedPage(offset, total, [msgspec.Raw(item) for item in items], b"[" + b",".join(items) + b"]")


def journal(folder: Path) -> list[JournalLine]:
    """The lines of the page journal in `folder`."""
    lines = (folder / JOURNAL).read_bytes().splitlines()
    return [msgspec.json.decode(line, type=JournalLine) for line in lines]


def test_items_keep_their_bytes_but_for_line_breaks_between_tokens(tmp_path: Path) -> None:
    """One line an item; escapes, trailing zeros, doubled keys and blanks stay as received."""
    items = [b'{"a":1.10,"a":2}', b'{\r\n  "b": "x\\ny"\n}', b'"\\ud83d\\ude00 \xc3\xa4"']
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    writer.write([page(0, *items)])
    (part,) = writer.parts()
    lines = list(read_items(tmp_path / RUN / "agents" / part.name))
    assert lines == [items[0], b'{    "b": "x\\ny" }', items[2]]
    assert json.loads(lines[1]) == json.loads(items[1])


def test_each_page_is_where_the_journal_says(tmp_path: Path) -> None:
    """Bytes start to start + bytes of the named part unpack to exactly the items of that page."""
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    pages = [page(0, b"1", b"2", total=5), page(2, b"3", b"4", total=5), page(4, b"5", total=5)]
    writer.write(pages[:2])
    writer.write(pages[2:])
    folder = tmp_path / RUN / "agents"
    lines = journal(folder)
    assert [(line.offset, line.received, line.total) for line in lines] == [(0, 2, 5), (2, 2, 5), (4, 1, 5)]
    for line, written in zip(lines, pages, strict=True):
        (frame,) = line.frames
        content = (folder / frame.part).read_bytes()[frame.start : frame.start + frame.bytes]
        assert frame.sha256 == hashlib.sha256(content).hexdigest()
        assert zstandard.decompress(content).split() == [bytes(item) for item in written.items]
        assert frame.rows == len(written.items)


def test_the_manifest_part_is_the_file(tmp_path: Path) -> None:
    """Rows, bytes and SHA-256 of a part are those of the file on the disk."""
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    writer.write([page(0, b"1", b"2")])
    writer.write([page(2, b"3")])
    (part,) = writer.parts()
    content = (tmp_path / RUN / "agents" / part.name).read_bytes()
    assert (part.rows, part.bytes, part.sha256) == (3, len(content), hashlib.sha256(content).hexdigest())


def test_a_new_part_begins_when_one_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts are cut between pages, and read in name order they give the items in order."""
    monkeypatch.setattr(landing, "PART_BYTES", 4)
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    writer.write([page(offset, b"%d" % offset, b"%d" % (offset + 1)) for offset in range(0, 10, 2)])
    parts = writer.parts()
    assert [part.name for part in parts] == [f"part-{number:05}.ndjson.zst" for number in range(1, 6)]
    folder = tmp_path / RUN / "agents"
    assert [int(line) for part in parts for line in read_items(folder / part.name)] == list(range(10))


def test_events_go_to_the_folder_of_their_day(tmp_path: Path) -> None:
    """A page of events is split by day; the journal has a frame for each."""
    writer = ResourceLanding(
        tmp_path, RUN, "audit_log", lambda items: [json.loads(bytes(item))["day"] for item in items]
    )
    events = [b'{"day":"2026-11-%d","id":%d}' % (day, number) for number, day in enumerate((23, 22, 23))]
    writer.write([page(0, *events)])
    names = [f"events/2026-11-{day}/{RUN}.ndjson.zst" for day in (22, 23)]
    assert [part.name for part in writer.parts()] == names
    assert [[*read_items(tmp_path / name)] for name in names] == [[events[1]], [events[0], events[2]]]
    (line,) = journal(tmp_path / RUN / "audit_log")
    assert [(frame.part, frame.rows) for frame in line.frames] == [(names[0], 1), (names[1], 2)]
    assert [path.name for path in (tmp_path / RUN / "audit_log").iterdir()] == [JOURNAL]


def test_an_empty_page_leaves_a_journal_line_and_no_part(tmp_path: Path) -> None:
    """That a list was empty is known, and no empty file pretends to be data."""
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    writer.write([page(0, total=0)])
    folder = tmp_path / RUN / "agents"
    assert writer.parts() == ()
    assert [(line.received, line.frames) for line in journal(folder)] == [(0, ())]
    assert [path.name for path in folder.iterdir()] == [JOURNAL]


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """Folders 0700, files 0600, whatever the umask."""
    writer = ResourceLanding(tmp_path / "landing" / "prod", RUN, "audit_log", lambda items: ["2026-11-24"] * len(items))
    writer.write([page(0, b"1")])
    modes = {
        (stat.S_IMODE(path.stat().st_mode), path.is_dir())
        for path in (tmp_path / "landing", *(tmp_path / "landing").rglob("*"))
    }
    assert modes == {(0o700, True), (0o600, False)}


def test_a_full_disk_is_an_output_error_that_names_the_file(tmp_path: Path) -> None:
    """The part cannot grow (here it leads to /dev/full): the journal names no page that is not there."""
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    part = tmp_path / RUN / "agents" / "part-00001.ndjson.zst"
    part.symlink_to("/dev/full")
    with pytest.raises(OutputFailed, match=r"part-00001.ndjson.zst cannot be written \(No space left on device\)"):
        writer.write([page(0, b"1")])
    assert not (part.parent / JOURNAL).exists()


def test_a_page_that_cannot_be_journalled_is_taken_back(tmp_path: Path) -> None:
    """The part returns to its length before: journal and part never disagree."""
    writer = ResourceLanding(tmp_path, RUN, "agents", None)
    writer.write([page(0, b"1")])
    folder = tmp_path / RUN / "agents"
    before = (folder / "part-00001.ndjson.zst").read_bytes()
    (folder / JOURNAL).unlink()
    (folder / JOURNAL).symlink_to("/dev/full")
    with pytest.raises(OutputFailed, match=JOURNAL):
        writer.write([page(1, b"2")])
    assert (folder / "part-00001.ndjson.zst").read_bytes() == before


def test_a_landing_zone_that_cannot_be_made_names_the_place(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "landing").write_text("in the way")
    with pytest.raises(OutputFailed, match="landing"):
        ResourceLanding(tmp_path / "landing" / "prod", RUN, "agents", None)
