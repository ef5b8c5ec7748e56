"""`tlm query`: formats, refusals, and what a statement cannot do."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import pty
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from place import child_process

from pipeline.errors import OutputFailed, UsageError
from pipeline.export.query import run_query

ODD = """
select
    timestamp '2026-11-23 06:00:00' as at,
    timestamptz '2026-11-23 06:00:00+00' as zoned,
    date '2026-11-23' as "on",
    12.50::decimal(6, 2) as amount,
    3::decimal(6, 0) as whole,
    'NaN'::double as nan,
    ['a', null] as list,
    {'k': date '2026-01-01'} as struct,
    '\\xAB'::blob as bytes,
    interval 2 hours as span,
    null as nothing,
    'münchen "x", =1+1' as text,
    true as flag,
    1 as twice,
    2 as twice
"""


@pytest.fixture
def database(make_database: Callable[..., Path]) -> Path:
    """A warehouse with three endpoints."""
    return make_database({f"north:e{number}": {"days_left": number} for number in range(3)})


def test_csv_is_the_job_dialect(database: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Comma, LF, quotes only where needed, nothing for null."""
    run_query(
        database, "select endpoint_key, days_left, null as x, 'a,b' as y from core.endpoints order by 1;", form="csv"
    )
    assert capfdbinary.readouterr().out == (
        b'endpoint_key,days_left,x,y\nnorth:e0,0,,"a,b"\nnorth:e1,1,,"a,b"\nnorth:e2,2,,"a,b"\n'
    )


