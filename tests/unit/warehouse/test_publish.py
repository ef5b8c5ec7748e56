from __future__ import annotations

import grp
import os
import stat
from pathlib import Path

import pytest

from pipeline.errors import OutputFailed
from pipeline.unfinished import PREFIX
from pipeline.warehouse import publish as publishing
from pipeline.warehouse.duck import open_read_only
from pipeline.warehouse.publish import Earlier, discard, open_build, publish


def published_with(path: Path, value: int) -> Path:
    """Publish a file whose core.answer is `value`."""
    build = open_build(path)
    build.warehouse.execute("create schema if not exists core")
    build.warehouse.execute(f"create or replace table core.answer as select {value} as value")
    publish(build)
    return path


def answer(path: Path) -> int:
    """What a reader who opens the file now sees."""
    with open_read_only(path) as warehouse:
        return int(warehouse.rows("select value from core.answer")[0][0])


def test_a_build_starts_from_what_is_published(tmp_path: Path) -> None:
    """Kept tables are there, and the published file is untouched until the swap."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    build = open_build(path)
    build.warehouse.execute("update core.answer set value = 2")
    assert answer(path) == 1
    publish(build)
    assert answer(path) == 2


def test_nothing_but_the_published_file_is_left(tmp_path: Path) -> None:
    """No log, spill folder or copy stays beside it."""
    published_with(tmp_path / "data" / "tlm.duckdb", 1)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["tlm.duckdb"]


def test_a_reader_keeps_the_old_file_through_the_swap(tmp_path: Path) -> None:
    """Who reads while a build is swapped in goes on reading the old rows; who opens it afterwards reads the new ones."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    with open_read_only(path) as reader:
        assert reader.rows("select value from core.answer") == [(1,)]
        published_with(path, 2)
        assert reader.rows("select value from core.answer") == [(1,)]
        assert answer(path) == 2


def test_discarding_leaves_the_old_file_byte_for_byte(tmp_path: Path) -> None:
    """A build that is thrown away was never there."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    before = path.read_bytes()
    build = open_build(path)
    build.warehouse.execute("update core.answer set value = 2")
    discard(build)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["tlm.duckdb"]


def test_a_build_may_begin_with_another_file(tmp_path: Path) -> None:
    """It becomes the published one of its own place; the file that it began with is only read."""
    other = published_with(tmp_path / "other" / "tlm.duckdb", 1)
    before = other.read_bytes()
    build = open_build(tmp_path / "tlm.duckdb", of=other)
    build.warehouse.execute("update core.answer set value = 2")
    publish(build)
    assert answer(tmp_path / "tlm.duckdb") == 2
    assert other.read_bytes() == before


def test_what_went_wrong_is_told_where_the_build_cannot_be_removed_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next build removes it; the first error is the one that helps."""
    build = open_build(tmp_path / "tlm.duckdb")

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipeline.warehouse.publish._remove_leftovers", refuse)
    with pytest.raises(OutputFailed, match="no such group"):
        publish(build, group="no such group")


