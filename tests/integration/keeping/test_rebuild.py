"""`tlm rebuild`: the same rows from the same runs, and no history lost by accident."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from pipeline.runs.manifest import read_manifest, write_manifest
from pipeline.runs.retention import find_pruned

SHORT = "[retention]\nall_days = 10\n"


@pytest.mark.parametrize("threads", [pytest.param(1, marks=pytest.mark.slow), 8])
def test_the_same_runs_give_the_same_rows(kept: Any, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every table and view, with one thread and with eight; the file of before is kept."""
    before = kept.folder / "before.duckdb"
    shutil.copyfile(kept.database, before)
    at = kept.rows("select run_id, account, published_at from meta.runs order by all")
    monkeypatch.setattr("pipeline.warehouse.duck._BUILD_THREADS", threads)
    monkeypatch.setattr("pipeline.warehouse.duck.os.cpu_count", lambda: threads)
    code, out, err = kept.tlm("rebuild")
    assert (code, out) == (0, f"{kept.database}\n"), err
    assert f"Checks were made of run {kept.ids[3]}: those of earlier runs are in the file of before only." in err
    assert kept.differences(before) == {}
    assert kept.rows("select run_id, account, published_at from meta.runs order by all") == at
    (place,) = (kept.folder / "data" / "published").iterdir()
    assert (place / "tlm.duckdb").read_bytes() == before.read_bytes()
    assert "Nothing new" in kept.tlm("build")[1]


def test_history_is_not_lost_by_accident(kept: Any) -> None:
    """A run without pages, an endpoint and an event that only the file has: refused and told; accepted, it is done."""
    with duckdb.connect(str(kept.database)) as con:
        con.execute("insert into core.audit_events by name select 'prod' as account, 'only-here' as event_id")
        con.execute("insert into core.endpoint_history by name select 'prod:only-here' as endpoint_key")
        con.execute("insert into core.certificate_history by name select 'only-here' as certificate_key")
    before = kept.database.read_bytes()
    shutil.rmtree(kept.landing / "prod" / kept.ids[0])
    code, _, err = kept.tlm("rebuild")
    said = err.strip().splitlines()[-1]
    assert (code, said.startswith("tlm: ")) == (2, True)
    assert f"again: 1 run of an account with its metrics ({kept.ids[0]} of prod), " in said
    assert re.search(r" endpoints? \((from )?prod:", said)
    assert re.search(r" certificates? \((from )?[^ ]+[ )]", said)
    assert re.search(r" audit events? of an account \((from )?[^ ]+ of prod( to [^ ]+ of prod)?\)", said)
    assert " put the pages back, or lose it with `tlm rebuild --accept-shrink`" in said
    assert kept.database.read_bytes() == before
    assert not [path for path in (kept.folder / "data").iterdir() if "building" in path.name]
    code, _, err = kept.tlm("rebuild", "--accept-shrink")
    assert (code, "Lost, as accepted: 1 run of an account" in err) == (0, True), err
    assert kept.rows("select count(*) from core.audit_events where event_id = 'only-here'") == [(0,)]
    with (kept.folder / "tlm.toml").open("a") as config:
        config.write("[publish]\nkeep = 0\n")
    kept.arrive()
    assert kept.tlm("build")[0] == 0
    (place,) = (kept.folder / "data" / "published").iterdir()
    assert place.name == f"before-rebuild-{kept.ids[3]}"
    assert (place / "tlm.duckdb").read_bytes() == before
    assert str(place) in err


def test_what_models_of_today_tell_otherwise_is_not_lost(kept: Any) -> None:
    """More versions than today's models make, other findings, tables and metrics of the newest run of the user's own."""
    (kept.folder / "models").mkdir()
    model = kept.folder / "models" / "own.sql"
    model.write_text(
        "-- What is there.\n-- grain: all\n-- kind: metrics\nselect count(*) as numerator -- endpoints\nfrom core.endpoints\n"
    )
    assert kept.tlm("build")[0] == 0
    model.unlink()
    with duckdb.connect(str(kept.database)) as con:
        con.execute("insert into core.endpoint_history from core.endpoint_history")
        con.execute("insert into core.finding_history by name select 'retired' as finding_key")
        con.execute("insert into mart.metrics by name select run_id, 'retired' as metric from meta.current_run")
        con.execute("create table custom.stood as select 'a' as from_run_id, 'b' as to_run_id, true as is_removed")
    code, _, err = kept.tlm("rebuild")
    assert code == 0, err


@pytest.mark.slow
def test_the_retention_is_named_where_it_removed_the_pages(kept: Any) -> None:
    """Nobody can put these back; nothing else refuses, as another run of their week has its pages."""
    (kept.folder / "policy.toml").write_text(SHORT)
    kept.arrive()
    assert kept.tlm("build")[0] == 0
    code, _, err = kept.tlm("rebuild")
    (day,) = {find.pruned_at for find in find_pruned(kept.landing)}
    assert code == 2
    assert (
        f"the pages of 2 of its runs of an account were removed by [retention] of policy.toml since {day:%Y-%m-%d}"
        in err
    )
    assert "put the pages back" not in err
    assert kept.tlm("rebuild", "--accept-shrink")[0] == 0


