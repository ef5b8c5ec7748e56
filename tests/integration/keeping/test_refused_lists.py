"""An optional list that is refused, or left out of a run: rows of the newest earlier run stand in, and that is told."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.cli import run
from pipeline.runs.manifest import NOT_ASKED, read_manifest, write_manifest

OPTIONAL = ("certificates", "automation_inventory", "business_units", "profiles", "agents")
REFUSED = "403 access_denied: the key may not read it"
METRICS = """
select metric, scope, account, business_unit, member, numerator, denominator from mart.metrics
where run_id = (select run_id from meta.current_run) and metric <> 'inventory.completeness'
order by all
"""
FINDINGS = "select finding_key, is_removed from core.finding_history where to_run_id is null order by all"
LISTS = """
select resource, status, rows_run_id, rows_as_of_at, reason from meta.extracts
where run_id = (select run_id from meta.current_run) and account = 'prod' and status = 'skipped' order by resource
"""


def refuse(kept: Any, run: str, resources: tuple[str, ...], account: str = "prod", reason: str = REFUSED) -> None:
    """Let the landed run of an account look as if the service had refused these lists, or nobody had asked for them."""
    folder = kept.landing / account / run
    manifest = read_manifest(folder / "manifest.json")
    extracts = []
    for one in manifest.extracts:
        if one.resource in resources:
            shutil.rmtree(folder / one.resource)
            extracts.append(type(one)(one.resource, "skipped", reason, requests=int(reason == REFUSED)))
        else:
            extracts.append(one)
    write_manifest(folder, msgspec.structs.replace(manifest, extracts=tuple(extracts)))


def leave_out(kept: Any, run: str, resource: str) -> None:
    """Let the landed run of prod look as if `resources` in tlm.toml did not have this list any more."""
    folder = kept.landing / "prod" / run
    manifest = read_manifest(folder / "manifest.json")
    shutil.rmtree(folder / resource)
    left = tuple(one for one in manifest.extracts if one.resource != resource)
    write_manifest(folder, msgspec.structs.replace(manifest, extracts=left))


def same_lists(kept: Any, run: str, earlier: str, resources: tuple[str, ...], account: str = "prod") -> None:
    """Let the lists of a landed run be those of an earlier one: nothing has changed in them."""
    folder = kept.landing / account
    manifest, before = (read_manifest(folder / one / "manifest.json") for one in (run, earlier))
    extracts = []
    for one in manifest.extracts:
        if one.resource in resources:
            shutil.rmtree(folder / run / one.resource)
            shutil.copytree(folder / earlier / one.resource, folder / run / one.resource)
            one = next(other for other in before.extracts if other.resource == one.resource)  # noqa: PLW2901
        extracts.append(one)
    write_manifest(folder / run, msgspec.structs.replace(manifest, extracts=tuple(extracts)))


@dataclass(frozen=True)
class Refused:
    """A folder in which the last run has arrived, was refused all optional lists of prod and is built; what was said."""

    folder: Path
    told: str


@pytest.fixture(scope="module")
def built_refused(copied: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Refused:
    """Built once, and copied for each test that looks at it."""
    kept = copied(tmp_path_factory.mktemp("refused") / "place")
    kept.arrive()
    refuse(kept, kept.ids[-1], OPTIONAL)
    return Refused(kept.folder, build_apart(kept))


@pytest.fixture
def refused(
    built_refused: Refused, copied: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Any:
    """A folder of its own with that database."""
    kept = copied(tmp_path / "place", capsys, built_refused.folder)
    kept.told = built_refused.told
    return kept


@pytest.fixture(scope="module")
def as_before(copied: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Metrics and findings where the last run has read the optional lists of prod, and they say what they said before."""
    kept = copied(tmp_path_factory.mktemp("as-before") / "place")
    kept.arrive()
    same_lists(kept, kept.ids[-1], kept.ids[-2], OPTIONAL)
    build_apart(kept)
    return kept.rows(METRICS), kept.rows(FINDINGS)


