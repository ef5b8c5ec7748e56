from __future__ import annotations

import errno
import logging
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pipeline import unfinished
from pipeline.errors import EngineRefused, OutputFailed, UsageError
from pipeline.warehouse import duck
from pipeline.warehouse.duck import Warehouse, identifier, literal, open_apart, open_read_only, open_writable

ROOT = Path(__file__).parents[3]
ENDLESS = "select count(*) from range(10000000) a, range(1000000) b where (a.range * b.range) % 7 = 3"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A small warehouse file under a name that is not the catalog's."""
    path = tmp_path / "archive.duckdb"
    with open_writable(path) as warehouse:
        warehouse.execute("create schema core")
        warehouse.execute("create table core.things as select range as thing_no, 'it''s' as name from range(3)")
        warehouse.execute("create macro core.doubled(x) as (2 * x)")
        warehouse.execute("create view core.doubles as select core.doubled(thing_no) as twice from core.things")
    return path


def test_rows_records_and_columns_say_the_same(published: Path) -> None:
    """The three ways to read agree, and describing runs nothing."""
    with open_read_only(published) as warehouse:
        sql = "select thing_no, name from core.things where thing_no < ? order by 1"
        assert warehouse.rows(sql, [2]) == [(0, "it's"), (1, "it's")]
        assert warehouse.records(sql, [1]) == [{"thing_no": 0, "name": "it's"}]
        assert warehouse.columns("select * from core.things") == [("thing_no", "BIGINT"), ("name", "VARCHAR")]


def test_a_view_with_a_macro_works_in_a_reopened_file(published: Path) -> None:
    """Macros travel with the file, attached as tlm whatever its name is."""
    with open_read_only(published) as warehouse:
        assert warehouse.rows("select sum(twice) from tlm.core.doubles") == [(6,)]


@pytest.mark.parametrize(
    "attack",
    [
        "create table core.more as select 1",
        "delete from core.things",
        "with gone as (delete from core.things returning *) select * from gone",
        "attach 'other.duckdb'",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "copy core.things to 'stolen.csv'",
        "export database 'folder'",
        "install httpfs",
        "set enable_external_access = true",
        "set threads = 1",
        "reset lock_configuration",
    ],
)
def test_the_published_file_is_locked_down(attack: str, published: Path) -> None:
    """From SQL nothing is written, read, attached or set, and the file keeps its bytes."""
    before = published.read_bytes()
    with open_read_only(published) as warehouse, pytest.raises(EngineRefused):
        warehouse.execute(attack)
    assert published.read_bytes() == before


def test_copy_reaches_the_named_folder_only(published: Path, tmp_path: Path) -> None:
    """COPY writes into the folder that the caller opened, and not beside it."""
    (tmp_path / "out").mkdir()
    with open_read_only(published, writes_to=[tmp_path / "out"]) as warehouse:
        warehouse.execute(f"copy core.things to {literal(str(tmp_path / 'out' / 'things.csv'))}")
        with pytest.raises(EngineRefused):
            warehouse.execute(f"copy core.things to {literal(str(tmp_path / 'things.csv'))}")
    assert (tmp_path / "out" / "things.csv").read_text().splitlines()[0] == "thing_no,name"
    assert not (tmp_path / "things.csv").exists()


def test_a_question_spills_beside_the_file_and_leaves_nothing(published: Path, tmp_path: Path) -> None:
    """Where a build spills: the system's folder for temporary files may be small, or memory."""
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "tlm.duckdb").symlink_to(published)
    for path in (published, tmp_path / "links" / "tlm.duckdb"):
        with open_read_only(path) as warehouse:
            ((spill,),) = warehouse.rows("select current_setting('temp_directory')")
            assert Path(spill).parent == published.parent
            assert Path(spill).is_dir()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["archive.duckdb", "links", "tlm.duckdb"]


def test_who_may_only_read_there_does_with_memory(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question is answered all the same, and nothing goes into the system's folder."""
    (tmp_path / "system").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "system"))
    monkeypatch.setattr(unfinished, "_make_held", refuse_to_write)
    with open_read_only(published) as warehouse:
        assert warehouse.rows("select count(*), current_setting('temp_directory') from core.things") == [(3, "")]
        assert list((tmp_path / "system").iterdir()) == []