def test_json_is_an_array_of_objects(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Times in ISO 8601, decimals as numbers, NaN as null, a repeated name with its position."""
    run_query(database, ODD, form="json")
    assert json.loads(capfd.readouterr().out) == [
        {
            "at": "2026-11-23T06:00:00",
            "zoned": "2026-11-23T06:00:00+00:00",
            "on": "2026-11-23",
            "amount": 12.5,
            "whole": 3,
            "nan": None,
            "list": ["a", None],
            "struct": {"k": "2026-01-01"},
            "bytes": "ab",
            "span": "2:00:00",
            "nothing": None,
            "text": 'münchen "x", =1+1',
            "flag": True,
            "twice": 1,
            "twice_15": 2,
        }
    ]


def test_json_without_rows_is_an_empty_array(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Valid JSON in any case."""
    run_query(database, "from core.endpoints where false", form="json")
    assert json.loads(capfd.readouterr().out) == []


def test_a_table_off_a_terminal_is_aligned_text(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Numbers to the right; a name that would move the cursor is shown as its escape."""
    run_query(database, "select 'a' as name, 5 as days union all select chr(27) || '[2J\u6771\u4eac', 1234 order by 2")
    assert capfd.readouterr().out == "name         days\na               5\n\\x1b[2J\u6771\u4eac  1234\n"


def test_the_times_of_a_column_have_one_form(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Microseconds in each, where one has them; whole seconds where none has."""
    some = "(timestamp '2026-11-23 06:00:00'), (timestamp '2026-11-23 06:00:00.25'), (null)"
    run_query(
        database, f"select seen, date_trunc('second', seen) as whole from (values {some}) as times (seen) order by seen"
    )
    rows = [line.split("  ") for line in capfd.readouterr().out.splitlines()[1:3]]
    assert rows == [
        ["2026-11-23 06:00:00.000000", "2026-11-23 06:00:00"],
        ["2026-11-23 06:00:00.250000", "2026-11-23 06:00:00"],
    ]


def test_parquet_needs_a_file(database: Path, tmp_path: Path) -> None:
    """And the file holds the rows, readable by those who can read the database."""
    with pytest.raises(UsageError, match="--out"):
        run_query(database, "select 1", form="parquet")
    database.chmod(0o604)
    out = tmp_path / "rows.parquet"
    run_query(database, "select endpoint_key, tags from core.endpoints order by 1", form="parquet", out=out)
    assert pl.read_parquet(out).rows() == [(f"north:e{number}", ["owner:shop", "prod"]) for number in range(3)]
    assert stat.S_IMODE(out.stat().st_mode) == 0o604


@pytest.mark.parametrize("is_read_only", [False, True])
def test_rows_wait_beside_the_database_until_all_are_there(
    database: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, is_read_only: bool
) -> None:
    """In the system's folder for temporary files only for who may not write there; nothing stays in either."""
    system = database.parent / "system"
    with monkeypatch.context() as patched:
        if is_read_only:
            system.mkdir()
            patched.setattr(os, "access", lambda _path, _mode: False)
        patched.setattr(tempfile, "tempdir", str(system))  # where it is not there, nobody can make anything in it
        run_query(database, "select count(*) as n from core.endpoints", form="csv")
    assert capfd.readouterr().out == "n\n3\n"
    assert sorted(database.parent.rglob("*")) == sorted([database, *([system] if is_read_only else [])])


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_a_file_gets_what_stdout_would(
    database: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], form: str
) -> None:
    """--out changes the place, not the bytes."""
    sql = "select endpoint_key, days_left from core.endpoints order by days_left desc"
    run_query(database, sql, form=form)
    run_query(database, sql, form=form, out=tmp_path / "out")
    assert (tmp_path / "out").read_text() == capfd.readouterr().out


@pytest.mark.parametrize(
    "sql",
    [
        "describe core.endpoints",
        "show all tables",
        "summarize core.endpoints",
        "with x as (select 1 as a) from x",
        "values (1, 2)",
        "pivot core.endpoints on trust using count(*) group by account",
        "select 1 -- the end",
        "select 1;\n",
    ],
)
def test_statements_that_give_rows_are_queries(database: Path, capfd: pytest.CaptureFixture[str], sql: str) -> None:
    """Not only SELECT."""
    run_query(database, sql, form="csv")
    assert len(list(csv.reader(io.StringIO(capfd.readouterr().out)))) > 1


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select day_left from core.endpoints", 'day_left.*Candidate bindings.*"days_left"'),
        ("select 1,\n  from from x", "line 2"),
        ("select * from core.endpoint", "name endpoint does not exist"),
        ("select 'soon'::int", "Could not convert"),
        ("", "empty"),
        (" ;; ", "empty"),
        ("select 1; select 2", ";"),
        ("delete from core.endpoints", "one SELECT"),
        ("create temp table x as select 1", "one SELECT"),
        ("set threads = 1", "one SELECT"),
        ("attach 'other.duckdb'", "one SELECT"),
        ("from read_csv('/etc/passwd')", "disabled"),
        ("from read_text('tlm.toml')", "disabled"),
        ("copy core.endpoints to 'stolen.csv'", "one SELECT"),
        ("with x as (delete from core.endpoints returning *) from x", "read-only"),
    ],
)
def test_what_is_refused_is_one_sentence(database: Path, sql: str, words: str) -> None:
    """Wrong names, several statements, and everything that would write, read a file or set something."""
    with pytest.raises(UsageError, match=words) as refused:
        run_query(database, sql, form="json")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("sql", "advice"),
    [
        ("select nothing from core.endpoints", "`tlm dictionary` has all tables and columns"),
        ("from core.endpoint", "`tlm dictionary` has all tables and columns"),
        ("selct 1", "put it into a file for `tlm query --file FILE`."),
        ("from read_csv('x.csv')", "it may read the tables of the database and nothing else."),
        ("select cast('a' as integer) from core.endpoints", "; mend it there; the database is read-only."),
    ],
)
def test_a_refusal_says_what_to_do(database: Path, sql: str, advice: str) -> None:
    """Behind the engine's own words."""
    with pytest.raises(UsageError, match=r"The statement is refused \(line 1\): .* Error: ") as caught:
        run_query(database, sql)
    assert advice in str(caught.value)


def test_an_unknown_format_is_refused(database: Path) -> None:
    """With all formats."""
    with pytest.raises(UsageError, match="table, csv, json, parquet"):
        run_query(database, "select 1", form="xlsx")


def test_an_unwritable_place_is_one_sentence(database: Path, tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputFailed, match="could not be written"):
        run_query(database, "select 1", form="csv", out=tmp_path / "taken" / "rows.csv")


def start_query(database: Path, sql: str, form: str, **more: Any) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """The query in a process of its own, which says "started" first."""
    program = f"""
        from pathlib import Path
        from pipeline.export.query import run_query
        print("started", flush=True)
        run_query(Path({str(database)!r}), {sql!r}, form={form!r})
    """
    return child_process([sys.executable, "-c", textwrap.dedent(program)], stderr=subprocess.PIPE, **more)