def build_apart(kept: Any) -> str:
    """Build where no test is that captures; what was said on stderr."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        assert run(["--config", str(kept.folder / "tlm.toml"), "build"]) == 0, said.getvalue()
    return said.getvalue()


def started(run: str) -> datetime:
    """The instant that the name of a run begins with, naive UTC."""
    return datetime.strptime(run.partition("-")[0], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007


def test_a_refused_list_counts_as_it_was_when_it_was_last_read(refused: Any, as_before: tuple[Any, Any]) -> None:
    """Metrics and findings are those of a run whose optional lists came as before."""
    assert (refused.rows(METRICS), refused.rows(FINDINGS)) == as_before
    assert refused.rows("select count(*) from meta.drift where what = 'vanished'") == [(0,)]


def test_it_is_told_in_the_log_and_the_tables(refused: Any) -> None:
    """Account, list, since when, and whose rows stand in: in a warning of the build, and in meta.extracts."""
    newest, before = refused.ids[-1], refused.ids[-2]
    for name in OPTIONAL:
        stands_in = f"so the rows of run {before} ({started(before):%Y-%m-%d}) stand in: {REFUSED}."
        assert f"Account prod: {name} was not read since run {newest}, {stands_in}" in refused.told
    rows = refused.rows(LISTS)
    assert [(*one[:4], REFUSED in one[4]) for one in rows] == [
        (name, "skipped", before, started(before), True) for name in sorted(OPTIONAL)
    ]
    assert refused.rows("select distinct run_id from raw.certificates where account = 'prod'") == [(before,)]


def test_it_is_told_in_the_report(refused: Any) -> None:
    """By a banner, beside the completeness on the cover, and in section 11."""
    assert refused.tlm("report", "weekly", "--format", "html")[0] == 0
    (page,) = (refused.folder / "out").rglob("*.html")
    text = page.read_text(encoding="utf-8").replace("\xa0", " ")
    assert "Stale list" in text
    assert "Complete, but 5 lists are of an older run:" in text
    assert text.count("stand in</") == len(OPTIONAL)


def rebuild(kept: Any) -> None:
    """Every run anew."""
    assert kept.tlm("rebuild")[0] == 0


def build_again(kept: Any) -> None:
    """The newest run once more, and back under the policy of before."""
    policy = kept.folder / "policy.toml"
    policy.write_text("renew_days = 20\n")
    assert kept.tlm("build")[0] == 0
    policy.unlink()
    assert kept.tlm("build")[0] == 0


@pytest.mark.parametrize("again", [rebuild, pytest.param(build_again, marks=pytest.mark.slow)])
def test_built_another_way_it_has_the_same_rows(refused: Any, tmp_path: Any, again: Callable[[Any], None]) -> None:
    """In every table and view."""
    before = tmp_path / "before.duckdb"
    shutil.copyfile(refused.database, before)
    again(refused)
    assert refused.differences(before) == {}


def test_a_run_is_taken_back_to_the_one_whose_rows_stood_in(refused: Any) -> None:
    """Its other lists are gone from the file by then, so all its pages are loaded again."""
    day = f"{started(refused.ids[-2]):%Y-%m-%d}"
    code, _, err = refused.tlm("report", "weekly", "--as-of", day, "--format", "html")
    assert code == 0, err
    (page,) = (refused.folder / "out").rglob("*.html")
    assert "Stale list" not in page.read_text(encoding="utf-8")


def test_the_first_refusal_is_told_again_in_later_runs(kept: Any) -> None:
    """Two runs without it: the rows are still those of the last one that had it, whose pages the retention keeps.

    Of a list that the configuration leaves out nothing stands in, and nothing is told: so one is rid of it.
    """
    kept.arrive()
    leave_out(kept, kept.ids[-1], "agents")
    (kept.folder / "policy.toml").write_text("[retention]\nall_days = 1\nweekly_years = 0\nmonthly_years = 0\n")
    for one in kept.ids[-2:]:
        refuse(kept, one, ("certificates",))
    code, _, err = kept.tlm("rebuild")
    assert code == 0, err
    assert [row[:3] for row in kept.rows(LISTS)] == [("certificates", "skipped", kept.ids[-3])]
    assert kept.rows("select distinct account from raw.agents") == [("apac",)]
    assert "agents" not in err
    assert f"certificates was not read since run {kept.ids[-2]}, so the rows of run {kept.ids[-3]}" in err
    assert (kept.landing / "prod" / kept.ids[-3] / "certificates").is_dir()
    assert not (kept.landing / "prod" / kept.ids[-4] / "certificates").exists()


def test_damaged_pages_do_not_stand_in(kept: Any) -> None:
    """Those of the run before do."""
    kept.arrive()
    refuse(kept, kept.ids[-1], ("certificates",))
    part = next((kept.landing / "prod" / kept.ids[-2] / "certificates").glob("part-*"))
    part.write_bytes(part.read_bytes() + b"x")
    assert kept.tlm("build")[0] == 0
    assert kept.rows(LISTS)[0][:3] == ("certificates", "skipped", kept.ids[-3])


def test_nothing_stands_in_for_a_list_that_never_came(kept: Any) -> None:
    """The account has no rows of it, as it always was."""
    kept.arrive()
    kept.forget(kept.ids[:3])
    for one in kept.ids[3:]:
        refuse(kept, one, ("certificates",))
    code, _, err = kept.tlm("rebuild", "--accept-shrink")
    assert (code, "stand in" in err) == (0, False), err
    assert kept.rows("select count(*) from raw.certificates where account = 'prod'") == [(0,)]
    assert kept.rows(LISTS) == [("certificates", "skipped", None, None, REFUSED)]


def test_a_list_that_was_not_asked_for_counts_as_it_was_too(kept: Any, as_before: tuple[Any, Any]) -> None:
    """`tlm extract` of the required lists alone is no estate without automation: the other lists are as they were."""
    kept.arrive()
    refuse(kept, kept.ids[-1], OPTIONAL, reason=NOT_ASKED)
    code, _, err = kept.tlm("build")
    assert (code, kept.rows(METRICS), kept.rows(FINDINGS)) == (0, *as_before)
    newest, before = kept.ids[-1], kept.ids[-2]
    stands_in = f"so the rows of run {before} ({started(before):%Y-%m-%d}) stand in: {NOT_ASKED}."
    assert f"Account prod: agents was not read since run {newest}, {stands_in}" in err
    assert kept.rows(LISTS)[0][:3] == ("agents", "skipped", before)
    assert kept.tlm("report", "weekly", "--format", "html")[0] == 0
    (page,) = (kept.folder / "out").rglob("*.html")
    text = page.read_text(encoding="utf-8").replace("\xa0", " ")
    assert "The list agents of account prod was not asked for; its rows of" in text
    assert "Complete, but 5 lists are of an older run:" in text


def test_a_run_of_other_lists_is_not_the_first_without_one(kept: Any) -> None:
    """It was never to be a whole run: what counts is the first whole one that lacks the list."""
    kept.arrive()
    kept.forget(kept.ids[:2])
    folder = kept.landing / "prod" / kept.ids[-2]
    refuse(kept, kept.ids[-2], ("certificates",), reason=NOT_ASKED)
    write_manifest(folder, msgspec.structs.replace(read_manifest(folder / "manifest.json"), status="incomplete"))
    refuse(kept, kept.ids[-1], ("certificates",))
    code, _, err = kept.tlm("rebuild", "--accept-shrink")
    assert code == 0, err
    assert f"certificates was not read since run {kept.ids[-1]}, so the rows of run {kept.ids[-3]}" in err


def test_a_list_that_no_run_has_is_told(kept: Any) -> None:
    """The very first runs left it out: by a warning of the build, a banner, and beside the completeness."""
    kept.arrive()
    kept.forget(kept.ids[:3])
    for one in kept.ids[3:]:
        refuse(kept, one, ("agents",), reason=NOT_ASKED)
    code, _, err = kept.tlm("rebuild", "--accept-shrink")
    assert code == 0, err
    counts = "so what it says counts as not there"
    assert err.count(f"agents was not read, and no earlier run has it, {counts}: {NOT_ASKED}.") == 1
    assert kept.tlm("report", "weekly", "--format", "html")[0] == 0
    (page,) = (kept.folder / "out").rglob("*.html")
    text = page.read_text(encoding="utf-8").replace("\xa0", " ")
    assert "The list agents of account prod was not asked for, and no earlier run has it." in text
    assert "Complete, but 1 list was not read:" in text