def test_a_scratch_copy_of_a_killed_report_is_removed(tmp_path: Path) -> None:
    """It is as large as the database, beside which it lies."""
    (tmp_path / f"{PREFIX}dead").mkdir()
    published_with(tmp_path / "tlm.duckdb", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["tlm.duckdb"]


def test_leftovers_of_a_dead_build_are_removed(tmp_path: Path) -> None:
    """Its file, log and spill folder go when the next build starts."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    for name in ("tlm.duckdb.building", "tlm.duckdb.building.wal", "tlm.duckdb.building.small"):
        (tmp_path / name).write_bytes(b"rubbish")
    (tmp_path / "tlm.duckdb.building.tmp").mkdir()
    (tmp_path / "tlm.duckdb.building.tmp" / "spilled").write_bytes(b"rubbish")
    publish(open_build(path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["tlm.duckdb"]
    assert answer(path) == 1


def test_the_published_file_has_the_mode_and_group_asked_for(tmp_path: Path) -> None:
    """While it is built only the owner reads it; published it has the configured mode and group."""
    build = open_build(tmp_path / "tlm.duckdb")
    assert stat.S_IMODE(build.building.stat().st_mode) == 0o600
    publish(build, mode=0o644, group=grp.getgrgid(os.getgid()).gr_name)
    assert stat.S_IMODE((tmp_path / "tlm.duckdb").stat().st_mode) == 0o644


def test_an_unknown_group_publishes_nothing(tmp_path: Path) -> None:
    """The sentence names the group; the old file stays and no build is left."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    before = path.read_bytes()
    with pytest.raises(OutputFailed, match="no-such-group"):
        publish(open_build(path), group="no-such-group")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["tlm.duckdb"]


def test_a_file_of_free_blocks_is_written_anew(tmp_path: Path) -> None:
    """When over half of the blocks are free the file shrinks, and keeps tables, their order, comments, views, macros."""
    path = tmp_path / "tlm.duckdb"
    build = open_build(path)
    warehouse = build.warehouse
    warehouse.execute("create schema core")
    warehouse.execute("create macro core.doubled(x) as (2 * x)")
    warehouse.execute("create table core.answer as select 21 as value")
    warehouse.execute("create view core.twice as select core.doubled(value) as value from core.answer")
    warehouse.execute("comment on column core.answer.value is 'half of it'")
    warehouse.execute("create table core.large as select md5(range::varchar) as text from range(900000)")
    warehouse.execute("create table core.ordered as select hash(range) as key from range(300000) order by key")
    publish(build)
    large = path.stat().st_size
    build = open_build(path)
    build.warehouse.execute("drop table core.large")
    publish(build)
    assert path.stat().st_size * 2 < large
    with open_read_only(path) as reader:
        assert reader.rows("select value from core.twice") == [(42,)]
        places = "select key, lag(key) over (order by rowid) as before from core.ordered"
        assert reader.rows(f"select count(*) from ({places}) where before > key") == [(0,)]
        comments = "select comment from duckdb_columns() where table_name = 'answer'"
        assert reader.rows(comments) == [("half of it",)]
        tags = "select tags['storage_version'] from duckdb_databases() where database_name = 'tlm'"
        assert reader.rows(tags)[0][0].startswith("v1.4.0")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A data folder whose parent is a file is an output that failed, with the path in the sentence."""
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OutputFailed, match=r"data/tlm\.duckdb could not be written"):
        open_build(tmp_path / "data" / "tlm.duckdb")


RUNS = tuple(f"2026112{day}T060000Z-aaaaaa" for day in range(1, 7))


def publish_over(path: Path, value: int, run_id: str, count: int = 2, *, is_rebuilt: bool = False) -> None:
    """Publish `value` over a file whose run is `run_id`."""
    build = open_build(path)
    build.warehouse.execute(f"create or replace table core.answer as select {value} as value")
    earlier = Earlier(run_id, count, is_rebuilt)
    publish(build, mode=0o640, group=grp.getgrgid(os.getgid()).gr_name, earlier=earlier)


def kept(path: Path) -> dict[str, int]:
    """The answer of each earlier file, by the name of its folder."""
    return {place.parent.name: answer(place) for place in sorted((path.parent / "published").glob("*/tlm.duckdb"))}


def test_the_last_published_files_are_kept(tmp_path: Path) -> None:
    """Each under the run it was of; the newest few stay, and a person's own folder beside them does, too."""
    path = published_with(tmp_path / "tlm.duckdb", 0)
    (tmp_path / "published" / "before the migration").mkdir(parents=True)
    for value, run in enumerate(RUNS, 1):
        publish_over(path, value, run)
    assert answer(path) == 6
    assert kept(path) == {RUNS[4]: 4, RUNS[5]: 5}
    assert len(list((tmp_path / "published").iterdir())) == 3
    publish_over(path, 7, RUNS[5], count=0)
    assert kept(path) == {}
    publish_over(path, 8, RUNS[5], count=0)
    assert kept(path) == {}


def test_a_run_that_is_published_again_is_kept_again(tmp_path: Path) -> None:
    """The newest issue of each run is kept; many issues of one run push no other run out."""
    path = published_with(tmp_path / "tlm.duckdb", 0)
    for value in range(1, 13):
        publish_over(path, value, RUNS[0 if value == 1 else 1])
    assert kept(path) == {RUNS[0]: 0, f"{RUNS[1]}-11": 11}


def test_what_a_rebuild_replaced_is_never_removed(tmp_path: Path) -> None:
    """It may have history that nothing else has: no later build thins it away, and it pushes no other file out."""
    path = published_with(tmp_path / "tlm.duckdb", 0)
    for value in (1, 2):
        publish_over(path, value, RUNS[0], count=0, is_rebuilt=True)
    for value, run in enumerate(RUNS, 3):
        publish_over(path, value, run, count=1)
    publish_over(path, 9, RUNS[5], count=0)
    assert kept(path) == {f"before-rebuild-{RUNS[0]}": 0, f"before-rebuild-{RUNS[0]}-2": 1}


def test_an_earlier_file_takes_no_copy_and_is_for_the_same_readers(tmp_path: Path) -> None:
    """It is the file itself under a second name; its folder lets those in who may read it."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    inode = path.stat().st_ino
    publish_over(path, 2, RUNS[0])
    place = tmp_path / "published" / RUNS[0]
    assert (place / "tlm.duckdb").stat().st_ino == inode
    assert [stat.S_IMODE(one.stat().st_mode) for one in (place, place.parent)] == [0o750, 0o750]


def test_a_file_system_without_links_gets_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, with the mode of the original, and nothing else beside it."""
    path = published_with(tmp_path / "tlm.duckdb", 1)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    publish_over(path, 2, RUNS[0])
    place = tmp_path / "published" / RUNS[0]
    assert kept(path) == {RUNS[0]: 1}
    assert [one.name for one in place.iterdir()] == ["tlm.duckdb"]
    assert stat.S_IMODE((place / "tlm.duckdb").stat().st_mode) == 0o640


def test_a_file_that_cannot_be_kept_stays_published(tmp_path: Path) -> None:
    """The sentence names the folder; nothing is lost and no build is left."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    (tmp_path / "published").write_text("a file")
    before = path.read_bytes()
    with pytest.raises(OutputFailed, match="published could not be written"):
        publish_over(path, 2, RUNS[0])
    assert path.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["published", "tlm.duckdb"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_copy_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """The disk is full, or Ctrl-C, while the published file is copied: the half copy does not stay."""
    path = published_with(tmp_path / "tlm.duckdb", 1)

    def fail(_: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise error

    monkeypatch.setattr("pipeline.warehouse.publish.shutil.copyfile", fail)
    with pytest.raises((OutputFailed, KeyboardInterrupt)):
        open_build(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["tlm.duckdb"]
    assert answer(path) == 1


def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path: Path) -> None:
    """The earlier file is a whole one, beside the file that the link leads to, whatever that is called."""
    published_with(tmp_path / "large" / "warehouse", 1)
    link = tmp_path / "data" / "tlm.duckdb"
    link.parent.mkdir()
    link.symlink_to(Path("..") / "large" / "warehouse")
    publish_over(link, 2, RUNS[0])
    assert link.readlink() == Path("..") / "large" / "warehouse"
    assert [entry.name for entry in link.parent.iterdir()] == ["tlm.duckdb"]
    assert answer(link) == 2
    earlier = tmp_path / "large" / "published" / RUNS[0] / "warehouse"
    assert (answer(earlier), earlier.is_symlink()) == (1, False)


def test_after_the_swap_an_error_is_only_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Readers have the new file, so nobody is told that it failed; what is uncertain is said."""
    path = published_with(tmp_path / "tlm.duckdb", 1)
    flush = publishing._flush

    def refuse(place: Path, flags: int) -> None:
        if flags == os.O_RDONLY:
            raise OSError(5, "Input/output error")
        flush(place, flags)

    monkeypatch.setattr(publishing, "_flush", refuse)
    published_with(path, 2)
    assert answer(path) == 2
    assert "tlm.duckdb is published, but a power cut now may bring back" in caplog.text
