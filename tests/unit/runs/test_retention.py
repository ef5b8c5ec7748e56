"""Retention: which runs keep their pages, what a removal leaves, and that no wrong clock removes what is young."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.errors import OutputFailed, UsageError
from pipeline.policy import LegalHold, Policy, Retention
from pipeline.runs import retention
from pipeline.runs.manifest import Extract, KeySees, Manifest, find_runs, manifest_hash, manifest_path, write_manifest
from pipeline.runs.retention import Landed, Needed, choose_removals, find_landed, prune_runs, refuse_pruned

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)


def run_id(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}-aaaaaa"


def days_before(days: float) -> str:
    """The name of the run that began so many days before NOW."""
    return run_id(NOW - timedelta(days=days))


def complete(*names: str, account: str = "prod") -> list[Landed]:
    return [Landed(account, name, is_complete=True) for name in names]


def removed(runs: list[Landed], policy: Policy | None = None, needed: Needed | None = None) -> list[str]:
    """The names of the runs to be removed when the newest of each account is published."""
    newest = {run.account: max(one.run_id for one in runs if one.account == run.account) for run in runs}
    found = choose_removals(runs, policy or Policy(), BERLIN, needed or Needed(newest))
    return [removal.run.run_id for removal in found]


def test_every_run_of_the_last_thirty_days_is_kept() -> None:
    """Incomplete ones too; the day after, one a week is left."""
    runs = [*complete(*(days_before(days) for days in range(31))), Landed("prod", days_before(29.5))]
    assert removed(runs) == []


def test_then_the_last_complete_run_of_each_week_and_month() -> None:
    """Daily runs of years: 30 days of all, then Sundays and the last days of months, then these, then nothing."""
    at = [NOW - timedelta(days=days) for days in range(9 * 366)]
    gone = set(removed(complete(*map(run_id, at))))
    for moment in at:
        age, day = NOW - moment, moment.astimezone(BERLIN).date()
        is_month_end = (day + timedelta(days=1)).day == 1
        is_kept = (
            age <= timedelta(days=30)
            or (age <= timedelta(days=2 * 366) and (day.isoweekday() == 7 or is_month_end))
            or (age <= timedelta(days=7 * 366) and is_month_end)
        )
        assert (run_id(moment) not in gone) == is_kept, moment


def test_a_week_ends_on_sunday_in_the_configured_zone() -> None:
    """22:30 UTC on a Sunday in summer is Monday in Berlin: the earlier run is the last one of its week."""
    sunday, monday = run_id(datetime(2026, 7, 12, 12, tzinfo=UTC)), run_id(datetime(2026, 7, 12, 22, 30, tzinfo=UTC))
    later = [run_id(datetime(2026, 7, 14, 12, tzinfo=UTC) + timedelta(days=7 * week)) for week in range(20)]
    assert removed(complete(sunday, monday, *later)) == [monday]


def test_a_run_that_is_not_complete_is_never_the_one_of_its_week() -> None:
    """It is newer than the complete one of that week and goes, also without a manifest."""
    good, short = days_before(40), days_before(39.9)
    between = [days_before(days) for days in (33, 26, 19, 12, 5, 0)]
    assert removed([*complete(good, *between), Landed("prod", short)]) == [short]


def test_thinning_step_by_step_keeps_what_thinning_at_once_keeps() -> None:
    """What an earlier pass left is enough to tell the last one of each week and month again."""
    policy = Policy(retention=Retention(all_days=10, weekly_years=1, monthly_years=2))
    every_day = [run_id(NOW - timedelta(days=days)) for days in range(800, -1, -1)]
    left: list[Landed] = []
    for number, name in enumerate(every_day):
        left += complete(name)
        if number % 9 == 0 or name == every_day[-1]:
            gone = set(removed(left, policy))
            left = [Landed("prod", run.run_id, is_pruned=True) if run.run_id in gone else run for run in left]
    at_once = set(removed(complete(*every_day), policy))
    assert {run.run_id for run in left if run.is_pruned} == at_once


def test_accounts_are_apart() -> None:
    """A stale account keeps its runs until it has a newer one: its ages count from its own newest."""
    fresh = complete(*(days_before(days) for days in range(42, -1, -1)))
    stale = complete(days_before(42), days_before(41.5), account="apac")
    gone = removed([*fresh, *stale])
    assert gone == removed(fresh)
    assert days_before(42) in gone


def test_an_account_that_was_never_complete_goes_by_the_others() -> None:
    """Its incomplete runs of more than thirty days are removed."""
    tries = [Landed("apac", days_before(days)) for days in (40, 35, 29, 22, 15, 8, 1)]
    found = choose_removals(tries, Policy(), BERLIN, Needed({"prod": days_before(0)}))
    assert [removal.run.run_id for removal in found] == [days_before(40), days_before(35)]


def test_a_policy_without_weeks_and_months_keeps_the_days() -> None:
    """The rule that the marker names is the one that was broken."""
    policy = Policy(retention=Retention(all_days=3, weekly_years=0, monthly_years=0))
    runs = complete(*(days_before(days) for days in range(8, -1, -1)))
    found = choose_removals(runs, policy, BERLIN, Needed({"prod": days_before(0)}))
    assert [removal.run.run_id for removal in found] == [days_before(days) for days in range(8, 3, -1)]
    assert {removal.rule for removal in found} == {"older than 3 days"}


def test_what_is_newer_than_the_published_run_is_not_touched() -> None:
    """Nor is what the published file rests on, whatever its age."""
    week = [days_before(days) for days in range(70, -1, -1)]
    published = Needed({"prod": days_before(60)}, frozenset({("prod", days_before(65))}))
    gone = removed(complete(*week), Policy(retention=Retention(all_days=1, weekly_years=0, monthly_years=0)), published)
    assert gone == [days_before(days) for days in (70, 69, 68, 67, 66, 64, 63, 62)]


@pytest.mark.parametrize("wrong", [datetime(2099, 1, 1, tzinfo=UTC), datetime(2027, 1, 28, tzinfo=UTC)])
def test_a_run_under_a_wrong_clock_ages_the_others_by_a_week(wrong: datetime) -> None:
    """Ages count gaps, a week at most, and no clock is asked: only what was 23 days old or more is thinned."""
    days = [run_id(NOW - timedelta(days=days)) for days in range(35, -1, -1)]
    before = removed(complete(*days))
    after = removed(complete(*days, run_id(wrong)))
    assert set(after) - set(before) <= {days_before(age) for age in range(24, 31)}
    assert removed(complete(run_id(datetime(1970, 1, 1, tzinfo=UTC)), *days)) == before


def test_a_legal_hold_keeps_every_run_of_its_days() -> None:
    """Both days are inside, counted in the zone; without an end it holds from its first day on."""
    days = [days_before(days) for days in range(60, -1, -1)]
    without = removed(complete(*days))
    held = LegalHold("case 117", date(2026, 10, 5), date(2026, 10, 7))
    kept = set(without) - set(removed(complete(*days), Policy(legal_holds=(held,))))
    assert {name[:8] for name in kept} == {"20261005", "20261006", "20261007"}
    endless = LegalHold("case 118", date(2026, 1, 1))
    assert removed(complete(*days), Policy(legal_holds=(endless,))) == []


MANIFEST = Manifest(
    run_id="",
    account="prod",
    as_of_at=NOW,
    finished_at=NOW,
    status="complete",
    reason=None,
    tool_version="0.1.0",
    config_hash="00",
    base_url="https://one.digicert.com",
    required=("agents",),
    key_sees=KeySees(),
    extracts=(Extract("agents", "complete"),),
    previous_manifest_hash=None,
)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """Daily runs of 40 days with a page each, chained, and the events of one day."""
    landing = tmp_path / "landing"
    previous = None
    for days in range(40, -1, -1):
        folder = landing / "prod" / days_before(days)
        (folder / "agents").mkdir(parents=True)
        (folder / "agents" / "part-00001.ndjson.zst").write_bytes(b"12345")
        (folder / "agents" / "pages.ndjson").write_bytes(b"123")
        (folder / "run.json").write_text("{}")
        write_manifest(folder, msgspec.structs.replace(MANIFEST, run_id=folder.name, previous_manifest_hash=previous))
        previous = manifest_hash(folder / "manifest.json")
    (landing / "prod" / "events" / "2026-10-20").mkdir(parents=True)
    (landing / "prod" / "events" / "2026-10-20" / f"{days_before(38)}.ndjson.zst").write_bytes(b"event")
    (landing / "prod" / "20261020T060000Z-my-own").mkdir()
    return landing


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_removed_run_leaves_its_manifest_and_a_marker(landing: Path) -> None:
    """The chain of manifests holds, events and everything else keep their bytes, and the second pass has nothing to do."""
    before = contents(landing)
    done = prune_runs(landing, Policy(), BERLIN, Needed({"prod": days_before(0)}), NOW)
    gone = [run.run_id for run in find_landed(landing) if run.is_pruned]
    assert (done.runs, done.bytes) == (len(gone), 8 * len(gone))
    assert len(gone) == 9  # ten days, one of them a Sunday
    after = contents(landing)
    assert {name for name in before if name not in after} == {
        f"prod/{name}/agents/{file}" for name in gone for file in ("part-00001.ndjson.zst", "pages.ndjson")
    }
    assert {name for name in after if name not in before} == {f"prod/{name}/pruned.json" for name in gone}
    assert all(before[name] == after[name] for name in before if name in after)
    manifests = find_runs(landing)
    assert len(manifests) == 41
    for earlier, later in pairwise(manifests):
        assert later.previous_manifest_hash == manifest_hash(manifest_path(landing, "prod", earlier.run_id))
    marker = msgspec.json.decode((landing / "prod" / gone[0] / "pruned.json").read_bytes())
    assert marker["rule"] == "older than 30 days and not the last complete run of its week or month"
    assert (marker["age_days"], marker["counted_from"]) == (40, days_before(0))
    assert marker["retention"] == {"all_days": 30, "weekly_years": 2, "monthly_years": 7}
    assert prune_runs(landing, Policy(), BERLIN, Needed({"prod": days_before(0)}), NOW) == retention.Removed(0, 0)


def test_a_pass_that_was_killed_is_finished_by_the_next(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The marker is there before the first page goes; the run counts as removed from then on, also under another policy."""
    calls = []

    def killed(folder: Path) -> None:
        calls.append(folder)
        assert (folder.parent / "pruned.json").exists()
        raise KeyboardInterrupt

    needed = Needed({"prod": days_before(0)})
    with monkeypatch.context() as patch:
        patch.setattr(retention.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            prune_runs(landing, Policy(), BERLIN, needed, NOW)
    (folder,) = calls
    assert folder.exists()
    assert prune_runs(landing, Policy(retention=Retention(all_days=99)), BERLIN, needed, NOW).runs == 1
    assert not folder.exists()
    assert (folder.parent / "manifest.json").exists()
    assert prune_runs(landing, Policy(), BERLIN, needed, NOW).runs == 8


def test_a_folder_that_cannot_be_removed_is_named(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence, with the run; the others are removed all the same."""
    stuck = landing / "prod" / days_before(40)
    remove = retention.shutil.rmtree

    def refuse(folder: Path) -> None:
        if folder.parent == stuck:
            raise PermissionError(13, "Permission denied", str(folder))
        remove(folder)

    monkeypatch.setattr(retention.shutil, "rmtree", refuse)
    with pytest.raises(OutputFailed, match=rf"prod/{days_before(40)} cannot be written \(Permission denied\)"):
        prune_runs(landing, Policy(), BERLIN, Needed({"prod": days_before(0)}), NOW)
    assert len(list(landing.glob("prod/*/agents"))) == 41 - 8


SHORTEST = Policy(retention=Retention(all_days=1, weekly_years=0, monthly_years=0))


@pytest.mark.parametrize("what", ["run", "account", "resource"])
def test_no_link_is_followed(landing: Path, tmp_path: Path, what: str) -> None:
    """Whatever a symbolic link in the landing zone leads to keeps its bytes, and gets no marker."""
    old, outside = "20200101T000000Z-abcdef", tmp_path / "outside"
    for name in (old, days_before(0)):
        (outside / name / "agents").mkdir(parents=True)
        (outside / name / "agents" / "mine.txt").write_text("mine")
        write_manifest(outside / name, MANIFEST)
    if what == "account":
        (landing / "apac").symlink_to(outside)
    elif what == "run":
        (landing / "prod" / old).symlink_to(outside / old)
    else:
        (landing / "prod" / old).mkdir()
        write_manifest(landing / "prod" / old, MANIFEST)
        (landing / "prod" / old / "agents").symlink_to(outside / old / "agents")
    before = contents(outside)
    done = prune_runs(landing, SHORTEST, BERLIN, Needed({"prod": days_before(0)}), NOW)
    assert done.runs == 39
    assert contents(outside) == before


def test_what_no_run_has_made_is_left_alone(landing: Path) -> None:
    """A file named like a run, a date that is none, a folder without manifest or opening, notes among the pages."""
    prod = landing / "prod"
    (prod / "20200101T000000Z-aaaaaa").write_text("a file")
    for name in ("20250230T000000Z-abcdef", "00010101T000000Z-abcdef", "20200102T000000Z-abcdef"):
        (prod / name / "agents").mkdir(parents=True)
        (prod / name / "agents" / "mine.txt").write_text("mine")
    for name in ("20250230T000000Z-abcdef", "00010101T000000Z-abcdef"):
        write_manifest(prod / name, MANIFEST)
    (prod / days_before(40) / "notes").mkdir()
    (prod / days_before(40) / "notes" / "mine.txt").write_text("mine")
    before = contents(landing)
    done = prune_runs(landing, SHORTEST, ZoneInfo("America/New_York"), Needed({"prod": days_before(0)}), NOW)
    assert done.runs == 39
    gone = {name for name in before if name not in contents(landing)}
    assert {name.split("/")[1] for name in gone} == {days_before(days) for days in range(2, 41)}
    assert all("/agents/p" in name for name in gone)


def test_a_removed_run_says_when_and_why(landing: Path) -> None:
    """Building or resuming it is a usage error; a run with its pages passes."""
    prune_runs(landing, Policy(), BERLIN, Needed({"prod": days_before(0)}), NOW)
    refuse_pruned(landing, days_before(0))
    with pytest.raises(
        UsageError, match=r"were removed on 2026-11-28 by \[retention\] of policy.toml \(older than 30 days"
    ):
        refuse_pruned(landing, days_before(40))
