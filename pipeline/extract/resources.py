"""What a run reads: the contract's lists, each with its parameters, and how its items are told apart and laid down.

The meaning of each call and of each field, with the evidence for it, is in `pipeline/api/contract.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec

from pipeline.api.contract import LISTS, Call
from pipeline.config import Extract
from pipeline.errors import UsageError
from pipeline.runs.manifest import NOT_ASKED, Manifest, is_complete
from pipeline.runs.manifest import Extract as Outcome

FIRST = "business_units"
"""Read first and alone: it shows whether the key is accepted, and what it sees."""
AUDIT_LOG = "audit_log"
_OVERLAP = timedelta(days=1)  # an event may appear late; doubles are dropped by id when events are loaded
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Resource:
    """A list to read; `days_of` where its items are kept by day, `span` where it is read by time: [from, to) in UTC."""

    call: Call
    is_required: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    days_of: Callable[[Sequence[msgspec.Raw]], Sequence[str]] | None = None
    span: tuple[datetime, datetime] | None = None

    @property
    def name(self) -> str:
        """Its name in the configuration and in the landing zone."""
        return self.call.name


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one run is to read; None: all that is configured. `since`: how far back the audit log must reach."""

    resources: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    since: datetime | None = None


EVERYTHING = Wanted()


class _Event(msgspec.Struct, gc=False):
    timestamp: str = ""


_event = msgspec.json.Decoder(_Event)
_USUAL_TIMES = re.compile(r"(\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)*+", re.ASCII)
_USUAL_LENGTH = len("2026-11-24T06:00:00Z")


def choose_resources(
    extract: Extract, wanted: tuple[str, ...] | None, window: tuple[datetime, datetime]
) -> tuple[Resource, ...]:
    """The configured resources, or those of `wanted`, business units first; `window` is that of the audit log."""
    names = extract.resources if wanted is None else wanted
    unknown = sorted(set(names) - set(extract.resources))
    if unknown:
        msg = f"{unknown[0]!r} is no resource of this configuration; choose from: {', '.join(extract.resources)}."
        raise UsageError(msg)
    if not names:
        msg = f"extract.resources names no resource; choose from: {', '.join(call.name for call in LISTS)}."
        raise UsageError(msg)
    calls = sorted((call for call in LISTS if call.name in names), key=lambda call: call.name != FIRST)
    return tuple(_resource(call, extract, window) for call in calls)


def left_out(extract: Extract, wanted: tuple[str, ...] | None) -> tuple[Outcome, ...]:
    """What is recorded of the lists that the configuration has, a run can do without, and `wanted` does not name."""
    names = extract.resources if wanted is None else wanted
    return tuple(
        Outcome(call.name, "skipped", NOT_ASKED)
        for call in LISTS
        if call.name in extract.resources and call.name not in {*names, *extract.required}
    )


def _resource(call: Call, extract: Extract, window: tuple[datetime, datetime]) -> Resource:
    is_required = call.name in extract.required
    if call.name != AUDIT_LOG:
        return Resource(call, is_required)
    start, as_of = window
    # The last 7 days end with the instant of the run, and `to` may be exclusive: an event stamped just then belongs to
    # this run, and no later one counts it.
    return Resource(
        call, is_required, days_of=lambda items: event_days(items, as_of.date()), span=(start, as_of + _SECOND)
    )


def audit_window(
    extract: Extract, earlier: Iterable[Manifest], as_of: datetime, since: datetime | None = None
) -> tuple[datetime, datetime]:
    """From the newest complete run of the account that read the audit log, less a day, to now; else the look-back.

    `since` reaches further back, never less far: the next run goes on from this one, and a gap would stay.
    """
    read = [
        manifest.as_of_at
        for manifest in earlier
        if is_complete(manifest)
        and any(one.resource == AUDIT_LOG and one.status == "complete" for one in manifest.extracts)
    ]
    start = max(read) - _OVERLAP if read else as_of - timedelta(days=extract.audit_days)
    return min(start, since or as_of, as_of).replace(microsecond=0), as_of


def event_days(items: Sequence[msgspec.Raw], otherwise: date) -> Sequence[str]:
    """The UTC day of each audit event; `otherwise` when its timestamp is missing or does not parse."""
    decode = _event.decode
    try:
        times = [decode(item).timestamp for item in items]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        times = [_event_time(item) for item in items]
    joined = "".join(times)
    # Of the usual form the days can be cut out, and few differ: a call for each event costs more than all the rest.
    if len(joined) == _USUAL_LENGTH * len(times) and _USUAL_TIMES.fullmatch(joined):
        days = [time[:10] for time in times]
        with suppress(ValueError):
            for day in set(days):
                date.fromisoformat(day)
            return days
    return [_day(time, otherwise) for time in times]


def _event_time(item: msgspec.Raw) -> str:
    try:
        return _event.decode(item).timestamp
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _day(time: str, otherwise: date) -> str:
    try:
        moment = datetime.fromisoformat(time)
        return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date().isoformat()
    except (ValueError, OverflowError):
        return otherwise.isoformat()


def wire_time(moment: datetime) -> str:
    """An instant as the API takes it: UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
