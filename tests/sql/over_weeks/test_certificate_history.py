"""What a certificate was, week after week."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from model_build import Estate, land_run
from weeks import START, run_id

from pipeline.load.parameters import set_run
from pipeline.load.raw import load_run
from pipeline.transform.run import build_models

ENTRY = {
    "id": "c1",
    "thumbprint": "AB" * 32,
    "common_name": "a.example.test",
    "status": "issued",
    "issuing_ca_name": "CA 1",
}
OTHER = {
    "id": "c2",
    "thumbprint": "CD" * 32,
    "common_name": "b.example.test",
    "status": "issued",
    "issuing_ca_name": "CA 1",
}
CARRIER = {"id": "e1", "ip": "192.0.2.1", "port": 443, "certificate_id": "c1", "common_name": "a.example.test"}
# Per week: the certificate search, and the endpoints.
WEEKS: tuple[tuple[list[dict[str, Any]], list[dict[str, Any]]], ...] = (
    ([ENTRY, OTHER], []),
    ([ENTRY, OTHER], [CARRIER]),
    ([ENTRY | {"status": "revoked"}, OTHER], [CARRIER]),
    ([OTHER], []),
    ([ENTRY | {"status": "revoked"}, OTHER], []),
)


def write(folder: Path) -> Path:
    """The pages of the five weeks."""
    for week, (searched, endpoints) in enumerate(WEEKS):
        pages = folder / f"run-{week}" / "pages" / "north"
        pages.mkdir(parents=True)
        (pages / "certificates.json").write_text(json.dumps(searched), encoding="utf-8")
        for kind in ("automatable", "unsecured", "discovered"):
            items = endpoints if kind == "discovered" else []
            (pages / f"endpoints.{kind}.json").write_text(json.dumps(items), encoding="utf-8")
        facts = {"run_id": run_id(week), "as_of_at": START.isoformat(), "timezone": "UTC"}
        (pages.parents[1] / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


VERSIONS = (
    "select common_name, from_run_id, to_run_id, status, is_revoked, is_deployed, is_removed"
    " from core.certificate_history order by common_name, from_run_id"
)


def test_each_change_is_a_version(tmp_path: Path, open_estate: Callable[[Path], Estate]) -> None:
    """Deployed, revoked, vanished with a tombstone, back; a run that is loaded twice, as every other here, does no harm."""
    estate = open_estate(write(tmp_path))
    for number, run in enumerate(estate.runs()):
        for _ in range(1 + number % 2):
            estate.take(run, everything=False)
    runs = [run_id(week) for week in range(5)]
    assert estate.warehouse.rows(VERSIONS) == [
        ("a.example.test", runs[0], runs[1], "issued", False, False, False),
        ("a.example.test", runs[1], runs[2], "issued", False, True, False),
        ("a.example.test", runs[2], runs[3], "revoked", True, True, False),
        ("a.example.test", runs[3], runs[4], "revoked", True, True, True),
        ("a.example.test", runs[4], None, "revoked", True, False, False),
        ("b.example.test", runs[0], None, "issued", False, False, False),
    ]


def test_an_incomplete_run_removes_no_certificate(tmp_path: Path, open_estate: Callable[[Path], Estate]) -> None:
    """What a run that was accepted as it is did not name was perhaps only not read, in whatever account."""
    estate = open_estate(write(tmp_path))
    estate.take(estate.runs()[2], everything=False)
    for manifest in land_run(estate.runs()[3], estate.landing):
        load_run(estate.warehouse, estate.landing, manifest)
    estate.warehouse.execute(
        "update meta.runs set is_complete = false, is_accepted = true where run_id = ?", [run_id(3)]
    )
    set_run(estate.warehouse, run_id(3), START, ZoneInfo("UTC"), ["prod"])
    build_models(estate.project, everything=False, as_run=run_id(3))
    assert [row[0] for row in estate.warehouse.rows(VERSIONS) if row[2] is None] == ["a.example.test", "b.example.test"]
