"""The audit log in windows of time: every event, whatever the API serves at most, and honest where it cannot be had."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline import config
from pipeline.errors import RunIncomplete, UsageError
from pipeline.extract import audit, run
from pipeline.extract.resources import Wanted
from pipeline.extract.run import RunResult, extract_run, resume_run
from pipeline.runs.landing import JOURNAL, JournalLine, read_items
from pipeline.runs.manifest import Extract, Manifest, find_runs
from pipeline.runs.opening import Opening, write_opening

from .conftest import NOW, PATHS, Asked, Raw, Tlm

Settings = Callable[..., config.Settings]


@dataclass
class Log:
    """An audit log that selects by time; `serves` at most so many of a query, `tells` at most such a total."""

    events: list[dict[str, Any]]
    serves: int = 10**9
    tells: int = 10**9
    is_selected: bool = True
    is_from_exclusive: bool = False
    refuses_from: int = 10**9
    widest: timedelta = timedelta.max

    def answer(self, asked: Asked, _number: int) -> Raw | None:
        """A page of it; None for other paths."""
        if asked.path != PATHS["audit_log"]:
            return None
        found = self.events
        if self.is_selected:
            first, last = (datetime.fromisoformat(asked.query[name]) for name in ("from", "to"))
            if last - first > self.widest:
                return 400, {}, b'{"errors": [{"code": "invalid_range", "message": "the range is too wide"}]}'
            found = [one for one in found if self._begins(first, read_time(one)) and read_time(one) < last]
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        if offset >= self.refuses_from:
            return 400, {}, b'{"errors": [{"code": "invalid_offset", "message": "offset is too large"}]}'
        page = {"items": found[: self.serves][offset : offset + limit], "total": min(len(found), self.tells)}
        return 200, {}, json.dumps({**page, "offset": offset, "limit": limit}).encode()

    def _begins(self, first: datetime, at: datetime) -> bool:
        return first < at if self.is_from_exclusive else first <= at


def read_time(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


def events(count: int, span: timedelta = timedelta(days=80), end: datetime = NOW) -> list[dict[str, Any]]:
    """So many events, evenly over `span` before `end`, whole seconds."""
    times = [end - span + number * span / count for number in range(count)]
    stamps = [f"{time.replace(microsecond=0):%Y-%m-%dT%H:%M:%SZ}" for time in times]
    return [{"id": f"e{number}", "timestamp": stamp, "at": stamp} for number, stamp in enumerate(stamps)]


def extract(settings: config.Settings, **options: Any) -> RunResult:
    defaults: dict[str, Any] = {"clock": lambda: NOW, "on_page": lambda *_progress: None}
    wanted = Wanted(resources=("audit_log",), since=options.pop("since", None))
    return asyncio.run(extract_run(settings, wanted, **{**defaults, **options}))


def outcome(manifest: Manifest) -> Extract:
    return next(one for one in manifest.extracts if one.resource == "audit_log")


def landed(settings: config.Settings, manifest: Manifest) -> list[str]:
    """The ids of the events in the landing zone, as often as they are there."""
    folder = settings.data / "landing" / manifest.account
    return [json.loads(line)["id"] for part in outcome(manifest).parts for line in read_items(folder / part.name)]


def windows_of(tlm: Tlm) -> list[str]:
    """The windows that were asked for, in order, each once."""
    asked = [one.query for one in tlm.asked if one.path == PATHS["audit_log"]]
    return list(dict.fromkeys(f"{query['from']}/{query['to']}" for query in asked))


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of more than 50 events is too large; so tests stay small."""
    monkeypatch.setattr(audit, "MOST_EVENTS", 50)


