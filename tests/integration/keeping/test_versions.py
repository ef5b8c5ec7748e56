"""A database of another version, or none at all: upgraded, or refused in one sentence; never misread, never lost."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest


def alter(kept: Any, *statements: str) -> bytes:
    """Change the published file by hand; its bytes afterwards."""
    with duckdb.connect(str(kept.database)) as con:
        for statement in statements:
            con.execute(statement)
    return bytes(kept.database.read_bytes())


def test_a_file_of_a_newer_format_is_refused(kept: Any) -> None:
    """Build and report say which version it takes; a plain question is still answered."""
    before = alter(kept, "update meta.build_info set format = 99, tool_version = '7.0'")
    kept.arrive()
    for words in (("build",), ("report", "weekly"), ("export", "all"), ("rules", "show"), ("audit-trail", "x")):
        code, _, err = kept.tlm(*words)
        assert (code, "by tlm-pipeline 7.0 in format 99" in err, err.count("\n")) == (2, True, 1), err
    assert kept.tlm("query", "select 1 as n")[0] == 0
    assert kept.database.read_bytes() == before


def test_a_file_of_an_earlier_version_is_upgraded(kept: Any) -> None:
    """Tables, columns and views that it lacks are added, what it has more is kept, and its history stays."""
    versions = kept.rows("select count(*) from core.endpoint_history")
    alter(
        kept,
        "drop view mart.shrinkage",
        "drop table meta.build_info",
        "alter table meta.runs drop column is_shrink_accepted",
        "alter table core.endpoint_history drop column has_owner",
        "alter table core.endpoint_history add column mood varchar",
        "update core.endpoint_history set mood = 'calm'",
        "create table core.gone as select 1 as n",
    )
    code, _, err = kept.tlm("report", "weekly", "--format", "html")
    assert (code, "was built by other models" in err, "run `tlm build` first" in err) == (2, True, True)
    kept.arrive()
    code, _, err = kept.tlm("build")
    assert code == 0, err
    assert kept.rows("select count(*) from core.endpoint_history where mood = 'calm'") == versions
    since = f"from core.endpoint_history where from_run_id = '{kept.ids[-1]}'"
    known = "select count(has_owner) from core.endpoint_history"
    assert kept.rows(f"select count(has_owner) > 30, count(mood) {since}") == [(True, 0)]
    assert kept.rows(f"select count(has_owner) = ({known}) {since}") == [(True,)]
    assert kept.rows("select format from meta.build_info") == [(1,)]
    assert kept.rows("select n from core.gone") == [(1,)]
    assert kept.tlm("report", "weekly", "--format", "html")[0] == 0


def test_a_report_of_other_models_asks_for_a_build(kept: Any) -> None:
    """A view that is not there is no riddle: the sentence says that the file was built by other models."""
    alter(kept, "drop view report.weeks", "update meta.build_info set inputs_hash = 'other'")
    code, _, err = kept.tlm("report", "weekly", "--format", "html")
    assert (code, "was built by other models than these" in err, err.count("\n")) == (2, True, 1), err


@pytest.mark.parametrize("what", ["text", "duckdb", "empty"])
def test_a_file_that_is_no_warehouse_is_refused_and_stays(kept: Any, what: str) -> None:
    """Text under that name, or somebody's own DuckDB file: one sentence, exit 2, not a byte changed."""
    kept.database.unlink()
    if what == "duckdb":
        with duckdb.connect(str(kept.database)) as con:
            con.execute("create table mine as select 1 as n")
    else:
        kept.database.write_bytes(b"" if what == "empty" else b"my notes\n" * 1000)
    before = kept.database.read_bytes()
    kept.arrive()
    for words in (("build",), ("report", "weekly")):
        code, _, err = kept.tlm(*words)
        assert (code, str(kept.database) in err, "move it away" in err, err.count("\n")) == (2, True, True, 1), err
    assert kept.database.read_bytes() == before
