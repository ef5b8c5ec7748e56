"""Which lists a run reads, and for which time the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from pipeline.config import RESOURCES, Extract
from pipeline.errors import UsageError
from pipeline.extract.resources import audit_window, choose_resources, event_days, wire_time
from pipeline.runs.manifest import Extract as Extracted
from pipeline.runs.manifest import KeySees, Manifest

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
WINDOW = (NOW - timedelta(days=90), NOW)


def run_of(days_ago: int, *, status: str = "complete", audit: str = "complete") -> Manifest:
    """A run that started so many days before NOW."""
    content = {
        "run_id": f"run-{days_ago}",
        "account": "prod",
        "as_of_at": NOW - timedelta(days=days_ago),
        "finished_at": NOW,
        "status": status,
        "reason": None,
        "tool_version": "0",
        "config_hash": "",
        "base_url": "",
        "required": (),
        "key_sees": KeySees(),
        "extracts": (Extracted("audit_log", audit),),  # type: ignore[arg-type]
        "previous_manifest_hash": None,
    }
    return Manifest(**content)  # type: ignore[arg-type]


def test_business_units_are_read_first() -> None:
    """They show whether the key is accepted and what it sees; all others keep the contract's order."""
    names = [resource.name for resource in choose_resources(Extract(), None, WINDOW)]
    assert names[0] == "business_units"
    assert sorted(names) == sorted(RESOURCES)


def test_only_the_wanted_resources_are_read() -> None:
    """--resource narrows the configured ones."""
    (resource,) = choose_resources(Extract(), ("endpoints.unsecured",), WINDOW)
    assert (resource.name, resource.is_required, resource.parameters) == ("endpoints.unsecured", True, {})


def test_a_configuration_without_resources_is_refused() -> None:
    """There would be nothing to read."""
    with pytest.raises(UsageError, match=r"extract\.resources names no resource"):
        choose_resources(Extract(resources=()), None, WINDOW)


def test_an_unknown_resource_is_refused_with_the_choice() -> None:
    """A typing mistake is a usage error."""
    with pytest.raises(UsageError, match=r"'endpoint'.*endpoints.automatable"):
        choose_resources(Extract(), ("endpoint",), WINDOW)


def test_the_audit_log_is_asked_for_by_time() -> None:
    """It alone has a span; in it is an event of the run's own second, that `to` as the API takes it may leave out."""
    spans = {resource.name: resource.span for resource in choose_resources(Extract(), None, WINDOW)}
    whole = (WINDOW[0], NOW + timedelta(seconds=1))
    assert {name: span for name, span in spans.items() if span is not None} == {"audit_log": whole}


def test_a_time_goes_on_the_wire_in_utc_to_the_second() -> None:
    """As the API's own examples write it."""
    local = datetime(2026, 8, 26, 8, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert wire_time(local) == "2026-08-26T06:00:00Z"


def test_since_reaches_further_back_and_never_less_far() -> None:
    """Also beyond the look-back; a later one would leave a gap before the next run."""
    since = NOW - timedelta(days=400)
    assert audit_window(Extract(), [], NOW, since) == (since, NOW)
    assert audit_window(Extract(), [run_of(7)], NOW, since) == (since, NOW)
    assert audit_window(Extract(), [run_of(7)], NOW, NOW - timedelta(days=1)) == (NOW - timedelta(days=8), NOW)


def test_the_first_extraction_looks_back_as_configured() -> None:
    """Nothing complete was read before."""
    start, end = audit_window(Extract(audit_days=30), [], NOW)
    assert (start, end) == (NOW - timedelta(days=30), NOW)


def test_later_extractions_begin_a_day_before_the_last_complete_one() -> None:
    """Incomplete runs and runs without the audit log do not count: their events are not in the warehouse."""
    runs = [run_of(20), run_of(7), run_of(3, status="incomplete"), run_of(2, audit="skipped")]
    assert audit_window(Extract(), runs, NOW) == (NOW - timedelta(days=8), NOW)


def test_a_clock_that_went_back_gives_no_window_that_ends_before_it_begins() -> None:
    """A run from the future (a corrected clock) must not make `from` later than `to`."""
    assert audit_window(Extract(), [run_of(-9)], NOW) == (NOW, NOW)


TIMES = {
    '"2026-05-11T08:15:30Z"': "2026-05-11",
    '"2026-05-11T23:59:59Z"': "2026-05-11",
    '"2026-05-11T08:15:30.123456+00:00"': "2026-05-11",
    '"2026-05-11T01:00:00+05:30"': "2026-05-10",
    '"2026-05-11T23:30:00-08:00"': "2026-05-12",
    '"2026-05-11T08:15:30"': "2026-05-11",
    '"2026-05-11"': "2026-05-11",
    '"0001-01-01T00:00:00+05:00"': "2026-11-24",
    '"2026-02-30T08:15:30Z"': "2026-11-24",
    '"2026-05-11T24:15:30Z"': "2026-11-24",
    '"yesterday"': "2026-11-24",
    "null": "2026-11-24",
    "1747000000": "2026-11-24",
    '"\\ud800"': "2026-11-24",
}


def events_at(*timestamps: str) -> list[msgspec.Raw]:
    """Events that say they happened then."""
    return [msgspec.Raw(b'{"id":"e1","timestamp":%s}' % timestamp.encode()) for timestamp in timestamps]


@pytest.mark.parametrize("timestamp", TIMES)
def test_an_event_belongs_to_its_day_in_utc(timestamp: str) -> None:
    """A timestamp that does not parse falls on the day of the run."""
    assert [*event_days(events_at(timestamp), NOW.date())] == [TIMES[timestamp]]


def test_the_day_of_an_event_does_not_depend_on_its_neighbours() -> None:
    """Events of the usual form are read as one, and others among them change nothing."""
    usual = [timestamp for timestamp in TIMES if len(timestamp) == len('"2026-05-11T08:15:30Z"')]
    for some in (usual[:2], usual, [*TIMES]):
        assert [*event_days(events_at(*some), NOW.date())] == [TIMES[timestamp] for timestamp in some]
