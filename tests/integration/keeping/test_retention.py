"""Retention with a real build: applied after what was published, and never in the way of the next build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.runs.retention import is_pruned

SHORT = "[retention]\nall_days = 10\n"


def without_pages(kept: Any) -> list[str]:
    """The runs whose pages are gone, of both accounts alike."""
    gone = [{run for run in kept.ids if is_pruned(kept.landing, account, run)} for account in ("prod", "apac")]
    assert gone[0] == gone[1]
    return sorted(gone[0])


def test_a_build_removes_what_the_policy_does_not_keep(kept: Any) -> None:
    """The Monday of a week with a later run goes, in one line of the log; the next build has nothing new to do."""
    (kept.folder / "policy.toml").write_text(SHORT)
    kept.arrive()
    code, _, err = kept.tlm("build")
    assert code == 0
    assert without_pages(kept) == [kept.ids[0]]
    (told,) = [line for line in err.splitlines() if "retention" in line]
    assert "The retention removed the pages of 2 runs (0." in told
    assert kept.rows("select count(distinct run_id) from mart.metrics") == [(5,)]
    assert "Nothing new" in kept.tlm("build")[1]
    code, _, err = kept.tlm("build", "--run", kept.ids[0])
    assert (code, "were removed on" in err, err.count("\n")) == (2, True, 1)
    code, _, err = kept.tlm("extract", "--resume", kept.ids[0])
    assert (code, "were removed on" in err) == (2, True)


def test_nothing_is_removed_when_nothing_is_published(kept: Any) -> None:
    """A build that fails leaves all pages, whatever the policy says."""
    (kept.folder / "policy.toml").write_text(SHORT)
    (kept.folder / "waivers.csv").write_text("waiver\n")
    kept.arrive()
    assert kept.tlm("build")[0] == 2
    assert without_pages(kept) == []


def test_what_cannot_be_removed_is_told_and_the_database_is_published(
    kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 0 with a warning; the next build that publishes tries again."""
    (kept.folder / "policy.toml").write_text(SHORT)
    kept.arrive()

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("pipeline.runs.retention._remove_pages", refuse)
    code, _, err = kept.tlm("build")
    assert (code, "Old runs are still there" in err) == (0, True), err
    assert kept.rows("select max(run_id) from mart.metrics") == [(kept.ids[-1],)]


def test_the_database_of_the_run_before_is_kept(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under its run, byte for byte, and `tlm query` reads it when the data folder is named."""
    before = kept.database.read_bytes()
    kept.arrive()
    assert kept.tlm("build")[0] == 0
    (place,) = (kept.folder / "data" / "published").iterdir()
    assert place.name == kept.ids[3]
    assert (place / "tlm.duckdb").read_bytes() == before
    monkeypatch.setenv("TLM_DATA_DIR", str(place))
    code, out, _ = kept.tlm("query", "select max(run_id) as run from mart.metrics", "--format", "csv")
    assert (code, out) == (0, f"run\n{kept.ids[3]}\n")