def refuse_to_write(beside: Path) -> NoReturn:
    """As the system does in a folder of somebody else's."""
    raise PermissionError(errno.EACCES, "Permission denied", str(beside))


INTERRUPTED = f"""
import faulthandler, os, signal, sys, threading
from pathlib import Path
from pipeline.warehouse.duck import open_read_only

def interrupted(warehouse, delay):
    timer = threading.Timer(delay, os.kill, [os.getpid(), signal.SIGINT])
    try:
        timer.start()
        warehouse.execute({ENDLESS!r})
    except KeyboardInterrupt:
        return warehouse.rows("select 1") == [(1,)]

faulthandler.dump_traceback_later(100, exit=True)  # an interrupt that was lost shows where both threads stand
signal.signal(signal.SIGINT, signal.default_int_handler)
for delay in map(float, sys.argv[2:]):
    with open_read_only(Path(sys.argv[1])) as warehouse:
        assert interrupted(warehouse, delay)
        assert interrupted(warehouse, delay)
print("each was heard")
"""


@pytest.mark.parametrize(
    "delays",
    [pytest.param(["0.3"], id="at work"), pytest.param([str(n / 20_000) for n in range(25)], id="as it begins")],
)
def test_ctrl_c_reaches_a_statement(published: Path, delays: list[str]) -> None:
    """At work or just beginning: the engine lets go, the interrupt comes out as Python's own, the next one is heard."""
    command = [sys.executable, "-c", INTERRUPTED, str(published), *delays]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (child.stdout, child.stderr) == ("each was heard\n", "")


AT_EACH_STEP = """
import faulthandler, sys
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from pipeline.warehouse.duck import Warehouse, open_read_only

def ends_before(step, work):
    def trace(frame, event, _):
        nonlocal step
        frame.f_trace_opcodes = True
        step -= event == "opcode"
        if step == 0:
            raise KeyboardInterrupt
        return trace
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return False
    finally:
        sys.settrace(None)
    return True

faulthandler.dump_traceback_later(100, exit=True)  # a lock that stayed taken shows who waits for it
with open_read_only(Path(sys.argv[1])) as warehouse:
    steps = next(step for step in count(1) if ends_before(step, lambda: warehouse.rows("select 1")))
    assert warehouse.rows("select 1") == [(1,)]
for step in count(1):
    warehouse = Warehouse(SimpleNamespace(interrupt=bool, close=bool), bool)
    is_over = ends_before(step, warehouse.close)
    warehouse.close()
    if is_over:
        break
print("each was survived" if min(step, steps) > 20 else (step, steps))
"""