def test_events_outlive_the_pages_of_their_run(kept: Any) -> None:
    """A database that is gone comes back from what is retained: weeks thinned, every event of every run still there."""
    events = kept.rows("select account, event_id, occurred_at, action from core.audit_events order by all")
    only = kept.rows(f"select count(*) from core.audit_events where run_id = '{kept.ids[0]}'")
    assert only > [(0,)]
    folder = kept.landing / "prod" / kept.ids[0]  # as if it had been extracted with --resource audit_log
    manifest = read_manifest(folder / "manifest.json")
    events_only = tuple(one for one in manifest.extracts if one.resource == "audit_log")
    write_manifest(folder, msgspec.structs.replace(manifest, extracts=events_only, status="incomplete"))
    (kept.folder / "policy.toml").write_text(SHORT)
    kept.arrive()
    assert kept.tlm("build")[0] == 0
    kept.database.unlink()
    code, _, err = kept.tlm("build")
    assert code == 0, err
    assert kept.rows("select distinct run_id from mart.metrics order by 1") == [(run,) for run in kept.ids[1:]]
    assert kept.rows("select distinct run_id from meta.runs order by 1") == [(run,) for run in kept.ids[1:]]
    brought = f"from core.audit_events where run_id <> '{kept.ids[-1]}' order by all"
    assert kept.rows(f"select account, event_id, occurred_at, action {brought}") == events


def test_what_was_accepted_is_taken_over(kept: Any) -> None:
    """An account that was published although it was not complete is so again, with its reason; one that was not is not."""
    for account, run in (("prod", kept.ids[0]), ("prod", kept.ids[2])):
        folder = kept.landing / account / run
        manifest = read_manifest(folder / "manifest.json")
        short = msgspec.structs.replace(manifest, status="incomplete", reason="agents: 503")
        write_manifest(folder, short)
    with duckdb.connect(str(kept.database)) as con:
        con.execute(
            "update meta.runs set is_complete = false, is_accepted = true, reason = 'accepted: holidays; agents: 503'"
            f" where account = 'prod' and run_id = '{kept.ids[0]}'"
        )
        con.execute(
            f"update meta.runs set published_at = null, is_complete = false where account = 'prod' and run_id = '{kept.ids[2]}'"
        )
    code, _, err = kept.tlm("rebuild", "--accept-shrink")
    assert code == 0, err
    runs = "select run_id, is_complete, is_accepted, reason, published_at is null from meta.runs where account = 'prod'"
    assert kept.rows(f"{runs} and not is_complete order by run_id") == [
        (kept.ids[0], False, True, "accepted: holidays; agents: 503", False),
        (kept.ids[2], False, False, "agents: 503", True),
    ]


def test_without_runs_there_is_nothing_to_rebuild_from(kept: Any) -> None:
    """One sentence; the database stays."""
    before = kept.database.read_bytes()
    shutil.rmtree(kept.landing)
    code, _, err = kept.tlm("rebuild")
    assert (code, "nothing to rebuild from" in err, err.count("\n")) == (2, True, 1)
    assert kept.database.read_bytes() == before


def test_a_damaged_file_is_moved_away_by_its_owner(kept: Any, tmp_path: Path) -> None:
    """What it has cannot be compared, so it is refused; once it is gone the rebuild makes it anew.

    As a build does, it tells of an account that never came, and knows the one that left.
    """
    config = kept.folder / "tlm.toml"
    config.write_text(config.read_text().replace('"apac"', '"emea"'))
    kept.forget(kept.ids[:2])
    kept.database.write_bytes(b"not a database" * 1000)
    code, _, err = kept.tlm("rebuild")
    assert (code, "move it away" in err) == (2, True)
    kept.database.rename(tmp_path / "damaged")
    code, _, err = kept.tlm("rebuild")
    assert (code, re.findall("Account (.*) has no complete run yet", err)) == (0, ["emea"]), err
    accounts = "select account, is_configured from meta.build_accounts order by account"
    assert kept.rows(accounts) == [("apac", False), ("prod", True)]
    assert kept.rows("select count(distinct run_id) from mart.metrics") == [(2,)]


def test_what_became_complete_too_late_is_told_and_taken_in_by_a_rebuild(kept: Any) -> None:
    """A build never reorders history: it takes the events of a whole run and of one account along, and tells of both."""
    events = "select account, event_id from core.audit_events order by all"
    before = kept.rows(events)
    late = kept.folder / "late"
    came_late = (("prod", kept.ids[2]), ("apac", kept.ids[2]), ("apac", kept.ids[1]))
    for account, run in came_late:
        shutil.move(kept.landing / account / run, late / account / run)
    assert kept.tlm("rebuild", "--accept-shrink")[0] == 0
    assert kept.rows("select count(distinct run_id) from mart.metrics") == [(3,)]
    assert len(kept.rows(events)) < len(before)
    shutil.copytree(late, kept.landing, dirs_exist_ok=True)
    code, out, err = kept.tlm("build")
    assert (code, out) == (0, f"{kept.database}\n"), err
    for account, run in came_late:
        assert f"Account {account} of run {run} is complete and older than the newest published run" in err
    assert kept.rows(events) == before
    assert kept.rows("select count(distinct run_id) from mart.metrics") == [(3,)]
    assert "Nothing new" in kept.tlm("build")[1]
    assert kept.tlm("rebuild")[0] == 0
    assert kept.rows("select count(distinct run_id) from mart.metrics") == [(4,)]
    assert "older than" not in kept.tlm("build")[2]
