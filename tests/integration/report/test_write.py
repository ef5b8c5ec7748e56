"""The files of a report: names, manifest, modes, and what happens when they cannot be written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.config import Publish, Settings
from pipeline.errors import OutputFailed
from pipeline.jobs.reporting import ReportRequest, report_weekly
from pipeline.report import write as writing
from pipeline.report.write import ReportFiles, write_weekly
from pipeline.unfinished import PREFIX
from pipeline.warehouse.duck import open_read_only

Shaped = Callable[..., Settings]


def write(settings: Settings, *formats: str, reissue: str | None = None) -> ReportFiles:
    """Write the report."""
    with open_read_only(settings.database) as warehouse:
        return write_weekly(warehouse, settings, formats=formats or ("html",), reissue_reason=reissue)


def test_a_report_has_its_week_in_its_name_and_its_hash_in_the_manifest(shaped: Shaped) -> None:
    """HTML, PDF and the manifest that proves them."""
    settings = shaped()
    files = write(settings, "html", "pdf")
    folder = settings.output / "reports" / "weekly" / "2026-W48"
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json",
        "weekly-compliance-2026-W48.html",
        "weekly-compliance-2026-W48.pdf",
    ]
    assert files.is_new
    issue = json.loads(files.manifest.read_text(encoding="utf-8"))["issues"][0]
    assert issue["files"] == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files.paths}
    assert issue["as_of_at"] == "2026-11-23T04:00:00Z"
    assert len(issue["run_ids"]) == 1
    assert list(issue["states"]) == ["sandbox data"]
    assert issue["lists"]["by-hand.csv"]["embedded"] is True


@pytest.mark.parametrize("reason", [None, "typo"])
def test_of_two_reports_at_once_one_stays(shaped: Shaped, monkeypatch: pytest.MonkeyPatch, reason: str | None) -> None:
    """The other one finds it there; a second issue of a reason of its own is refused."""
    settings = shaped()
    if reason is not None:
        write(settings)
    rendered = writing._rendered
    before: dict[Path, bytes] = {}

    def meanwhile(*words: Any) -> dict[str, bytes]:
        monkeypatch.setattr(writing, "_rendered", rendered)
        made = write(settings, reissue=reason and "another reason")
        before.update({path: path.read_bytes() for path in made.manifest.parent.iterdir()})
        return rendered(*words)

    monkeypatch.setattr(writing, "_rendered", meanwhile)
    if reason is None:
        assert not write(settings).is_new
    else:
        with pytest.raises(OutputFailed, match="2026-W48 was made at the same time and stays"):
            write(settings, reissue=reason)
    folder = settings.output / "reports" / "weekly" / "2026-W48"
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_what_a_killed_report_left_is_removed(shaped: Shaped) -> None:
    """Also of an earlier week."""
    settings = shaped()
    dead = settings.output / "reports" / "weekly" / "2026-W47" / f"{PREFIX}dead"
    dead.mkdir(parents=True)
    files = write(settings)
    assert not dead.exists()
    assert sorted(path.name for path in files.manifest.parent.iterdir()) == sorted(
        path.name for path in (*files.paths, files.manifest)
    )


def test_an_existing_report_is_returned_and_not_touched(shaped: Shaped) -> None:
    """The second call writes nothing."""
    settings = shaped()
    first = write(settings)
    before = first.paths[0].stat()
    second = write(settings)
    assert not second.is_new
    assert second.paths == first.paths
    assert second.paths[0].stat().st_mtime_ns == before.st_mtime_ns


def test_an_existing_report_says_of_which_run_it_is(shaped: Shaped, caplog: pytest.LogCaptureFixture) -> None:
    """Of the newest run, or of an earlier one: then the data that it lacks are named, and how to issue them."""
    settings = shaped()
    manifest = write(settings).manifest
    (run_id,) = json.loads(manifest.read_text(encoding="utf-8"))["issues"][0]["run_ids"]
    caplog.clear()
    assert report_weekly(settings, ReportRequest(("html",))).lines[0].endswith("  unchanged")
    earlier = "20261123T030000Z-abcdef"
    text = manifest.read_text(encoding="utf-8").replace(run_id, earlier).replace("T04:00:00Z", "T03:00:00Z")
    manifest.write_text(text, encoding="utf-8")
    assert report_weekly(settings, ReportRequest(("html",))).lines[0].endswith("  unchanged")
    reissue = "`tlm report weekly --reissue REASON` makes another issue"
    same, other = caplog.messages
    assert same == f"Week 2026-W48 has its report of run {run_id} (2026-11-23T04:00:00Z) already; {reissue}."
    assert f"has its report already, of run {earlier} (2026-11-23T03:00:00Z): it stays as it is and does not" in other
    assert f"have the data of run {run_id} (2026-11-23T04:00:00Z); {reissue}, with them." in other


def test_a_reissue_has_a_name_and_a_reason_of_its_own(shaped: Shaped) -> None:
    """-r2 with its reason; the first issue stays as it was."""
    settings = shaped()
    first = write(settings)
    content = first.paths[0].read_bytes()
    second = write(settings, reissue="a freeze was missing")
    assert second.paths[0].name == "weekly-compliance-2026-W48-r2.html"
    assert first.paths[0].read_bytes() == content
    issues = json.loads(second.manifest.read_text(encoding="utf-8"))["issues"]
    assert [issue["reason"] for issue in issues] == [None, "a freeze was missing"]
    assert write(settings).paths == second.paths
    told = "<b>Second issue:</b> a freeze was missing."
    assert told in second.paths[0].read_text(encoding="utf-8")
    assert "issue:" not in content.decode()


def test_files_have_the_mode_of_the_published_database(shaped: Shaped) -> None:
    """publish.mode holds for reports too."""
    settings = msgspec.structs.replace(shaped(), publish=Publish(mode="0600"))
    files = write(settings)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*files.paths, files.manifest)} == {0o600}


def test_an_unknown_group_is_one_sentence_and_leaves_nothing(shaped: Shaped) -> None:
    """Nothing half-written stays."""
    settings = msgspec.structs.replace(shaped(), publish=Publish(group="no-such-group"))
    with pytest.raises(OutputFailed, match="no-such-group"):
        write(settings)
    assert not list((settings.output / "reports" / "weekly" / "2026-W48").iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_sentence(shaped: Shaped) -> None:
    """The message names the folder."""
    settings = shaped()
    settings.output.mkdir()
    settings.output.chmod(0o500)
    with pytest.raises(OutputFailed, match="could not be written"):
        write(settings)


def test_a_file_in_the_way_is_one_sentence(shaped: Shaped) -> None:
    """A file where the folder should be: exit 8, not a traceback."""
    settings = shaped()
    settings.output.mkdir()
    (settings.output / "reports").write_text("in the way", encoding="utf-8")
    with pytest.raises(OutputFailed, match="could not be written"):
        write(settings)


@pytest.mark.parametrize("name", ["weekly-compliance-2026-W48.html", "manifest.json"])
def test_a_full_disk_names_the_file(shaped: Shaped, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """And nothing of the issue stays."""
    settings = shaped()
    write_bytes = Path.write_bytes

    def write_until_full(path: Path, data: bytes) -> int:
        if path.name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_until_full)
    folder = settings.output / "reports" / "weekly" / "2026-W48"
    with pytest.raises(OutputFailed, match=rf"^{folder / name} could not be written \(No space left on device\); free"):
        write(settings)
    assert not list(folder.iterdir())


def test_a_damaged_manifest_is_not_written_over(shaped: Shaped) -> None:
    """What was issued cannot be read any more: say so."""
    settings = shaped()
    files = write(settings)
    files.manifest.write_text("{", encoding="utf-8")
    with pytest.raises(OutputFailed, match="cannot be read as a report's manifest"):
        write(settings)


def test_the_html_works_alone(shaped: Shaped) -> None:
    """One file: no address in it leads anywhere but into itself."""
    page = write(shaped()).paths[0].read_text(encoding="utf-8")
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