def test_a_log_that_fits_is_one_window(tlm: Tlm, settings_for: Settings) -> None:
    """No request more than pages; an event of the run's own second is among them, also where `to` is exclusive."""
    log = Log(
        [*events(119), {"id": "now", "timestamp": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}]
    )
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=50)
    (manifest,) = extract(settings).manifests
    assert landed(settings, manifest) == [one["id"] for one in log.events]
    assert windows_of(tlm) == ["2026-08-26T06:00:00Z/2026-11-24T06:00:01Z"]
    assert outcome(manifest).requests == 3


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("is_from_exclusive", [False, True])
def test_a_large_log_is_read_in_windows_that_fit(tlm: Tlm, settings_for: Settings, *, is_from_exclusive: bool) -> None:
    """Every event, also those at the seams whichever way the API takes `from`; the totals are the sums."""
    log = Log(events(470), serves=50, is_from_exclusive=is_from_exclusive)
    middle = NOW - timedelta(days=45)
    log.events.append({"id": "seam", "timestamp": f"{middle:%Y-%m-%dT%H:%M:%SZ}", "at": f"{middle:%Y-%m-%dT%H:%M:%SZ}"})
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=20)
    (manifest,) = extract(settings).manifests
    one = outcome(manifest)
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
    assert (one.status, one.reason, one.rows_distinct) == ("complete", None, 471)
    assert one.api_total_start == one.api_total_end == one.rows_received
    assert len(windows_of(tlm)) >= 10


@pytest.mark.parametrize(("serves", "tells"), [(1000, 1000), (1000, 10**9), (730, 10**9)])
def test_a_limit_that_nobody_told_of_loses_nothing(tlm: Tlm, settings_for: Settings, serves: int, tells: int) -> None:
    """A total cut at a round number, or pages that run dry below the total: smaller windows are asked for."""
    log = Log(events(2300), serves=serves, tells=tells)
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=100)
    (manifest,) = extract(settings).manifests
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
    assert outcome(manifest).status == "complete"
    assert outcome(manifest).rows_received <= 2300 + serves + 5  # the limit is learnt by one window that ran dry


def test_positions_that_are_too_deep_lie_in_smaller_windows(tlm: Tlm, settings_for: Settings) -> None:
    """A service that refuses offsets from 300 on: the log is read in windows that need none."""
    log = Log(events(1303), refuses_from=300)
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=100)
    (manifest,) = extract(settings).manifests
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
    assert outcome(manifest).status == "complete"


@pytest.mark.parametrize("widest", [timedelta(days=1), timedelta(hours=1)])
def test_a_range_that_is_too_wide_is_asked_for_in_days_or_hours(
    tlm: Tlm, settings_for: Settings, widest: timedelta
) -> None:
    """Nothing says how far apart `from` and `to` may be: a window that is refused is read in narrower ones."""
    log = Log(events(90, timedelta(days=3)), widest=widest)
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=100, audit_days=4)
    (manifest,) = extract(settings).manifests
    assert (outcome(manifest).status, outcome(manifest).reason) == ("complete", None)
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}


def test_a_log_that_is_refused_however_narrow_is_refused_at_once(tlm: Tlm, settings_for: Settings) -> None:
    """One question more, about an hour, tells that it is not the width."""
    log = Log(events(90), widest=timedelta(0))
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url})
    (manifest,) = extract(settings).manifests
    assert outcome(manifest).status == "skipped"
    assert len(windows_of(tlm)) == 2


@pytest.mark.usefixtures("small_windows")
def test_a_burst_within_one_second_is_read_as_it_is(tlm: Tlm, settings_for: Settings) -> None:
    """A second cannot be halved; it is read in pages, and complete when they give its total."""
    log = Log(
        [
            {"id": f"b{number}", "timestamp": "2026-11-20T10:00:00Z", "at": "2026-11-20T10:00:00Z"}
            for number in range(75)
        ]
    )
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=20)
    (manifest,) = extract(settings).manifests
    assert (outcome(manifest).status, outcome(manifest).rows_distinct) == ("complete", 75)


@pytest.mark.usefixtures("small_windows")
def test_a_second_that_is_not_served_whole_makes_the_log_incomplete(tlm: Tlm, settings_for: Settings) -> None:
    """With the window, what was expected and what came; the rest of the log is kept."""
    burst = [
        {"id": f"b{number}", "timestamp": "2026-11-20T10:00:00Z", "at": "2026-11-20T10:00:00Z"} for number in range(75)
    ]
    log = Log(events(60) + burst, serves=50)
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=20)
    with pytest.raises(RunIncomplete, match=r"audit_log: 2026-11-20T\S+/2026-11-20T10:00:0\dZ: .*75"):
        extract(settings)
    manifest = find_runs(settings.data / "landing")[-1]
    assert outcome(manifest).status == "incomplete"
    assert {f"e{number}" for number in range(60)} <= set(landed(settings, manifest))


