from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.warehouse.duck import open_read_only
from pipeline.warehouse.publish import Earlier, discard, open_build, publish

# The child dies by SIGKILL at the numbered call of an operating system function, inside open_build or publish.
CHILD = """
import os, shutil, signal, sys
from pathlib import Path
from pipeline.warehouse.publish import open_build, publish

def dying(module, name, at):
    real, calls = getattr(module, name), [0]
    def call(*args, **kwargs):
        calls[0] += 1
        if calls[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)
    setattr(module, name, call)

module, name, at = sys.argv[2:5]
dying({"os": os, "shutil": shutil}[module], name, int(at))
build = open_build(Path(sys.argv[1]))
build.warehouse.execute("update core.answer set value = 2")
build.warehouse.execute("create table core.large as select md5(range::varchar) as text from range(100000)")
publish(build)
"""


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A published file whose answer is 1."""
    build = open_build(tmp_path / "tlm.duckdb")
    build.warehouse.execute("create schema core")
    build.warehouse.execute("create table core.answer as select 1 as value")
    publish(build)
    return tmp_path / "tlm.duckdb"


@pytest.mark.parametrize(
    ("module", "name", "at"),
    [
        ("shutil", "copyfile", 1),  # before the copy
        ("os", "chmod", 1),  # after the copy, before the first statement
        ("os", "chmod", 3),  # built, checkpointed and closed
        ("os", "fsync", 1),  # the file is not yet safe on the disk
        ("os", "replace", 1),  # safe, not yet swapped
    ],
)
def test_a_crash_before_the_swap_leaves_the_old_file(module: str, name: str, at: int, published: Path) -> None:
    """Killed at any step, the published file keeps its bytes, and the next build starts clean from it."""
    before = published.read_bytes()
    child = subprocess.run([sys.executable, "-c", CHILD, str(published), module, name, str(at)], check=False)
    assert child.returncode == -9
    assert published.read_bytes() == before
    build = open_build(published)
    assert build.warehouse.rows("select value from core.answer") == [(1,)]
    discard(build)
    assert [path.name for path in published.parent.iterdir()] == ["tlm.duckdb"]


def test_a_crash_after_the_swap_has_published(published: Path) -> None:
    """Killed while the folder's list of names is made safe, the new file is whole and nothing is left beside it."""
    child = subprocess.run([sys.executable, "-c", CHILD, str(published), "os", "fsync", "2"], check=False)
    assert child.returncode == -9
    with open_read_only(published) as reader:
        assert reader.rows("select value from core.answer") == [(2,)]
    assert [path.name for path in published.parent.iterdir()] == ["tlm.duckdb"]


RUN = "20261124T060000Z-aaaaaa"
KEEPING = CHILD.replace("publish(build)", f"publish(build, earlier=Earlier({RUN!r}, 1))").replace(
    "import open_build", "import Earlier, open_build"
)


@pytest.mark.parametrize(
    ("module", "name", "at"),
    [
        ("os", "link", 1),  # the folder is made, the second name is not
        ("os", "fsync", 2),  # it has its second name, which is not safe on the disk
        ("os", "replace", 1),  # safe, not yet swapped
    ],
)
def test_a_crash_while_the_old_file_is_kept_leaves_it_published(
    module: str, name: str, at: int, published: Path
) -> None:
    """Killed at any step, the published file keeps its bytes; the next build keeps it once and leaves no rest."""
    before = published.read_bytes()
    child = subprocess.run([sys.executable, "-c", KEEPING, str(published), module, name, str(at)], check=False)
    assert child.returncode == -9
    assert published.read_bytes() == before
    build = open_build(published)
    build.warehouse.execute("update core.answer set value = 3")
    publish(build, earlier=Earlier(RUN, 1))
    (place,) = (published.parent / "published").iterdir()
    (kept,) = place.iterdir()
    assert kept.read_bytes() == before
    with open_read_only(published) as reader:
        assert reader.rows("select value from core.answer") == [(3,)]


def test_a_crash_while_earlier_files_are_removed_has_published(published: Path) -> None:
    """Killed between two removals the new file is whole, and the next build removes what is too much."""
    for value in (2, 3):
        build = open_build(published)
        build.warehouse.execute(f"update core.answer set value = {value}")
        publish(build, earlier=Earlier(f"2026112{value}T060000Z-aaaaaa", 9))
    child = subprocess.run([sys.executable, "-c", KEEPING, str(published), "os", "rmdir", "1"], check=False)
    assert child.returncode == -9
    with open_read_only(published) as reader:
        assert reader.rows("select value from core.answer") == [(2,)]
    publish(open_build(published), earlier=Earlier("20261125T060000Z-aaaaaa", 1))
    assert [place.name for place in (published.parent / "published").iterdir()] == ["20261125T060000Z-aaaaaa"]


FULL = """
import resource, signal, sys
from pathlib import Path
from pipeline.errors import OutputFailed
from pipeline.warehouse.publish import discard, open_build, publish

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
build = open_build(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
try:
    build.warehouse.execute("create table core.large as select md5(range::varchar) as text from range(1000000)")
    publish(build)
except OutputFailed as error:
    print(error)
    discard(build)
    sys.exit(8)
"""


def test_a_full_disk_publishes_nothing(published: Path) -> None:
    """When no more bytes fit, the job ends with OutputFailed, the old file stays, and no build is left."""
    before = published.read_bytes()
    child = subprocess.run([sys.executable, "-c", FULL, str(published)], check=False, capture_output=True, text=True)
    assert (child.returncode, child.stderr) == (8, "")
    assert child.stdout.count("\n") == 1
    assert published.read_bytes() == before
    assert [path.name for path in published.parent.iterdir()] == ["tlm.duckdb"]
