"""Every headline number, counted a second time from the landed items (`tests/second_opinion/`), equals `mart.metrics`.

The estate is the sandbox's, made hostile: dates in every form, words nobody has seen, the same endpoint and certificate
several times, items without identifier, JSON in the place of texts, broken UTF-8; two accounts that share certificates, one
of them stale in a week; five runs, months apart and two in one week, so that the baseline is not always the run before.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from model_build import Estate
from second_opinion.endpoints import age, describe
from second_opinion.items import Item, Snapshot, read_snapshots
from second_opinion.numbers import Counts, count, count_movements

from pipeline.report.cover import read_cover
from pipeline.report.source import Source
from pipeline.runs.manifest import find_runs
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.world import World
from pipeline.warehouse.publish import discard, open_build

ZONE = ZoneInfo("Europe/Berlin")
RUNS = ("2026-07-27T05:00", "2026-10-12T05:00", "2026-11-09T05:00", "2026-11-23T05:00", "2026-11-25T22:30")
MISSING = {(0, "apac"), (2, "apac")}  # it comes in with the second run, and has no run in the third
PAGE_ONE = {
    "Protected endpoints": "coverage.protection",
    "Renewed automatically": "coverage.automation",
    "Expired, still served": "expiry.expired",
    "Unmanaged, ending in 30 days": "expiry.manual_30d",
    "Revoked, still installed": "deployment.revoked_installed",
    "Renewed, not deployed": "deployment.renewed_not_deployed",
}
GROUPS = ("inventory", "coverage", "expiry", "unsecured", "deployment", "rating", "movement")


@dataclass
class Both:
    """What the warehouse says of each run, what the second opinion says, and what page one of the report prints."""

    ours: dict[str, Counts]
    theirs: dict[str, Counts]
    printed: dict[str, str]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The hostile estate, landed, loaded and built run after run; then read again from its parts."""
    home = tmp_path_factory.mktemp("hostile")
    write_estate(home / "estate")
    build = open_build(home / "data" / "tlm.duckdb")
    estate = Estate(home / "estate", build, home / "landing")
    runs = estate.runs()
    for run in runs:
        estate.take(run, everything=run == runs[-1])
    rows = build.warehouse.rows(
        "select run_id, metric, scope, account, business_unit, member, numerator, denominator from mart.metrics"
    )
    printed = {measure.name: measure.of for measure in read_cover(Source(build.warehouse)).measures}
    discard(build)
    ours: dict[str, Counts] = {}
    for run_id, metric, *key, numerator, denominator in rows:
        if metric.split(".")[0] in GROUPS:
            ours.setdefault(run_id, {})[metric, *key] = (numerator, denominator)  # type: ignore[index]
    return Both(ours, second_opinion(home / "landing"), printed)


def second_opinion(landing: Path) -> dict[str, Counts]:
    """The counts of every run in the landing zone."""
    manifests = find_runs(landing)
    history: list[tuple[Snapshot, list[Item]]] = []
    counts: dict[str, Counts] = {}
    for snapshot in read_snapshots(landing, manifests):
        endpoints, _ = describe(snapshot)
        history.append((snapshot, endpoints))
        age([run for _, run in history], [one.as_of_at for one, _ in history])
        local = snapshot.as_of_at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZONE)
        monday = datetime.combine((local - timedelta(days=local.weekday())).date(), datetime.min.time(), ZONE)
        order = [one.run_id for one, _ in history]
        baselines: dict[str, int] = {}
        for manifest in manifests:
            if manifest.account in snapshot.lists and manifest.as_of_at < monday:
                baselines[manifest.account] = max(baselines.get(manifest.account, 0), order.index(manifest.run_id))
        counts[snapshot.run_id] = count(snapshot, endpoints) | count_movements(history, baselines)
    return counts