@pytest.mark.usefixtures("small_windows")
def test_an_api_that_does_not_select_by_time_is_read_as_one_list(tlm: Tlm, settings_for: Settings) -> None:
    """Else every second of ninety days would be asked for; the manifest says it."""
    log = Log(events(300), is_selected=False)
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, page_size=100)
    (manifest,) = extract(settings).manifests
    assert landed(settings, manifest) == [event["id"] for event in log.events]
    assert "whatever from and to are" in (outcome(manifest).reason or "")
    assert outcome(manifest).requests <= 8


def test_times_that_lie_are_kept(tlm: Tlm, settings_for: Settings) -> None:
    """An event of the future lands on its day, one whose time does not parse on the day of the run."""
    log = Log(events(3))
    for number, stamp in enumerate(["2999-12-31T00:00:00Z", "yesterday", None, 5]):
        log.events.append({"id": f"lie{number}", "timestamp": stamp, "at": "2026-11-20T10:00:00Z"})
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url})
    (manifest,) = extract(settings).manifests
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
    days = {part.name.split("/")[1]: part.rows for part in outcome(manifest).parts}
    assert (days["2999-12-31"], days["2026-11-24"]) == (1, 3)


def test_a_late_event_is_found_by_the_next_run(tlm: Tlm, settings_for: Settings) -> None:
    """It is written hours after it happened, when the window of its time was closed already."""
    log = Log(events(30))
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, required=("audit_log",), resources=("audit_log",))
    extract(settings)
    late = f"{NOW - timedelta(hours=20):%Y-%m-%dT%H:%M:%SZ}"
    log.events.append({"id": "late", "timestamp": late, "at": late})
    (second,) = extract(settings, clock=lambda: NOW + timedelta(days=1)).manifests
    assert "late" in landed(settings, second)


