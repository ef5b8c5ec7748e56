"""`tlm extract --since` and `tlm audit-trail` as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable

from place import Place

from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

Start = Callable[[Plan], ThreadedSandbox]
SMALL = Plan(endpoints=60, weeks=2, shares={"prod": 1.0})


def test_since_is_a_day_of_the_configured_zone(place: Place, sandbox_of: Start) -> None:
    """The audit log is read from its midnight on, in Berlin an hour before that of UTC."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)
    code, run_id, err = place.tlm("extract", "--since", "2025-01-01")
    assert code == 0, err
    opening = json.loads((place.folder / "data" / "landing" / "prod" / run_id.strip() / "run.json").read_text())
    assert opening["audit_from"] == "2024-12-31T23:00:00Z"


def test_since_that_makes_no_sense_is_a_usage_error(place: Place, sandbox_of: Start) -> None:
    """No day, a day to come, or beside --resume: exit 2 and one sentence."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)
    for words, sentence in (
        (("--since", "yesterday"), "'yesterday' is no day; write it as"),
        (("--since", "2999-01-01"), "lies in the future"),
        (("--since", "2025-01-01", "--resume", "x"), "leave the other flags away"),
    ):
        code, _, err = place.tlm("extract", *words)
        assert (code, sentence in err) == (2, True), err


def test_the_trail_is_shown_by_key_by_id_and_live(place: Place, sandbox_of: Start) -> None:
    """The same events each time: the API has none that the published file lacks.

    One that cannot be shown says why: no database yet, no such endpoint.
    """
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)
    code, _, err = place.tlm("audit-trail", "prod:x")
    assert (code, "run `tlm extract` and `tlm build` first" in err) == (2, True)
    assert place.tlm("run", "daily")[0] == 0
    code, _, err = place.tlm("audit-trail", "prod:x")
    assert (code, "No endpoint has the key or the id 'prod:x'" in err) == (2, True)
    sql = "from core.audit_events select endpoint_key where endpoint_key is not null group by all order by count(*) desc, 1"
    key = place.tlm("query", "--format", "csv", sql)[1].split()[1].strip('"')
    code, by_key, err = place.tlm("audit-trail", key, "--format", "csv")
    assert code == 0, err
    times = [line.split(",")[0] for line in by_key.splitlines()[1:]]
    assert len(times) > 1
    assert times == sorted(times)
    assert place.tlm("audit-trail", key.split(":")[1], "--format", "csv")[1] == by_key
    _, live, err = place.tlm("--debug", "audit-trail", key, "--format", "csv", "--live")
    assert set(live.splitlines()) <= set(by_key.splitlines()), err
    assert len(live.splitlines()) > 1
    assert "resource_id" in err
    assert sandbox.keys["prod"] not in live + err


def test_events_of_a_run_of_the_audit_log_alone_are_built(place: Place, sandbox_of: Start) -> None:
    """At once with the newest run, whose endpoints stay as they are; the next run has nothing left to do with them."""
    sandbox = sandbox_of(SMALL)
    place.configure(sandbox.base_url, sandbox.keys)
    events = "select count(*) as n, count(distinct event_id) as ids from core.audit_events"
    state = "select run_id, count(*) as n from core.endpoint_history, meta.current_run group by all"

    def ask(sql: str) -> str:
        return place.tlm("query", "--format", "csv", sql)[1].splitlines()[1]

    assert place.tlm("run", "daily")[0] == 0
    before, endpoints = int(ask(events).split(",")[0]), ask(state)
    code, _, err = place.tlm("extract", "--resource", "audit_log", "--since", "2020-01-01")
    assert code == 0, err
    assert place.tlm("build")[0] == 0
    after, distinct = map(int, ask(events).split(","))
    assert after == distinct > before
    assert ask(state) == endpoints
    assert "Nothing new to build" in place.tlm("build")[1]
    assert place.tlm("run", "daily")[0] == 0
    assert int(ask(events).split(",")[0]) >= after
    assert "Nothing new to build" in place.tlm("build")[1]
