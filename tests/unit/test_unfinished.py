"""Folders of work: held by a living process, removed after a dead one, and nothing else touched."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from place import child_process

from pipeline.unfinished import PREFIX, remove_unheld, unfinished_folder

ROOT = Path(__file__).parents[2]


def test_a_folder_is_gone_after_the_block(tmp_path: Path) -> None:
    """With all that is in it, also after an error."""
    with unfinished_folder(tmp_path) as folder:
        (folder / "file").write_text("half")
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []

    def fail() -> None:
        with unfinished_folder(tmp_path):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_and_not_before_its_death(tmp_path: Path) -> None:
    """A folder is held as long as its process lives, whatever its age."""
    program = (
        "import sys, pathlib\n"
        "from pipeline.unfinished import unfinished_folder\n"
        "with unfinished_folder(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'file').write_text('half')\n"
        "    print(folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with child_process(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as child:
        assert child.stdout is not None
        held = Path(child.stdout.readline().strip())
        os.utime(held, (0, 0))
        with unfinished_folder(tmp_path):
            assert (held / "file").read_text() == "half"
        child.kill()
        child.wait()
        assert held.exists()
    with unfinished_folder(tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


def test_two_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    """In one process, too."""
    with unfinished_folder(tmp_path) as first, unfinished_folder(tmp_path) as second:
        remove_unheld(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([first, second])


def test_only_our_folders_go(tmp_path: Path) -> None:
    """No file and no link of such a name, no folder of another; below only where that was asked for."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / f"{PREFIX}dead").mkdir(parents=True)
    (elsewhere / "mine").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(elsewhere, target_is_directory=True)
    (tmp_path / f"{PREFIX}file").write_text("mine")
    (tmp_path / ".unfinished-novel").mkdir()
    before = sorted(tmp_path.rglob("*"))
    remove_unheld(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    remove_unheld(tmp_path, "*")
    assert [path.name for path in elsewhere.iterdir()] == ["mine"]
    assert (tmp_path / f"{PREFIX}link").is_symlink()


def test_where_there_are_no_locks_nothing_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some network file systems: nobody could tell a dead process from a living one."""

    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / f"{PREFIX}other").mkdir()
    with unfinished_folder(tmp_path) as folder:
        assert folder.exists()
    assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}other"]


def test_a_folder_that_is_taken_for_a_dead_one_before_it_is_held_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process looks just then."""
    flock = fcntl.flock
    calls = []

    def late(descriptor: int, operation: int) -> None:
        calls.append(descriptor)
        if len(calls) == 1:
            remove_unheld(tmp_path)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with unfinished_folder(tmp_path) as folder:
        assert folder.exists()
        monkeypatch.setattr(fcntl, "flock", flock)
        remove_unheld(tmp_path)
        assert folder.exists()