def test_progress_counts_over_all_windows(tlm: Tlm, settings_for: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is received never exceeds the total that is shown."""
    monkeypatch.setattr(audit, "MOST_EVENTS", 50)
    log, told = Log(events(200)), []
    tlm.instead = log.answer
    extract(
        settings_for({"prod": tlm.base_url}, page_size=20),
        on_page=lambda _account, _resource, received, total: told.append((received, total)),
    )
    assert told[-1] == (200, 200)
    assert all(received <= total for received, total in told)


def test_since_fills_in_what_lies_before_the_look_back(tlm: Tlm, settings_for: Settings) -> None:
    """An older log, read once; the run after it goes on as usual."""
    log = Log(events(40, span=timedelta(days=400)))
    tlm.instead = log.answer
    settings = settings_for({"prod": tlm.base_url}, required=("audit_log",), resources=("audit_log",))
    assert len(landed(settings, extract(settings).manifests[0])) < 20
    (backfill,) = extract(settings, since=NOW - timedelta(days=500), clock=lambda: NOW + timedelta(days=1)).manifests
    assert set(landed(settings, backfill)) == {event["id"] for event in log.events}
    extract(settings, clock=lambda: NOW + timedelta(days=2))
    assert windows_of(tlm)[-1].startswith("2026-11-24T06:00:00Z/")


def test_a_day_that_has_not_begun_is_refused(tlm: Tlm, settings_for: Settings) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match="--since 2026-12-01 00:00 UTC lies in the future"):
        extract(settings_for({"prod": tlm.base_url}), since=datetime(2026, 12, 1, tzinfo=UTC))
    assert tlm.asked == []


@pytest.mark.usefixtures("small_windows")
def test_a_resumed_log_asks_for_no_window_twice(tlm: Tlm, settings_for: Settings) -> None:
    """Closed windows are skipped, the open one goes on, and totals of halved ones are remembered."""
    log, served = Log(events(470)), []

    def answer(asked: Asked, number: int) -> Raw | None:
        reply = log.answer(asked, number)
        if reply is not None and len(served) == fails_after:
            return 500, {}, b""
        if reply is not None and asked.query["limit"] != "1" and json.loads(reply[2])["items"]:  # empty ones twice
            served.append((asked.query["from"], asked.query["to"], asked.query["offset"]))
        return reply

    fails_after = 17
    tlm.instead = answer
    settings = settings_for({"prod": tlm.base_url}, page_size=20, concurrency=1)
    with pytest.raises(RunIncomplete):
        extract(settings)
    (broken,) = find_runs(settings.data / "landing")
    assert 0 < len(landed(settings, broken)) < 470
    fails_after = -1
    reading = resume_run(settings, broken.run_id, clock=lambda: NOW, on_page=lambda *_progress: None)
    (manifest,) = asyncio.run(reading).manifests
    one = outcome(manifest)
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
    assert (one.status, one.api_total_end, one.rows_distinct) == ("complete", one.rows_received, 470)
    assert len(served) == len(set(served))


@pytest.mark.usefixtures("small_windows")
def test_windows_side_by_side_are_resumed(tlm: Tlm, settings_for: Settings) -> None:
    """Whatever the journal names of the windows that were under way is not asked for again; every event is there."""
    log = Log(events(470))

    def answer(asked: Asked, number: int) -> Raw | None:
        reply = log.answer(asked, number)
        return (500, {}, b"") if reply is not None and len(tlm.asked) > 25 else reply

    tlm.instead = answer
    settings = settings_for({"prod": tlm.base_url}, page_size=20, concurrency=6)
    with pytest.raises(RunIncomplete):
        extract(settings)
    (broken,) = find_runs(settings.data / "landing")
    journal = settings.data / "landing" / "prod" / broken.run_id / "audit_log" / JOURNAL
    lines = [msgspec.json.decode(line, type=JournalLine) for line in journal.read_bytes().splitlines()]
    assert len({line.window for line in lines}) > 2
    tlm.asked.clear()
    tlm.instead = log.answer
    reading = resume_run(settings, broken.run_id, clock=lambda: NOW, on_page=lambda *_progress: None)
    (manifest,) = asyncio.run(reading).manifests
    asked = {
        (f"{one.query['from']}/{one.query['to']}", int(one.query["offset"]))
        for one in tlm.asked
        if one.query.get("from")
    }
    assert not asked & {(line.window, line.offset) for line in lines}
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
    assert (outcome(manifest).status, outcome(manifest).api_total_end) == ("complete", outcome(manifest).rows_received)


@pytest.mark.usefixtures("small_windows")
def test_windows_are_read_side_by_side(tlm: Tlm, settings_for: Settings) -> None:
    """As many requests are under way as may be, although each window is one page."""
    log = Log(events(300))
    tlm.instead, tlm.hold_until = log.answer, 5
    settings = settings_for({"prod": tlm.base_url}, page_size=50, concurrency=5)
    (manifest,) = extract(settings).manifests
    assert tlm.most_at_once == 5
    assert set(landed(settings, manifest)) == {event["id"] for event in log.events}


@pytest.mark.usefixtures("small_windows")
def test_a_total_that_lies_does_not_cost_a_request_for_each_second(tlm: Tlm, settings_for: Settings) -> None:
    """A window is split into 64 at most, whatever its total says; the empty ones, each asked for twice, end the matter."""
    log = Log(events(40))

    def boast(asked: Asked, number: int) -> Raw | None:
        reply = log.answer(asked, number)
        if reply is None or len(tlm.asked) > 1:
            return reply
        return 200, {}, json.dumps({"items": [], "total": 10**9}).encode()

    tlm.instead = boast
    (manifest,) = extract(settings_for({"prod": tlm.base_url}), since=NOW - timedelta(days=600)).manifests
    assert outcome(manifest).requests <= 2 * 64 + 2
    assert outcome(manifest).rows_distinct == 40


def test_an_account_killed_before_its_start_was_written_keeps_since(
    tlm: Tlm, settings_for: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start of another account of the same run has it: nothing of the backfill is left out in silence."""
    log = Log(events(40, span=timedelta(days=400)))
    tlm.instead = log.answer
    settings = settings_for(
        {"prod": tlm.base_url, "lab": tlm.base_url}, resources=("audit_log",), required=("audit_log",)
    )
    written: list[str] = []

    def write_one(folder: Path, opening: Opening) -> None:
        if written:
            raise KeyboardInterrupt
        written.append(opening.run_id)
        write_opening(folder, opening)

    monkeypatch.setattr(run, "write_opening", write_one)
    with pytest.raises(KeyboardInterrupt):
        extract(settings, since=NOW - timedelta(days=500))
    monkeypatch.setattr(run, "write_opening", write_opening)
    reading = resume_run(settings, written[0], clock=lambda: NOW, on_page=lambda *_progress: None)
    for manifest in asyncio.run(reading).manifests:
        assert set(landed(settings, manifest)) == {event["id"] for event in log.events}
