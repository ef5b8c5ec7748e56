"""What goes wrong with cases is one sentence with the right exit code, and leaves no file."""

from __future__ import annotations

import errno
import json
import shutil
import zipfile
from collections.abc import Callable

import pytest
from place import Place

from pipeline.cases import record
from pipeline.cases import words as kept_words
from pipeline.cases.pseudonyms import Pseudonyms
from pipeline.cases.record import Recorded
from pipeline.runs.manifest import find_runs
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.replay import Recording
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan | Recording], ThreadedSandbox]


@pytest.fixture
def extracted(place: Place, sandbox_of: Start) -> Place:
    """A run of a small account."""
    sandbox = sandbox_of(Plan(endpoints=30, weeks=1, shares={"prod": 1.0}))
    place.configure(sandbox.base_url, sandbox.keys)
    assert place.tlm("extract")[0] == 0
    return place


def refused(place: Place, *words: str, code: int = 2) -> str:
    """The one sentence with which a command is refused."""
    found, _, err = place.tlm("--quiet", "sandbox", *words)
    assert found == code, err
    (line,) = err.splitlines()
    assert line.endswith(".")
    return line


def test_what_cannot_be_recorded(extracted: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown run or account, a file that exists, a disk that is full, pages that are damaged or gone."""
    case = extracted.folder / "case.zip"
    run = next((extracted.folder / "data" / "landing" / "prod").glob("2*Z-*"))
    assert run.name in refused(extracted, "record", "20200101T000000Z-aaaaaa", "--out", str(case))
    assert "it has: prod" in refused(extracted, "record", "--account", "nobody", "--out", str(case))
    assert "no folder" in refused(extracted, "record", "--out", str(extracted.folder / "no" / "case.zip"), code=8)
    case.symlink_to("nowhere")
    assert "is not overwritten" in refused(extracted, "record", "--out", str(case))
    case.unlink()
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        patched.setattr(zipfile.ZipFile, "writestr", full)
        assert "No space left" in refused(extracted, "record", "--out", str(case), code=8)
    with monkeypatch.context() as patched:
        word = Pseudonyms.word
        patched.setattr(Pseudonyms, "word", lambda self, one: (word(self, one), one)[len(one) == 7])
        assert "in clear, so no case was written" in refused(extracted, "record", "--out", str(case), code=8)
    assert sorted(extracted.folder.glob("*.zip")) == []
    with monkeypatch.context() as patched:  # another process was quicker
        patched.setattr(record, "_verify", lambda *_: case.write_bytes(b"mine"))
        assert "not overwritten" in refused(extracted, "record", "--out", str(case))
    assert case.read_bytes() == b"mine"
    assert "not overwritten" in refused(extracted, "record", "--out", str(case))
    assert case.read_bytes() == b"mine"
    journal = run / "agents" / "pages.ndjson"
    journal.write_bytes(journal.read_bytes().replace(b'"sha256":"', b'"sha256":"0'))
    assert "is not what was landed" in refused(extracted, "record", "--out", str(case) + "2", code=4)
    (run / "run.json").unlink()
    assert "No run" in refused(extracted, "record", "--out", str(case) + "2")


def test_what_is_printed_steers_no_terminal(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner's words may hold anything: control characters, line breaks, bytes that are not UTF-8."""
    done = Recorded("run", {"account-1 agents": 1}, 1, "", {"status": ["a\x07b\nc\udcffd"]})
    monkeypatch.setattr("pipeline.cases.record.record_run", lambda *_: done)
    place.configure("http://127.0.0.1:1", {"prod": "k" * 8})
    _, out, _ = place.tlm("sandbox", "record", "--out", "case.zip")
    assert "  status: a\ufffdb c?d\n" in out


def test_a_run_that_was_killed_can_be_recorded(
    extracted: Place, sandbox_of: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has a journal and no manifest; its lists are replayed as incomplete, with the rows that came."""
    run = next((extracted.folder / "data" / "landing" / "prod").glob("2*Z-*"))
    (run / "manifest.json").unlink()
    for name in ("agents", "audit_log"):
        shutil.rmtree(run / name)
    case = extracted.folder / "case.zip"
    assert "No run that ended" in refused(extracted, "record", "--out", str(case))
    with monkeypatch.context() as patched:
        patched.setattr(kept_words, "of_reason", lambda *_: "at Tarnholm")
        said = refused(extracted, "record", run.name, "--out", str(case), code=8)
        assert "case.json would have 'Tarnholm' in clear" in said
    assert extracted.tlm("sandbox", "record", run.name, "--out", str(case))[0] == 0
    sandbox = sandbox_of(Recording(case))
    extracted.configure(sandbox.base_url, sandbox.keys)
    assert extracted.tlm("extract")[0] == 4
    ended = {one.resource: one for one in find_runs(extracted.folder / "data" / "landing", "account-1")[-1].extracts}
    assert {one.status for one in ended.values()} == {"incomplete"}
    assert ended["agents"].rows_received == 0
    assert ended["endpoints.automatable"].rows_received > 0


def test_what_cannot_be_replayed(extracted: Place) -> None:
    """No file, no zip, no case, another format, damage, a bomb, lists that are not what the case says."""
    case = extracted.folder / "case.zip"
    assert extracted.tlm("sandbox", "record", "--out", str(case))[0] == 0
    with zipfile.ZipFile(case) as file:
        members = {name: file.read(name) for name in file.namelist()}
    head = json.loads(members["case.json"])

    def altered(**changes: bytes | None) -> str:
        other = extracted.folder / "other.zip"
        with zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in (members | {key.replace("__", "/"): one for key, one in changes.items()}).items():
                if content is not None:
                    file.writestr(name, content)
        return refused(extracted, "serve", "--port", "0", "--replay", str(other))

    events = next(one["rows"] for one in head["accounts"][0]["lists"] if one["resource"] == "audit_log")
    deep = b'{"a":' + b"[" * 9999 + b"\n"
    with zipfile.ZipFile(extracted.folder / "deep.zip", "w") as file:
        for name, content in (members | {"account-1/audit_log.ndjson": events * deep}).items():
            file.writestr(name, content)
    assert Recording(extracted.folder / "deep.zip").at(0) is not None  # such an event is hostile, as others are
    agents = "account-1__agents.ndjson"
    assert "No such file" in refused(extracted, "serve", "--replay", str(extracted.folder / "none.zip"))
    assert "not a zip file" in refused(extracted, "serve", "--replay", str(extracted.folder / "tlm.toml"))
    assert "case.json" in altered(**{"case.json": None})
    assert "format 2, this version reads 1" in altered(**{"case.json": json.dumps(head | {"format": 2}).encode()})
    assert "no case" in altered(**{"case.json": b'{"format": 1, "accounts": 7}'})
    assert "would unpack to" in altered(**{agents: b" " * 30_000_000})
    assert "items and not" in altered(**{agents: b"{}\n"})
    assert "agents.ndjson" in altered(**{agents: None})
    assert "twice" in altered(**{"case.json": json.dumps(head | {"accounts": 2 * head["accounts"]}).encode()})
    for name, value in (("tool_version", "\x1b]0;x\x07"), ("accounts", [])):
        said = altered(**{"case.json": json.dumps(head | {name: value}).encode()})
        assert f"$.{name}" in said
        assert said.isprintable()
    first = head["accounts"][0]["lists"][0]
    for name, value in (("resource", "../x"), ("http_status", 200), ("rows", -1), ("reason", "a\nb"), ("page_size", 0)):
        kept, first[name] = first[name], value
        assert f"lists[0].{name}`" in altered(**{"case.json": json.dumps(head).encode()})
        first[name] = kept
    head["accounts"][0]["name"] = "../../etc"
    assert "accounts[0].name" in altered(**{"case.json": json.dumps(head).encode()})
    damaged = bytearray(case.read_bytes())
    damaged[len(damaged) // 3] ^= 0xFF
    case.write_bytes(damaged)
    assert "no case that can be replayed" in refused(extracted, "serve", "--replay", str(case))


def test_an_account_without_rows_can_be_recorded_and_replayed(place: Place, sandbox_of: Start) -> None:
    """A case without an item is a case."""
    sandbox = sandbox_of(Plan(endpoints=30, weeks=1, shares={"full": 1.0, "empty": 0.0}))
    place.configure(sandbox.base_url, {"empty": sandbox.keys["empty"]})
    assert place.tlm("extract")[0] == 0
    assert place.tlm("sandbox", "record", "--out", str(place.folder / "case.zip"))[0] == 0
    again = sandbox_of(Recording(place.folder / "case.zip"))
    place.configure(again.base_url, again.keys)
    assert place.tlm("extract")[0] == 0


def test_recording_says_what_to_read_before_sending(extracted: Place) -> None:
    """Items by list, and the words in clear by field; it needs nothing but the landing zone, no key and no service."""
    (extracted.folder / "prod.key").unlink()
    code, out, _ = extracted.tlm("sandbox", "record", "--out", str(extracted.folder / "case.zip"))
    assert code == 0
    assert "account-1 agents  " in out
    assert "\nautomation_status: " in out
    assert "Tarnholm" not in out
    with zipfile.ZipFile(extracted.folder / "case.zip") as file:
        assert file.read("kept.txt").decode() in out
