"""A removal of old runs that dies by SIGKILL is finished by the next, and never leaves a run that looks whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.runs.retention import find_landed

RUNS = ("20260901T060000Z-aaaaaa", "20260902T060000Z-aaaaaa", "20261124T060000Z-aaaaaa")
CHILD = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from pipeline.policy import Policy, Retention
from pipeline.runs.retention import Needed, prune_runs

landing, name, at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
real, calls = getattr(os, name), [0]
def dying(*args, **kwargs):
    calls[0] += 1
    if calls[0] == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
setattr(os, name, dying)
policy = Policy(retention=Retention(all_days=1, weekly_years=0, monthly_years=0))
needed = Needed({"prod": "20261124T060000Z-aaaaaa"})
print(prune_runs(landing, policy, ZoneInfo("UTC"), needed, datetime(2026, 11, 28, tzinfo=UTC)).runs)
"""


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """Two old runs and a new one, each with its opening and two resources of two files."""
    for run in RUNS:
        for resource in ("agents", "profiles"):
            folder = tmp_path / "prod" / run / resource
            folder.mkdir(parents=True)
            for name in ("pages.ndjson", "part-00001.ndjson.zst"):
                (folder / name).write_bytes(b"12345")
        (tmp_path / "prod" / run / "run.json").write_bytes(b"{}")
    return tmp_path


def prune(landing: Path, name: str, at: int) -> subprocess.CompletedProcess[str]:
    """A pass in a process of its own that dies at the numbered call; 0 is never."""
    command = [sys.executable, "-c", CHILD, str(landing), name, str(at)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "at"),
    [("fsync", 1), ("fsync", 2), ("unlink", 1), ("unlink", 2), ("rmdir", 1), ("rmdir", 2), ("rmdir", 3), ("fsync", 4)],
)
def test_a_removal_that_was_killed_is_finished(landing: Path, name: str, at: int) -> None:
    """A run has all of its files, or a marker; the next pass leaves the markers and the newest run."""
    assert prune(landing, name, at).returncode == -9
    for run in find_landed(landing):
        folder = landing / "prod" / run.run_id
        assert run.is_pruned or len(list(folder.rglob("*.*"))) - len(list(folder.glob("*.writing"))) == 5
    assert prune(landing, name, 0).stderr == ""
    assert [run.run_id for run in find_landed(landing) if run.is_pruned] == list(RUNS[:2])
    left = sorted(str(path.relative_to(landing / "prod")) for path in landing.rglob("*") if path.is_file())
    assert [path for path in left if RUNS[2] not in path] == [
        f"{run}/{name}" for run in RUNS[:2] for name in ("pruned.json", "run.json")
    ]
    assert len([path for path in left if RUNS[2] in path]) == 5
