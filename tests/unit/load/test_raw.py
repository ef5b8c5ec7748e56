from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import zstandard

from pipeline.errors import BuildFailed
from pipeline.load.raw import load_run
from pipeline.runs.manifest import Manifest
from pipeline.warehouse.duck import Warehouse

Land = Callable[..., Manifest]
DISCOVERED = "raw.endpoints_discovered"


def item(number: int) -> bytes:
    return json.dumps({"id": f"e-{number}", "port": 443, "tags": ["a"], "business_unit": {"name": "Shop"}}).encode()


@dataclass(frozen=True)
class Hostile:
    """A line between two good ones: `expected` are (id, discovery_error, tags) as loaded, `drift` what is counted."""

    name: str
    line: bytes
    expected: tuple[str | None, str | None, str | None]
    drift: str | None = None


CORPUS = [
    Hostile("numbers", b'{"id":1.10,"discovery_error":1E+2,"tags":[1.10,1e400]}', ("1.1", "100.0", "[1.1,1e400]")),
    Hostile("long number", b'{"id":12345678901234567890123}', ("12345678901234567890123", None, None)),
    Hostile("retyped", b'{"id":{"x":1},"discovery_error":[1],"tags":"text"}', ('{"x":1}', "[1]", '"text"')),
    Hostile("nulls", b'{"id":"n","discovery_error":null,"tags":null}', ("n", None, None)),
    Hostile("NUL", b'{"id":"a\\u0000b"}', ("a\0b", None, None)),
    Hostile("NaN", b'{"id":"n","discovery_error":NaN}', ("n", "NaN", None)),
    Hostile("unknown key twice", b'{"id":"u","zz":1,"zz":2}', ("u", None, None)),
    Hostile("inner key twice", b'{"id":"i","tags":{"a":1,"a":2}}', ("i", None, '{"a":1,"a":2}')),
    Hostile("1 MB field", b'{"id":"m","discovery_error":"%s"}' % (b"x" * 1_000_000), ("m", "x" * 1_000_000, None)),
    Hostile("17 MB field", b'{"id":"m","discovery_error":"%s"}' % (b"x" * 17_000_000), ("m", "x" * 17_000_000, None)),
    Hostile("depth", b'{"id":"d","tags":%s%s}' % (b"[" * 5000, b"]" * 5000), ("d", None, "[" * 5000 + "]" * 5000)),
    Hostile("lone surrogate", b'{"id":"s","discovery_error":"a\\ud800b"}', ("s", "a\ufffdb", None), "mended_item"),
    Hostile("pair", b'{"id":"s","discovery_error":"\\ud83d\\ude00"}', ("s", "\U0001f600", None)),
    Hostile("surrogate inside", b'{"id":"s","tags":["\\uDC00"]}', ("s", None, '["\ufffd"]'), "mended_item"),
    Hostile(
        "invalid UTF-8", b'{"id":"u","discovery_error":"a\xff\xfeb"}', ("u", "a\ufffd\ufffdb", None), "mended_item"
    ),
    Hostile("control", b'{"id":"c","discovery_error":"a\x02b"}', ("c", "a\x02b", None), "mended_item"),
    Hostile("key twice", b'{"id":"first","id":"last"}', ("last", None, None), "mended_item"),
    Hostile("number as item", b"5", (None, None, None), "not_an_object"),
    Hostile("text as item", b'"abc"', (None, None, None), "not_an_object"),
    Hostile("array as item", b"[1,2]", (None, None, None), "not_an_object"),
    Hostile("null as item", b"null", (None, None, None), "no_known_field"),
    Hostile("empty item", b"{}", (None, None, None), "no_known_field"),
    Hostile("foreign item", b'{"ID":"other case"}', (None, None, None), "no_known_field"),
]


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.name)
def test_a_hostile_item_never_vanishes(hostile: Hostile, land: Land, landing: Path, warehouse: Warehouse) -> None:
    """Each hostile line is a row at its place, its neighbours are untouched, and what was mended is counted."""
    load_run(warehouse, landing, land([item(1), hostile.line, item(3)]))
    rows = warehouse.rows(f"select id, discovery_error, tags from {DISCOVERED} order by received_no")
    assert rows == [("e-1", None, '["a"]'), hostile.expected, ("e-3", None, '["a"]')]
    drift = warehouse.rows("select distinct what from meta.drift order by 1")
    assert (hostile.drift,) in drift if hostile.drift else drift == []


