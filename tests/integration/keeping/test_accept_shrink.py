"""`tlm build --accept-shrink`: it lets one build pass, and says so in the database and in the report."""

from __future__ import annotations

from typing import Any

import duckdb
import msgspec

from pipeline.runs.manifest import read_manifest, write_manifest


def test_a_shrink_that_is_accepted_is_never_silent(kept: Any) -> None:
    """Without the flag nothing is published and the sentence names it; with it the reason is in meta.runs and on the cover."""
    with duckdb.connect(str(kept.database)) as con:
        con.execute(
            "update mart.metrics set numerator = 1000 where metric = 'inventory.endpoints' and scope = 'account'"
            f" and account = 'prod' and run_id < '{kept.ids[3]}'"  # the movements are counted from the last of them
        )
    before = kept.database.read_bytes()
    kept.arrive()
    code, _, err = kept.tlm("build")
    assert (code, "shrink_stop found 1 row" in err, "--accept-shrink" in err) == (5, True, True)
    assert kept.database.read_bytes() == before

    code, _, err = kept.tlm("build", "--accept-shrink")
    assert (code, "Account prod has shrunk, accepted: " in err) == (0, True), err
    ((account, is_complete, reason),) = kept.rows(
        f"select account, is_complete, reason from meta.runs where run_id = '{kept.ids[-1]}' and is_shrink_accepted"
    )
    assert (account, is_complete) == ("prod", True)
    assert reason.startswith("accepted: ")
    assert reason.endswith(" endpoints, where the median of the last four runs is 1000")
    assert kept.tlm("report", "weekly", "--format", "html")[0] == 0
    (page,) = (kept.folder / "out").rglob("*.html")
    text = page.read_text(encoding="utf-8")
    assert reason in text

    (kept.folder / "policy.toml").write_text("renew_days = 14\n")
    assert kept.tlm("build")[0] == 0  # the same run once more: what was accepted holds
    assert kept.rows("select count(*) from meta.runs where is_shrink_accepted") == [(1,)]


def test_a_rebuild_that_may_lose_history_may_not_shrink(kept: Any) -> None:
    """What the newest run lacks against those before it is for `tlm build --accept-shrink` to accept."""
    kept.arrive()
    folder = kept.landing / "prod" / kept.ids[-1]
    manifest = read_manifest(folder / "manifest.json")
    none = dict.fromkeys(("api_total_start", "api_total_end", "rows_received", "rows_distinct"), 0)
    extracts = tuple(
        msgspec.structs.replace(one, parts=(), **none) if one.resource.endswith(("automatable", "discovered")) else one
        for one in manifest.extracts
    )
    write_manifest(folder, msgspec.structs.replace(manifest, extracts=extracts))
    code, _, err = kept.tlm("rebuild", "--accept-shrink")
    assert (code, "shrink_stop found" in err) == (5, True), err
    assert kept.rows("select max(run_id) from mart.metrics") == [(kept.ids[3],)]


def test_a_flag_that_was_not_needed_leaves_no_trace(kept: Any) -> None:
    """Nothing shrank, so nothing was accepted."""
    kept.arrive()
    code, _, err = kept.tlm("build", "--accept-shrink")
    assert (code, "shrunk" in err) == (0, False)
    assert kept.rows("select count(*) from meta.runs where is_shrink_accepted or reason is not null") == [(0,)]
