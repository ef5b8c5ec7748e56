"""When a fault strikes, and that the seed alone decides it. Pure; what a client sees is in tests/integration/sandbox."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.api.contract import BY_NAME, LISTS
from pipeline.sandbox.faults import FAULTS, Family, Fault, read_faults
from pipeline.sandbox.messages import Reply, Request
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.service import Service
from pipeline.sandbox.world import World

NAME = "endpoints.discovered"
PATH = BY_NAME[NAME].path


def serve(world: World, *faults: Fault, seed: int = 7, clock: float = 1_800_000_000.4) -> Service:
    keys = {account: account for account in ("prod", "apac")}
    return Service(world.at(2), keys, Plan(seed=seed, faults=faults), lambda: clock)


def ask(service: Service, offset: int = 0, account: str = "prod", path: str = PATH) -> Reply:
    return service.answer(Request("GET", path, f"offset={offset}&limit=10", {"x-api-key": account}))


def statuses(service: Service, offsets: list[int], account: str = "prod") -> list[int]:
    return [ask(service, offset, account).status for offset in offsets]


def test_the_first_requests_of_each_page(world: World) -> None:
    """Pages and accounts count on their own."""
    service = serve(world, Fault("500", first=2))
    assert statuses(service, [0, 10, 0, 10, 0, 10]) == [500, 500, 500, 500, 200, 200]
    assert statuses(service, [0, 0, 0], "apac") == [500, 500, 200]


def test_every_third_request_of_a_call(world: World) -> None:
    """Whatever the page."""
    service = serve(world, Fault("500", every=3))
    assert statuses(service, [0, 10, 20, 20, 30, 40, 40]) == [200, 200, 500, 200, 200, 500, 200]


def test_after_some_requests_and_a_few_times(world: World) -> None:
    """`after` spares the beginning, `times` ends it."""
    service = serve(world, Fault("500", after=2, times=3))
    assert statuses(service, [0, 10, 20, 30, 40, 50]) == [200, 200, 500, 500, 500, 200]


def test_only_where_it_is_wanted(world: World) -> None:
    """The named calls of the named accounts."""
    service = serve(world, Fault("503-forever", calls=("agents",), accounts=("apac",)))
    agents = BY_NAME["agents"].path
    found = [ask(service, account=account, path=path).status for account in ("prod", "apac") for path in (PATH, agents)]
    assert found == [200, 200, 200, 503]


def test_a_share_depends_on_the_page_and_not_on_the_order(world: World) -> None:
    """Asked in any order, the same pages fail; another seed chooses others."""
    offsets = [number * 10 for number in range(40)]
    forward = dict(zip(offsets, statuses(serve(world, Fault("500", share=0.4)), offsets), strict=True))
    backward = dict(zip(offsets[::-1], statuses(serve(world, Fault("500", share=0.4)), offsets[::-1]), strict=True))
    other = dict(zip(offsets, statuses(serve(world, Fault("500", share=0.4), seed=8), offsets), strict=True))
    assert forward == backward != other
    assert 6 <= list(forward.values()).count(500) <= 26


def test_faults_share_the_attempts_of_a_page(world: World) -> None:
    """Of several that strike at once the seed takes one, so that a page fails no more often than with one of them."""
    names = ["429", "500", "503"]
    service = serve(world, *(Fault(name, first=2) for name in names))
    for offset in range(0, 200, 10):
        assert all(status >= 429 for status in statuses(service, [offset, offset]))
        assert ask(service, offset).status == 200
    assert {one.fault for one in service.requests()} == {*names, ""}


def test_the_same_requests_get_the_same_bytes(world: World) -> None:
    """Two services with all the faults that have no clock in them agree on everything."""
    names = [name for name in FAULTS if FAULTS[name].family not in {Family.FORM, Family.ACCESS}]
    faults = [Fault(name, share=0.5) for name in names]
    one, two = serve(world, *faults), serve(world, *faults)
    for call in LISTS:
        for offset in (0, 10, 0, 20, 10, 20, 0):
            assert ask(one, offset, path=call.path) == ask(two, offset, path=call.path)
        assert one.truth("prod", call.name) == two.truth("prod", call.name)


def test_without_faults_nothing_changes(world: World) -> None:
    """A fault for another account leaves this one's bytes as they are."""
    honest, other = (
        serve(world),
        serve(world, *(Fault(name, accounts=("apac",)) for name in FAULTS if "error" not in name)),
    )
    for call in LISTS:
        for offset in (0, 10, 1_000_000):
            assert ask(honest, offset, path=call.path) == ask(other, offset, path=call.path)


def test_retry_after_follows_the_clock(world: World) -> None:
    """A date is rounded up, so that it never asks for less than was meant."""
    reply = ask(serve(world, Fault("503-date", amount=9)))
    assert reply.headers["retry-after"] == "Fri, 15 Jan 2027 08:00:10 GMT"
    assert ask(serve(world, Fault("429-seconds", amount=9))).headers["retry-after"] == "9"


