"""One job at a time, and a dead job locks nobody out."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from place import child_process

from pipeline.errors import LockHeld, OutputFailed
from pipeline.runs.lock import hold_lock

HOLD = (
    "import sys; from pathlib import Path; from pipeline.runs.lock import hold_lock\n"
    "with hold_lock(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


def test_a_second_process_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    """It names the process; after that process was killed the lock is free."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with child_process(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld, match=str(holder.pid)), hold_lock(tmp_path):
            pass
        holder.kill()
    with hold_lock(tmp_path):
        assert (tmp_path / "lock").read_text(encoding="ascii").strip().isdigit()


def test_a_data_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    """The sentence names the folder and the setting."""
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="data_dir"), hold_lock(tmp_path / "file" / "data"):
        pass


def test_a_lock_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk without room is met here first."""

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    with pytest.raises(OutputFailed, match=rf"{tmp_path}/lock cannot be written \(No space left"), hold_lock(tmp_path):
        pass
