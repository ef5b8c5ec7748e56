"""`tlm audit-trail` over a small file: whose event is whose, and what is said when a name fits none or several."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.export.trail import find_endpoint, print_events, print_trail
from pipeline.warehouse.duck import open_writable

HISTORY = """
create table core.endpoint_history as
from (values
    ('prod', 'prod:e1', 'e1', 'g1', 'c-old', 'sha256:OLD', 'run-1', 'run-2'),
    ('prod', 'prod:e1', 'e1', 'g1', 'c-new', 'sha256:NEW', 'run-2', null),
    ('prod', 'prod:e2', 'e2', null, 'c-new', 'sha256:NEW', 'run-1', null),
    ('prod', 'prod:same', 'same', null, null, null, 'run-1', null),
    ('apac', 'apac:same', 'same', null, null, null, 'run-1', null),
    ('prod', 'prod:@192.0.2.1:443/x', null, null, null, null, 'run-1', null)
) as rows (account, endpoint_key, endpoint_id, automation_guid, certificate_id, certificate_key, from_run_id, to_run_id)
"""
EVENTS = """
create table core.audit_events as
select rows.* replace (cast(occurred_at as timestamp) as occurred_at), more.*
from (values
    ('a', 'prod', null, 'prod:e1', null, 'x'),
    ('b', 'prod', '2026-11-03 08:00:00', 'prod:e1', 'sha256:NEW', 'x'),
    ('c', 'prod', '2026-11-02 08:00:00', null, null, 'g1'),
    ('d', 'prod', '2026-11-01 08:00:00', null, 'sha256:OLD', 'c-old'),
    ('e', 'prod', '2026-11-04 08:00:00', null, 'sha256:NEW', 'c-new'),
    ('other endpoint, shared certificate', 'prod', '2026-11-04 09:00:00', 'prod:e2', 'sha256:NEW', 'e2'),
    ('other certificate', 'prod', '2026-11-04 09:00:00', null, 'sha256:ELSE', 'z'),
    ('other account', 'apac', '2026-11-04 09:00:00', null, 'sha256:NEW', 'g1')
) as rows (event_id, account, occurred_at, endpoint_key, certificate_key, resource_id)
cross join (select 'update' as action, 'success' as status, 'someone' as actor, 'endpoint' as resource_type, 'it''s done' as description) as more
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "tlm.duckdb"
    with open_writable(path) as warehouse:
        warehouse.execute("create schema core")
        warehouse.execute(HISTORY)
        warehouse.execute(EVENTS)
        warehouse.execute("checkpoint tlm")
    return path


def test_the_trail_has_every_event_of_the_endpoint_oldest_first(
    database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """By resolution, by identifier, by the certificates it carried; not those of others that share the certificate."""
    print_trail(database, find_endpoint(database, "e1"), "csv")
    lines = capfd.readouterr().out.splitlines()[1:]
    assert [line.rsplit(",", 1)[1] for line in lines] == ["d", "c", "b", "e", "a"]
    assert lines[0] == "2026-11-01 08:00:00,update,success,someone,endpoint,it's done,d"


def test_a_table_is_for_reading(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Aligned columns under their names."""
    print_trail(database, find_endpoint(database, "e2"), "table")
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["occurred_at", "action", "status", "actor", "resource_type", "description", "event_id"]
    assert len(lines) == 3
    assert {line.index("update") for line in lines[1:]} == {lines[0].index("action")}


def test_an_endpoint_without_events_has_an_empty_trail(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Names of columns, and no row."""
    print_trail(database, find_endpoint(database, "prod:same"), "csv")
    assert len(capfd.readouterr().out.splitlines()) == 1


def test_a_key_is_found_where_its_id_is_not_unique(database: Path) -> None:
    """The key says which; an endpoint without an id has a key too."""
    assert find_endpoint(database, "apac:same").account == "apac"
    assert find_endpoint(database, "prod:@192.0.2.1:443/x").resource_ids == ()
    assert find_endpoint(database, "e1").resource_ids == ("c-new", "c-old", "e1", "g1")


def test_an_id_of_several_endpoints_names_their_keys(database: Path) -> None:
    """The user chooses."""
    with pytest.raises(UsageError, match=r"2 endpoints have the id 'same'.*apac:same, prod:same"):
        find_endpoint(database, "same")


@pytest.mark.parametrize(
    ("name", "hint"), [("prod:e3", "did you mean prod:e"), ("?", "select endpoint_key from core.endpoints")]
)
def test_an_unknown_endpoint_gets_a_hint(database: Path, name: str, hint: str) -> None:
    """A near key, or how to list them."""
    with pytest.raises(UsageError, match="No endpoint has the key or the id") as caught:
        find_endpoint(database, name)
    assert hint in str(caught.value)


def test_events_that_the_api_told_look_the_same(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Oldest first, those without a time last; a quote in a text is a text; none at all is an empty table."""
    told = [
        (None, "update", None, None, None, None, "3"),
        ("2026-11-02T08:00:00", "update", "success", "O'Brien", "endpoint", "second", "2"),
        ("2026-11-01T08:00:00", "create", "success", "someone", "endpoint", "first", "1"),
    ]
    print_events(database, told, "csv")
    assert capfd.readouterr().out.splitlines() == [
        "occurred_at,action,status,actor,resource_type,description,event_id",
        "2026-11-01 08:00:00,create,success,someone,endpoint,first,1",
        "2026-11-02 08:00:00,update,success,O'Brien,endpoint,second,2",
        ",update,,,,,3",
    ]
    print_events(database, [], "csv")
    assert len(capfd.readouterr().out.splitlines()) == 1


def test_an_endpoint_without_events_is_told_beside_the_header(
    database: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The table is empty on stdout, and a sentence says that this is the answer; the same of events of the API."""
    print_trail(database, find_endpoint(database, "prod:same"), "csv")
    assert len(capfd.readouterr().out.splitlines()) == 1
    assert caplog.messages == ["No audit event of prod:same has been published; --live asks the API."]
    caplog.clear()
    print_events(database, (), "csv")
    assert len(caplog.messages) == 1
