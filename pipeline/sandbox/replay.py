"""A recorded run (`pipeline.cases`) in the place of the invented estate: its lists as they were served to the owner.

Replayed are the items in the order received, totals at the start and at the end, page sizes, bare arrays, the audit log
by time, and refusals. A list that did not get to its end gets there no more: its total stays above what there is.
What a network does is not replayed, nor is the instance's OpenAPI document, nor single certificates with their DER.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path

from pipeline.api.contract import LISTS
from pipeline.cases.layout import Case, RecordedList, read_case
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.filters import BadParameter, Item, Read, read_time
from pipeline.sandbox.lists import Form
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.snapshot import AccountView, Snapshot

_AUDIT_LOG = "audit_log"
_NOT_RECORDED = 404
_BROKEN_OFF = 503  # of a bare array, whose total cannot say that it is not all
_LARGEST_PAGE = 1000


class Recording:
    """The case in the file `path`, with `faults` on top; `at(0)` is all there is. UsageError when it is no case."""

    def __init__(self, path: Path, faults: tuple[Fault, ...] = ()) -> None:
        self.case, items = read_case(path)
        lists = {account.name: {one.resource: one for one in account.lists} for account in self.case.accounts}
        stopped = {account.name for account in self.case.accounts if account.status == "failed"}
        self.plan = Plan(
            endpoints=0,
            weeks=1,
            as_of=self.case.as_of_at,
            shares=dict.fromkeys(lists, 0.0),
            faults=faults,
        )
        self.forms = {
            (name, call.name): _form(recorded.get(call.name), is_stopped=name in stopped)
            for name, recorded in lists.items()
            for call in LISTS
        }
        views = {}
        for name in lists:
            served: dict[str, Sequence[bytes]] = {call.name: items.get((name, call.name), []) for call in LISTS}
            served[_AUDIT_LOG] = _timed(served[_AUDIT_LOG], self.case)
            views[name] = AccountView("", served, ())
        self._snapshot = Snapshot(self.case.as_of_at, views)

    def at(self, _week: int) -> Snapshot:
        """The lists."""
        return self._snapshot


def describe(case: Case) -> list[str]:
    """What a person needs to know to read it as the owner did, a line each."""
    return [
        f"The run began on {case.as_of_at:%Y-%m-%d %H:%M} UTC (version {case.tool_version}); days left count from now.",
        f"`tlm extract --since {case.audit_from:%Y-%m-%d}` reads all of its audit events.",
        *(
            f"  {account.name} was {account.status or 'never finished'}; required = {json.dumps(account.required)},"
            f" resources = {json.dumps([one.resource for one in account.lists])}"
            for account in case.accounts
        ),
    ]


def _form(one: RecordedList | None, *, is_stopped: bool) -> Form:
    """How the list is paged, what its total says, and where it breaks off; one that was not asked for is not there.

    `is_stopped`: another list of the account was refused, so that this one may be whole although nobody has looked.
    """
    if one is None or one.status == "skipped":
        return Form(_LARGEST_PAGE, refusal=(one and one.http_status) or _NOT_RECORDED)
    is_whole = is_stopped and any(page.is_last for page in one.pages)
    has_gap = one.status == "incomplete" and one.http_status is None and not is_whole
    end = one.rows if one.api_total_end is None or one.resource == _AUDIT_LOG else one.api_total_end
    if has_gap:
        end = max(end, one.rows + 1)
    start = end if one.api_total_start is None or one.resource == _AUDIT_LOG else one.api_total_start
    return Form(
        cap=one.page_size or _LARGEST_PAGE,
        is_bare=one.is_array,
        is_whole=one.is_array and one.page_size is None,
        lie=_tell(start - one.rows, end - one.rows),
        refusal=_BROKEN_OFF if has_gap and one.is_array else one.http_status,
        unasked=one.page_size or one.rows + 1,
    )


def _tell(first: int, then: int) -> Callable[[int], int]:
    """`first` for the first answer since the start, `then` for all others."""
    told = chain([first], repeat(then))
    return lambda _number: next(told)


def _timed(events: Sequence[bytes], case: Case) -> list[bytes]:
    """Events of which the filters can tell the time: one without a time of the run has that of the one before it."""
    found: list[bytes] = []
    last = case.audit_from.isoformat()
    for event in events:
        item = _read(event)
        time = str(item.get("timestamp"))
        with suppress(BadParameter, OverflowError):
            if case.audit_from <= read_time(time, "timestamp") <= case.as_of_at:
                last = time
        found.append(Read(event, item | {"timestamp": last}))
    return found


def _read(event: bytes) -> Item:
    try:
        item = json.loads(event.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        item = None
    return item if isinstance(item, dict) else {}