def test_the_first_of_what_was_mended_is_shown(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """meta.drift says how many items were mended and shows the first with its line."""
    load_run(warehouse, landing, land([item(1)], [b'{"id":"\\ud800"}', b'{"id":"a","id":"b"}']))
    found = warehouse.rows("select resource, field, what, occurrences, sample from meta.drift")
    assert found == [("endpoints.discovered", "(item)", "mended_item", 2, 'line 2: {"id":"\\ud800"}')]


@pytest.mark.parametrize(("line", "says"), [(b'{"id":"cut', "line 2"), (b"hello", "line 2"), (b"", "line 2 is blank")])
def test_a_line_that_is_no_item_stops_the_load(
    line: bytes, says: str, land: Land, landing: Path, warehouse: Warehouse
) -> None:
    """A broken or blank line names account, resource and line, and the account's old rows stay."""
    load_run(warehouse, landing, land([item(7)], run_id="20261117T060000Z-aaaaaa"))
    with pytest.raises(BuildFailed) as caught:
        load_run(warehouse, landing, land([item(1), line, item(3)]))
    assert all(word in str(caught.value) for word in ("'prod'", "endpoints.discovered", says))
    assert warehouse.rows(f"select id from {DISCOVERED}") == [("e-7",)]
    assert warehouse.rows("select run_id from meta.runs") == [("20261117T060000Z-aaaaaa",)]


@pytest.mark.parametrize("resource", ["agents", "audit_log"])
@pytest.mark.parametrize("what", ["changed", "longer", "cut", "garbage", "missing", "no folder", "a folder"])
def test_a_part_that_is_not_as_it_was_landed_stops_the_load(
    what: str, resource: str, land: Land, landing: Path, warehouse: Warehouse
) -> None:
    """One sentence, whatever happened to it: the file, what is wrong, what to do; the account's old rows stay."""
    load_run(warehouse, landing, land([b'{"id":"old"}'], resource=resource, run_id="20261117T060000Z-aaaaaa"))
    manifest = land([b'{"id":"one"}'], [b'{"id":"two"}'], resource=resource)
    name = manifest.extracts[0].parts[1].name
    part = landing / "prod" / name if resource == "audit_log" else landing / "prod" / manifest.run_id / resource / name
    content = part.read_bytes()
    if what == "no folder":
        shutil.rmtree(part.parent)
    elif what in {"missing", "a folder"}:
        part.unlink()
        if what == "a folder":
            part.mkdir()
    else:
        another = zstandard.compress(b'{"id":"2nd"}\n')
        spoilt = {"changed": another, "longer": content + another, "cut": content[:-1], "garbage": b"garbage\n"}
        part.write_bytes(spoilt[what])
    with pytest.raises(BuildFailed) as caught:
        load_run(warehouse, landing, manifest)
    said = str(caught.value)
    assert f"Account 'prod', {resource} of run {manifest.run_id}: {part.parent}" in said
    assert f"or move {landing / 'prod' / manifest.run_id} away and try again" in said
    assert warehouse.rows(f"select id from raw.{resource}") == [("old",)]


def test_a_part_of_fewer_lines_than_the_manifest_says_stops_the_load(
    land: Land, landing: Path, warehouse: Warehouse
) -> None:
    """Counts that do not agree are told, also where the bytes do."""
    manifest = land([item(1), item(2)])
    (extract,) = manifest.extracts
    parts = tuple(msgspec.structs.replace(part, rows=3) for part in extract.parts)
    manifest = msgspec.structs.replace(manifest, extracts=(msgspec.structs.replace(extract, parts=parts),))
    with pytest.raises(BuildFailed, match="2 items were read and 3 landed"):
        load_run(warehouse, landing, manifest)


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("ends", [[3000], [1500, 3000], [1, 1200, 1202, 1203, 2500, 3000]])
def test_the_position_received_does_not_depend_on_threads(
    threads: int, ends: list[int], land: Land, landing: Path, warehouse: Warehouse
) -> None:
    """received_no is the position over all parts, counted from 1, however many of them are read side by side."""
    warehouse.execute(f"set threads = {threads}")
    parts = [[item(n) for n in range(start + 1, end + 1)] for start, end in pairwise([0, *ends])]
    load_run(warehouse, landing, land(*parts))
    assert warehouse.rows(f"select count(*) from {DISCOVERED} where id <> 'e-' || received_no") == [(0,)]
    assert warehouse.rows(f"select max(received_no) from {DISCOVERED}") == [(3000,)]


def test_one_run_per_account_is_held(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """A newer run replaces the account's rows; another account's rows and the record of the older run stay."""
    load_run(warehouse, landing, land([item(1), item(2)]))
    load_run(warehouse, landing, land([item(9)], account="lab"))
    load_run(warehouse, landing, land([item(3)], run_id="20261201T060000Z-bbbbbb"))
    rows = warehouse.rows(f"select account, run_id, id from {DISCOVERED} order by all")
    assert rows == [("lab", "20261124T060000Z-aaaaaa", "e-9"), ("prod", "20261201T060000Z-bbbbbb", "e-3")]
    assert warehouse.rows("select count(*) from meta.runs") == [(3,)]


def test_a_resource_that_is_not_in_the_run_has_no_rows(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """A skipped resource empties its table for the account: nothing of an older run is mixed in."""
    load_run(warehouse, landing, land([b'{"id":"a-1"}'], resource="agents"))
    load_run(warehouse, landing, land([item(1)], run_id="20261201T060000Z-bbbbbb"))
    assert warehouse.rows("select count(*) from raw.agents") == [(0,)]


def test_loading_twice_changes_nothing(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """The same run loaded again gives the same rows in raw and meta."""
    manifest = land([item(1), b'{"id":"\\ud800"}'])
    tables = (DISCOVERED, "meta.runs", "meta.extracts", "meta.drift")
    load_run(warehouse, landing, manifest)
    once = [warehouse.rows(f"select * from {table} order by all") for table in tables]
    load_run(warehouse, landing, manifest)
    assert [warehouse.rows(f"select * from {table} order by all") for table in tables] == once


def test_events_are_read_from_their_days(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """The audit log's files are by day, beside the runs; the API's own `account` is kept as api_account."""
    event = b'{"id":"v-1","user":{"name":"ann"},"account":{"id":"7"},"timestamp":"2026-11-23T10:00:00Z"}'
    load_run(warehouse, landing, land([event], [b'{"id":"v-2"}'], resource="audit_log"))
    rows = warehouse.rows('select account, id, api_account, "user" from raw.audit_log order by received_no')
    assert rows == [("prod", "v-1", '{"id":"7"}', '{"name":"ann"}'), ("prod", "v-2", None, None)]


def test_counts_and_instants_of_the_run_are_recorded(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """meta.runs and meta.extracts say what the manifest says, instants as naive UTC."""
    load_run(warehouse, landing, land([item(1), item(2)]))
    run = warehouse.records("select * from meta.runs")[0]
    assert (str(run["as_of_at"]), run["is_complete"], run["published_at"]) == ("2026-11-24 06:00:00", True, None)
    assert len(run["manifest_hash"]) == 64
    counts = "select resource, status, api_total_end, rows_received, pages from meta.extracts"
    assert warehouse.rows(counts) == [("endpoints.discovered", "complete", 2, 2, 1)]


def test_events_of_a_run_beside_come_along_under_its_name(land: Land, landing: Path, warehouse: Warehouse) -> None:
    """Positions go on, each run's count is checked by itself, and a hostile event of either is mended."""
    beside = land([b'{"id":"v-1"}', b'{"id":"\\ud800"}'], resource="audit_log", run_id="20261123T060000Z-cccccc")
    manifest = land([b'{"id":"v-3"}', b'{"x":1}'], resource="audit_log")
    load_run(warehouse, landing, manifest, [beside])
    rows = warehouse.rows("select run_id, received_no, id from raw.audit_log order by received_no")
    assert [row[1:] for row in rows] == [(1, "v-3"), (2, None), (3, "v-1"), (4, "\ufffd")]
    assert [row[0] for row in rows] == [manifest.run_id] * 2 + [beside.run_id] * 2
    found = warehouse.rows("select run_id, what, sample from meta.drift order by what")
    assert [(run, what, sample[:6]) for run, what, sample in found] == [
        (manifest.run_id, "mended_item", "line 2"),
        (manifest.run_id, "no_known_field", "line 2"),
    ]
    assert warehouse.rows("select run_id from meta.runs") == [(manifest.run_id,)]