@pytest.mark.parametrize("number", range(len(RUNS)))
@pytest.mark.parametrize("group", GROUPS)
def test_the_warehouse_counts_what_the_second_opinion_counts(both: Both, group: str, number: int) -> None:
    """Numerator and denominator of every metric of a group are equal in all three scopes, and no row is missing or too many."""
    run = sorted(both.theirs)[number]
    ours, theirs = (
        {key: pair for key, pair in side[run].items() if key[0].split(".")[0] == group}
        for side in (both.ours, both.theirs)
    )
    assert {
        key: (ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)
    } == {}
    assert ours or (group, number) == ("movement", 0)


def test_page_one_prints_what_the_second_opinion_counts(both: Both) -> None:
    """Its six numbers, each with what it is out of."""
    newest = both.theirs[max(both.theirs)]
    counted = {name: newest[metric, "all", None, None, None] for name, metric in PAGE_ONE.items()}
    assert both.printed == {
        name: f"{numerator:,} of {denominator:,}" for name, (numerator, denominator) in counted.items()
    }


def test_the_hostile_estate_reaches_every_metric(both: Both) -> None:
    """Over the runs every metric has something to count in some scope, so that an equal nothing proves nothing."""
    seen = {key[0] for counts in both.theirs.values() for key, pair in counts.items() if pair[0]}
    empty = {key[0] for counts in both.theirs.values() for key in counts} - seen
    assert empty == set()


# --- the hostile estate ------------------------------------------------------------------------------------------


def write_estate(folder: Path) -> None:
    """The runs of the sandbox's company, every list made hostile, as an estate of `model_build`."""
    world = World(Plan(endpoints=260, seed=7, weeks=len(RUNS), as_of=datetime(2026, 11, 23, 4, tzinfo=ZoneInfo("UTC"))))
    for number, local in enumerate(RUNS):
        as_of = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(ZoneInfo("UTC"))
        run = folder / f"run-{number + 1}"
        lists = {account: dict(view.lists) for account, view in world.at(number).accounts.items()}
        for account, view in lists.items():
            if (number, account) in MISSING:
                continue
            pages = run / "pages" / account
            pages.mkdir(parents=True)
            for resource, items in view.items():
                made = list(hostile(resource, [json.loads(item) for item in items], number))
                if account == "apac" and resource in ("endpoints.discovered", "certificates"):
                    made += [json.loads(item) for item in lists["prod"][resource][:12]]  # the same certificates in both
                lines = [json.dumps(item).encode() for item in made] + broken(resource, made)
                (pages / f"{resource}.json").write_bytes(b"[\n" + b",\n".join(lines) + b"\n]\n")
                if (number, resource) == (2, "endpoints.discovered"):  # three of them went away while it was read
                    (pages / "totals.json").write_text(json.dumps({resource: len(lines) - 3}), encoding="utf-8")
        facts = {"run_id": f"{as_of:%Y%m%dT%H%M%SZ}-00000{number}", "as_of_at": as_of.isoformat(), "timezone": ZONE.key}
        (run / "run.json").write_text(json.dumps(facts), encoding="utf-8")


