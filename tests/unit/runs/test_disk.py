"""Files of the landing zone: written whole or not at all, and the error names what could not be written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipeline.errors import OutputFailed
from pipeline.runs.disk import replace_file


def test_a_file_is_replaced_whole_for_its_owner_only(tmp_path: Path) -> None:
    """Also over a draft that a killed process left; nothing stays beside it."""
    path = tmp_path / "manifest.json"
    path.write_bytes(b"before")
    (tmp_path / "manifest.json.writing").write_bytes(b"a longer draft of a process that died")
    replace_file(path, b"now")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("manifest.json", b"now")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_written_is_named_and_stays(tmp_path: Path) -> None:
    """Where the draft cannot be removed either, the first error is the one that is told."""
    path = tmp_path / "manifest.json"
    path.write_bytes(b"before")
    (tmp_path / "manifest.json.writing").mkdir()
    with pytest.raises(OutputFailed, match=r"manifest\.json cannot be written"):
        replace_file(path, b"now")
    assert path.read_bytes() == b"before"