def test_a_signal_may_come_between_any_two_steps(published: Path) -> None:
    """The next statement runs and the warehouse can be closed, wherever in a statement or a closing Ctrl-C comes."""
    command = [sys.executable, "-c", AT_EACH_STEP, str(published)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (child.stdout, child.stderr) == ("each was survived\n", "")


def test_no_statement_runs_in_the_thread_that_hears_signals(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the engine would make an error of its own of Ctrl-C ("Query interrupted"), also while a file is opened."""
    threads = []

    class Watched:
        def __init__(self, *words: Any, **settings: Any) -> None:
            self.engine = real(*words, **settings)

        def execute(self, *words: Any) -> object:
            threads.append(threading.get_ident())
            return self.engine.execute(*words)

        def __getattr__(self, name: str) -> Any:
            assert name in {"interrupt", "close"}, name
            return getattr(self.engine, name)

    real = duck.duckdb.connect
    monkeypatch.setattr(duck.duckdb, "connect", Watched)
    with open_writable(published.with_name("new.duckdb")) as warehouse, suppress(ValueError), warehouse.transaction():
        raise ValueError
    with open_read_only(published) as warehouse:
        memory_limit = warehouse.memory_limit
    open_apart(published.with_name("apart.duckdb"), published, memory_limit).close()
    assert threads
    assert threading.get_ident() not in threads


def test_a_refusal_names_the_line_of_the_statement(published: Path) -> None:
    """One sentence, without the engine's drawing of the statement."""
    with open_read_only(published) as warehouse, pytest.raises(EngineRefused) as caught:
        warehouse.execute("select\n    thing_no,\n    nothing\nfrom core.things")
    assert caught.value.line == 3
    assert "\n" not in str(caught.value)
    assert "LINE" not in str(caught.value)


def test_a_transaction_is_all_or_nothing(published: Path) -> None:
    """What a failed block did is undone."""
    with open_writable(published) as warehouse:
        with pytest.raises(EngineRefused), warehouse.transaction():
            warehouse.execute("delete from core.things; delete from core.nothing")
        assert warehouse.rows("select count(*) from core.things") == [(3,)]


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    """The user reads which command makes the warehouse."""
    with pytest.raises(UsageError, match="tlm build"):
        open_read_only(tmp_path / "tlm.duckdb")


def test_a_file_that_is_no_warehouse_is_named(tmp_path: Path) -> None:
    """Another file is refused by its name, not with a traceback."""
    (tmp_path / "notes.txt").write_text("hello " * 2000)
    with pytest.raises(UsageError, match=r"notes\.txt cannot be opened"):
        open_read_only(tmp_path / "notes.txt")


def test_a_folder_that_is_missing_is_an_output_that_failed(published: Path, tmp_path: Path) -> None:
    """COPY into a folder that is not there is the disk's fault, not the statement's."""
    with open_writable(published) as warehouse, pytest.raises(OutputFailed):
        warehouse.execute(f"copy core.things to {literal(str(tmp_path / 'no' / 'things.csv'))}")


def test_what_the_machine_lacks_is_told_with_what_to_do(published: Path, tmp_path: Path) -> None:
    """Too little memory, and a folder that is not there."""
    with open_read_only(published, [tmp_path]) as warehouse, pytest.raises(OutputFailed) as caught:
        warehouse.execute(f"copy (select 1) to '{tmp_path}/nowhere/x.csv'")
    assert str(caught.value).endswith("; free disk space or mend the folder's rights.")
    with open_writable(tmp_path / "new.duckdb") as warehouse, warehouse.memory_bound(10):
        with pytest.raises(OutputFailed, match="ran out of memory") as caught:
            warehouse.rows("select list(repeat('x', 9000) || n) from range(20000) as s(n)")
        assert str(caught.value).endswith(" used); ask for less at a time, or free memory.")


def test_a_full_disk_is_told_in_the_words_of_the_system(tmp_path: Path) -> None:
    """The engine wraps them in JSON; without a temporary file nothing is moved to the place of the device."""
    with open_writable(tmp_path / "new.duckdb") as warehouse, pytest.raises(OutputFailed) as caught:
        warehouse.execute(
            "copy (select repeat('x', 9000) from range(999)) to '/dev/full' (format csv, use_tmp_file false)"
        )
    said = 'The engine could not write: Could not write file "/dev/full": No space left on device; free disk space'
    assert str(caught.value).startswith(said)


def test_the_sql_that_is_sent_can_be_seen(published: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every statement is an event at debug level."""
    with caplog.at_level(logging.DEBUG, "pipeline"), open_read_only(published) as warehouse:
        warehouse.execute("select 42 as answer")
    assert "select 42 as answer" in caplog.text


def test_the_file_is_written_for_the_previous_major_version(published: Path) -> None:
    """People's tools lag behind: the storage version is the older one, also after reopening."""
    with open_writable(published) as warehouse:
        tags = warehouse.rows("select tags['storage_version'] from duckdb_databases() where database_name = 'tlm'")
    assert tags[0][0].startswith("v1.4.0")


@pytest.mark.parametrize(("name", "quoted"), [("core.t", '"core"."t"'), ('a"b', '"a""b"')])
def test_names_are_quoted_part_by_part(name: str, quoted: str) -> None:
    """A dotted name is a schema and a table."""
    assert identifier(name) == quoted


def test_closing_twice_does_no_harm(published: Path) -> None:
    """A job that fails while publishing closes what publish has closed."""
    warehouse: Warehouse = open_read_only(published)
    warehouse.close()
    warehouse.close()


def test_a_bound_of_memory_holds_for_its_block_only(tmp_path: Path) -> None:
    """Also when the block fails: the build behind it needs more."""
    with open_writable(tmp_path / "w.duckdb") as warehouse:
        warehouse.limit_memory(0)
        before = warehouse.memory_limit
        with warehouse.memory_bound(200):
            assert warehouse.memory_limit != before
        assert warehouse.memory_limit == before
        with pytest.raises(EngineRefused), warehouse.memory_bound(200):
            warehouse.execute("select 1 from nowhere")
        assert warehouse.memory_limit == before