def hostile(resource: str, items: list[Item], week: int) -> Iterator[Item]:
    """The items of a list, about every second one with something that no client expects; some twice, some nowhere else."""
    for number, plain in enumerate(items):
        lot = zlib.crc32(f"{resource}{plain.get('id')}".encode())
        if resource == "audit_log":
            yield plain | ({"data": None, "description": "", "resource_id": None} if lot % 3 == 0 else {})
            continue
        dated = {
            field: dates(plain[field], lot // 7 + len(field))
            for field in ("valid_from", "valid_to", "last_discovered")
            if isinstance(plain.get(field), str)
        }
        item = plain | dated | odd_values(resource, lot, week)
        if resource.startswith("endpoints.") and week == 1 and lot % 9 == 0:
            continue  # away for a while
        if resource.startswith("endpoints.") and week > 1 and lot % 7 == 0:
            item |= dict.fromkeys(
                ("thumbprint", "certificate_id", "serial_number", "common_name")
            )  # lost its certificate
        if resource.startswith("endpoints.") and week > 2 and lot % 10 == 3:
            item |= {
                "thumbprint": f"cd{lot:x}",
                "certificate_id": None,
                "valid_to": "2026-12-01",
            }  # another, for a shorter time
        yield item
        if resource == "certificates" and lot % 9 == 0:  # renewed, and on no endpoint
            later = {
                "valid_from": "2026-11-01",
                "valid_to": "2029-01-01",
                "serial_number": f"{lot:x}",
                "thumbprint": f"ab:{lot:x}",
            }
            yield item | later | {"id": f"renewed-{number}", "status": "issued"}
        if lot % 11 == 0:  # the same identifier once more, and other values
            yield {
                "id": item.get("id"),
                "automation_status": "AUTOMATION_FAILED",
                "security_rating": "VERY_SECURE",
                "port": 1,
            }
        if resource.startswith("endpoints.") and lot % 13 == 0:  # without identifier, in two spellings of one place
            address = {"ip": f"2001:0DB8::{lot % 4096:x}", "port": f"{number}.0", "domain_name": "Twin.Example.Test"}
            yield address | {"thumbprint": item.get("thumbprint"), "valid_to": item.get("valid_to")}
            yield address | {"ip": f"2001:db8:0:0:0:0:0:{lot % 4096:X}", "port": number, "automation_status": "at risk"}
    if resource.startswith("endpoints."):
        yield {}
        yield {"host_name": "only-a-name", "status": "scan failed", "nothing_we_know": 1}


def dates(value: str, lot: int) -> Any:
    """The same or another instant in one of the forms that are read, or in none."""
    day, time = value[:10], value[11:19]
    return (
        value, f"{day} {time}", f"{day}T{time}+02:00", f"{day}T{time}.250Z", day, f"{day}T{time}-0530", "soon", "", None,
        f"{day}T{time[:5]}Z", {"value": value}, value, value, "0001-01-01T00:00:00Z", f" {day} ",
    )[lot % 15]  # fmt: skip


def odd_values(resource: str, lot: int, week: int) -> Item:
    """What an item has in the place of some of its values."""
    kinds: list[Item] = [
        {"automation_status": "SHINY_NEW_STATE"},
        {"automation_status": "account created", "security_rating": "at risk"},
        {"security_rating": "EXCELLENT", "business_unit": "Just a Name"},
        {"business_unit": {"id": "unit-nobody-lists"}, "owners": ["someone"]},
        {"business_unit": {"id": " ", "name": ""}, "tags": "owner:pki"},
        {"thumbprint": None, "certificate_id": None},
        {"thumbprint": None, "serial_number": None, "certificate_id": None},
        {"thumbprint": None, "serial_number": None, "certificate_id": None, "common_name": None},
        {"discovery_status": "NO_CERTIFICATE", "discovery_error": ""},
        {"discovery_status": "no certificate", "discovery_error": None, "status": None},
        {"discovery_error": " ", "discovery_status": {"value": "SCAN_FAILED"}},
        {"status": "revoked", "tags": ["", "owner:ops"], "cert_owner_ids": []},
        {"inventory_id": None, "host_name": ["a", "list"]},
        {"id": None} if resource.startswith("endpoints.") else {},
        {
            "automation_status": "AGENT_ERROR" if week % 2 else "CONFIGURED",
            "security_rating": "NOT_SECURE" if week > 1 else "SECURE",
        },
        {"discovery_status": None, "discovery_error": None, "status": None},
    ]
    chosen = dict(kinds[lot % len(kinds)]) if lot % 2 else {}
    if resource == "certificates" and lot % 5 == 0:
        chosen["thumbprint"] = None
    return chosen


def broken(resource: str, items: list[Item]) -> list[bytes]:
    """Items that the engine's reader refuses, so that the whole list takes the slow path."""
    if resource != "endpoints.discovered":
        return []
    name = json.dumps(items[0].get("domain_name")).encode()
    return [
        b'{"id": "lone", "host_name": "lone \\ud800 half", "domain_name": ' + name + b"}",
        b'{"id": "twice", "security_rating": "SECURE", "security_rating": "NOT_SECURE"}',
    ]