def test_ctrl_c_stops_the_engine(database: Path) -> None:
    """A statement that would run for days ends at once, as Ctrl-C and not as an error."""
    endless = "select count(*) from range(10000000) a, range(10000000) b where hash(a.range, b.range) = 1"
    with start_query(database, endless, "csv", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate()
    assert talk.rstrip().endswith(b"KeyboardInterrupt")


def test_a_reader_that_has_enough_is_no_error(database: Path) -> None:
    """`tlm query ... | head -1`: the pipe closes, the query ends well."""
    with start_query(database, "from range(500000)", "csv", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait() == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def read_terminal(database: Path, sql: str) -> tuple[list[str], str]:
    """What the query draws on a terminal of 80 columns, as lines, and what it says on stderr."""
    controller, terminal = pty.openpty()
    seen = b""
    environ = os.environ | {"COLUMNS": "80", "LINES": "24"}
    with start_query(database, sql, "table", stdout=terminal, env=environ) as process:
        os.close(terminal)
        while True:
            try:
                part = os.read(controller, 65536)
            except OSError:  # Linux says so when the last writer of a terminal is gone
                break
            if not part:
                break
            seen += part
        _, talk = process.communicate()
    os.close(controller)
    return seen.decode().splitlines(), talk.decode().strip()


def test_columns_that_do_not_fit_a_terminal_stand_one_below_the_other(database: Path) -> None:
    """No column is squeezed to nothing: each row is a list of names and values."""
    lines, talk = read_terminal(database, "select * from core.endpoints order by endpoint_key limit 2")
    assert "-- row 1" in lines
    assert "-- row 2" in lines
    assert "endpoint_key         north:e0" in lines
    assert "days_left            1" in lines
    assert talk == "2 rows"


@pytest.mark.parametrize(("width", "fits"), [(37, True), (38, False)])
def test_a_table_is_drawn_up_to_the_width_of_the_terminal(database: Path, width: int, fits: bool) -> None:
    """Two columns, the blanks between and around them: 38 + 37 + 5 are 80."""
    lines, _ = read_terminal(database, f"select repeat('x', 38) as a, repeat('y', {width}) as b")
    assert ("-- row 1" not in lines) is fits
    assert any("y" * width in line for line in lines)


def test_a_long_value_goes_on_below_its_beginning(database: Path) -> None:
    """At a blank, so that no word is cut by the edge of the terminal; what has no blank is cut there."""
    words = " ".join(["Annex"] * 14)
    lines, _ = read_terminal(database, f"select '{words}' as serves, repeat('x', 100) as key")
    at = next(number for number, line in enumerate(lines) if line.startswith("serves  "))
    assert lines[at : at + 2] == [f"serves  {' '.join(['Annex'] * 12)}", f"        {' '.join(['Annex'] * 2)}"]
    assert lines[at + 2 : at + 4] == ["key     " + "x" * 72, "        " + "x" * 28]


def test_one_row_is_no_rows(database: Path) -> None:
    """And what fits is drawn side by side."""
    lines, talk = read_terminal(database, "select 1 as a, 2 as b")
    assert ["1", "2"] in [line.split() for line in lines]
    assert talk == "1 row"


def test_out_says_what_was_written(
    database: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And it names a file in a folder that exists."""
    monkeypatch.setattr(logging.getLogger("pipeline"), "propagate", True)
    caplog.set_level(logging.INFO, "pipeline")
    out = tmp_path / "rows.csv"
    run_query(database, "select 1", form="csv", out=out)
    assert f"The rows were written to {out} (csv)." in caplog.text
    with pytest.raises(OutputFailed, match="no folder"):
        run_query(database, "select 1", form="csv", out=tmp_path / "none" / "rows.csv")
    assert not (tmp_path / "none").exists()


def test_a_terminal_gets_a_drawn_table_and_the_count(database: Path) -> None:
    """500 rows are drawn, and it says that there are more."""
    lines, talk = read_terminal(database, "select range as day from range(501)")
    assert lines[-1].strip() == "499" or lines[-2].strip() == "499"
    assert talk == "500 of 501 rows shown; --format csv --out FILE gives all"