def test_the_rate_limit_has_two_windows(world: World) -> None:
    """A hundred in five seconds, a thousand in three minutes; a refused request does not count."""
    now = [0.0]
    service = Service(world.at(2), {"prod": "prod"}, Plan(faults=(Fault("rate-limit"),)), lambda: now[0])
    assert statuses(service, [0] * 102) == [200] * 100 + [429] * 2
    for now[0] in (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0):
        assert statuses(service, [0] * 100) == [200] * 100
    now[0] = 60.0
    reply = ask(service)
    assert (reply.status, reply.headers["retry-after"]) == (429, "120")
    now[0] = 180.0
    assert ask(service).status == 200


def test_another_week_begins_the_counts_anew(world: World) -> None:
    """Rows that came are forgotten, and the first requests of each page fail again."""
    service = serve(world, Fault("500"), Fault("rows-inserted", every=1, times=2))
    before = service.truth("prod", NAME)
    assert statuses(service, [0, 0, 0]) == [500, 200, 200]
    assert len(service.truth("prod", NAME)) == len(before) + 2
    service.show(world.at(2))
    assert service.truth("prod", NAME) == before
    assert statuses(service, [0, 0]) == [500, 200]


def test_other_faults_leave_the_shifted_rows(world: World) -> None:
    """A service that recovers keeps its estate."""
    service = serve(world, Fault("rows-removed", every=1, times=3))
    statuses(service, [10, 20, 30])
    shifted = service.truth("prod", NAME)
    service.change_faults(())
    assert (
        msgspec.json.decode(ask(service).body)["total"]
        == len(shifted)
        == len(world.at(2).accounts["prod"].lists[NAME]) - 3
    )
    assert service.truth("prod", NAME) == shifted


def test_a_list_can_lose_all_its_rows(world: World) -> None:
    """Then it is empty, and more requests change nothing."""
    service = serve(world, Fault("rows-removed", every=1, times=100, calls=("business_units",)))
    path = BY_NAME["business_units"].path
    totals = [msgspec.json.decode(ask(service, path=path).body)["total"] for _ in range(8)]
    assert totals == [4, 3, 2, 1, 0, 0, 0, 0]


def test_inserted_rows_are_new_items_of_the_same_kind(world: World) -> None:
    """Fresh identifiers, the same fields; an event keeps its time, so it is a late one."""
    for call in LISTS:
        service = serve(world, Fault("rows-inserted", every=1, times=3))
        before = {item: msgspec.json.decode(item) for item in service.truth("prod", call.name)}
        for offset in (10, 20, 30):
            ask(service, offset, path=call.path)
        new: list[dict[str, Any]] = [
            msgspec.json.decode(item) for item in service.truth("prod", call.name) if item not in before
        ]
        assert len(new) == 3
        known = {item.get("id") for item in before.values()}
        for item in new:
            assert item["id"] not in known
            assert any(item.keys() == old.keys() for old in before.values())


def test_an_unknown_fault_is_refused_with_the_known_ones() -> None:
    """By name, in a plan, and from text."""
    with pytest.raises(ValueError, match="no fault 'nothing'; there are: 429-seconds"):
        read_faults(["503", "nothing"])
    with pytest.raises(ValueError, match="no call 'endpoint'"):
        Fault("503", calls=("endpoint",))
    with pytest.raises(ValueError, match="takes none of first, every and times"):
        Fault("503-forever", first=2)
    with pytest.raises(msgspec.ValidationError, match="no fault 'x'"):
        msgspec.json.decode(b'{"faults":[{"name":"x"}]}', type=Plan)


def test_each_fault_has_a_sentence() -> None:
    """One line for people."""
    assert all(kind.sentence and len(kind.sentence) < 90 for kind in FAULTS.values())
    assert len({kind.sentence for kind in FAULTS.values()}) == len(FAULTS)


@pytest.mark.parametrize(
    ("name", "query"), [("audit_log", "from=2026-11-20T00:00:00Z"), ("certificates", "status=expired")]
)
def test_filtered_lists_shift_where_they_are_read(world: World, name: str, query: str) -> None:
    """Rows come and go among those that the filter keeps, however few they are."""
    path = BY_NAME[name].path
    for fault, change in (("rows-inserted", 1), ("rows-removed", -1)):
        service = serve(world, Fault(fault, every=1, times=5, calls=(name,)))
        before = len(service.truth("prod", name))
        request = Request("GET", path, f"{query}&limit=1&offset=3", {"x-api-key": "prod"})
        totals = [msgspec.json.decode(service.answer(request).body)["total"] for _ in range(7)]
        assert [total - totals[0] for total in totals] == [change * n for n in (0, 1, 2, 3, 4, 4, 4)]
        assert len(service.truth("prod", name)) == before + 5 * change
