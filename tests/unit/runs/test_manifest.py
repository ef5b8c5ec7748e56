"""The manifest: what makes a run complete, and that it is evidence."""

from __future__ import annotations

import hashlib
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from pipeline.errors import OutputFailed, RunIncomplete
from pipeline.runs.manifest import (
    Extract,
    KeySees,
    Manifest,
    Part,
    find_runs,
    fingerprint,
    is_complete,
    manifest_hash,
    manifest_path,
    missing_in,
    new_run_id,
    read_manifest,
    write_manifest,
)

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
EXTRACTS = (
    Extract("endpoints.unsecured", "complete", None, 2, 2, 2, 2, 1, 1, 0, (Part("part-00001.ndjson.zst", 2, 9, "ab"),)),
    Extract("agents", "skipped", "403"),
)
MANIFEST = Manifest(
    run_id="20261124T060000Z-1a2b3c",
    account="prod",
    as_of_at=NOW,
    finished_at=NOW,
    status="complete",
    reason=None,
    tool_version="0.1.0",
    config_hash="00",
    base_url="https://one.digicert.com",
    required=("endpoints.unsecured",),
    key_sees=KeySees(("Retail",), ("1111",)),
    extracts=EXTRACTS,
    previous_manifest_hash=None,
)


def land(landing: Path, manifest: Manifest) -> Path:
    """Write `manifest` to its place below `landing`."""
    path = manifest_path(landing, manifest.account, manifest.run_id)
    path.parent.mkdir(parents=True)
    return write_manifest(path.parent, manifest)


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """All of it, for the owner only, and nothing else is left in the folder."""
    path = land(tmp_path, MANIFEST)
    assert read_manifest(path) == MANIFEST
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["manifest.json"]
    assert manifest_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_runs_are_found_in_order_and_unfinished_ones_are_not(tmp_path: Path) -> None:
    """By run id, then account; a folder without a manifest is no run, nor is the events folder."""
    later = msgspec.structs.replace(MANIFEST, run_id="20261125T060000Z-000000")
    other = msgspec.structs.replace(MANIFEST, account="apac")
    for manifest in (later, MANIFEST, other):
        land(tmp_path, manifest)
    (tmp_path / "prod" / "20261126T060000Z-000000").mkdir()
    (tmp_path / "prod" / "events" / "2026-11-24").mkdir(parents=True)
    assert find_runs(tmp_path) == (other, MANIFEST, later)
    assert find_runs(tmp_path, "apac") == (other,)
    assert find_runs(tmp_path / "nowhere") == ()


def test_a_skipped_resource_does_not_make_a_run_incomplete() -> None:
    """Unless it is required."""
    assert is_complete(MANIFEST)
    assert missing_in(("agents",), EXTRACTS) == "agents: 403"


@pytest.mark.parametrize(
    ("required", "extract", "reason"),
    [
        ((), Extract("agents", "incomplete", "3 of 4"), "agents: 3 of 4"),
        (("profiles",), Extract("agents", "complete"), "profiles: required, but not asked for in this run"),
        (("agents",), Extract("agents", "complete"), None),
    ],
)
def test_what_is_missing_is_said(required: tuple[str, ...], extract: Extract, reason: str | None) -> None:
    """An incomplete resource counts even when it is not required; a required one must have been asked for."""
    assert missing_in(required, (extract,)) == reason


def test_one_reason_for_several_resources_is_said_once() -> None:
    """The sentence stays readable when the service is gone."""
    extracts = tuple(Extract(name, "incomplete", "not read to the end") for name in ("agents", "profiles"))
    assert missing_in((), extracts) == "agents, profiles: not read to the end"


@pytest.mark.parametrize("content", [b"", b"{", b'{"run_id": 5}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, content: bytes) -> None:
    """It is neither skipped nor a traceback."""
    path = tmp_path / "manifest.json"
    path.write_bytes(content)
    with pytest.raises(RunIncomplete, match=r"manifest\.json cannot be read"):
        read_manifest(path)


def test_a_manifest_of_another_format_is_refused(tmp_path: Path) -> None:
    """A newer version's manifest is not half understood."""
    path = land(tmp_path, msgspec.structs.replace(MANIFEST, format=2))
    with pytest.raises(RunIncomplete, match="format 2"):
        read_manifest(path)


def test_a_manifest_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """The folder is gone: one sentence with the path."""
    with pytest.raises(OutputFailed, match=r"manifest\.json cannot be written"):
        write_manifest(tmp_path / "gone", MANIFEST)


def test_run_ids_sort_by_time() -> None:
    """The second in UTC, then a random tail."""
    assert new_run_id(NOW).startswith("20261124T060000Z-")
    assert new_run_id(NOW) != new_run_id(NOW)


def test_a_fingerprint_tells_fields_apart() -> None:
    """No joining of fields looks like another: null, empty and shifted texts differ."""
    lists: list[list[str | None]] = [[], [None], [""], ["", None], ["ab", "c"], ["a", "bc"], ["abc"], ["\udc80"]]
    assert len({fingerprint(fields) for fields in lists}) == len(lists)
