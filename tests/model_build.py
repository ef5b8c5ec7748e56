"""Estates for the tests of models: pages in, through landing zone, raw tables and all kept models, to rows.

An estate is a folder of runs. `run-N/run.json` has run_id, as_of_at and timezone, `run-N/pages/<account>/<resource>.json` the
items of all pages of a resource in the order received (`totals.json`: resource -> total at the end, where that differs); `policy.toml`, `waivers.csv` and `pci.csv` beside them, where they are, count too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipeline.api.contract import LISTS
from pipeline.api.tolerant import split_items
from pipeline.load.meta import create_meta
from pipeline.load.parameters import set_lists, set_policy, set_run
from pipeline.load.raw import load_run
from pipeline.places import content
from pipeline.policy import read_policy
from pipeline.runs.landing import LandedPage, ResourceLanding
from pipeline.runs.manifest import Extract, KeySees, Manifest, write_manifest
from pipeline.transform.run import BuildReport, build_models, read_project
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import Build

REQUIRED = ("endpoints.automatable", "endpoints.unsecured", "endpoints.discovered")


class Estate:
    """A build that takes the runs of an estate, one after the other; `warehouse` is as of the run taken last."""

    def __init__(self, folder: Path, build: Build, landing: Path) -> None:
        self.folder = folder
        self.warehouse: Warehouse = build.warehouse
        self.landing = landing
        self.manifests: dict[tuple[str, str], Manifest] = {}
        create_meta(self.warehouse)
        set_policy(self.warehouse, read_policy(folder))
        set_lists(self.warehouse, folder)
        self.project = read_project(self.warehouse, content("sql"))

    def runs(self) -> list[Path]:
        """The folders of the runs, oldest first."""
        return sorted(self.folder.glob("run-*"))

    def take(self, run: Path, *, everything: bool, beside: Sequence[Manifest] = ()) -> BuildReport:
        """Land, load and build one run; an account that has no folder in it keeps its rows of before.

        Audit events of the runs `beside` come along with their account.
        """
        facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
        if facts["run_id"] not in {run_id for _, run_id in self.manifests}:
            self.manifests |= {(one.account, one.run_id): one for one in land_run(run, self.landing)}
        for manifest in self.manifests.values():
            if manifest.run_id == facts["run_id"]:
                along = [one for one in beside if one.account == manifest.account]
                load_run(self.warehouse, self.landing, manifest, along)
        as_of_at = datetime.fromisoformat(facts["as_of_at"])
        configured = {account for account, _ in self.manifests}
        set_run(self.warehouse, facts["run_id"], as_of_at, ZoneInfo(facts["timezone"]), configured)
        return build_models(self.project, everything=everything, as_run=facts["run_id"])


def land_run(run: Path, landing: Path) -> list[Manifest]:
    """Put the pages of one run of an estate into the landing zone, each account complete, with its manifest."""
    facts = json.loads((run / "run.json").read_text(encoding="utf-8"))
    as_of_at = datetime.fromisoformat(facts["as_of_at"])
    return [_land(pages, landing, facts["run_id"], as_of_at) for pages in sorted((run / "pages").iterdir())]


def _land(pages: Path, landing: Path, run_id: str, as_of_at: datetime) -> Manifest:
    account = landing / pages.name
    extracts = [
        _land_resource(account, run_id, call.name, pages / f"{call.name}.json")
        for call in LISTS
        if (pages / f"{call.name}.json").exists()
    ]
    manifest = Manifest(
        run_id=run_id,
        account=pages.name,
        as_of_at=as_of_at,
        finished_at=as_of_at,
        status="complete",
        reason=None,
        tool_version="test",
        config_hash="test",
        base_url="http://127.0.0.1",
        required=REQUIRED,
        key_sees=KeySees(),
        extracts=tuple(extracts),
        previous_manifest_hash=None,
    )
    write_manifest(account / run_id, manifest)
    return manifest


def _land_resource(account: Path, run_id: str, resource: str, page: Path) -> Extract:
    body = page.read_bytes()
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.DecodeError:  # a hostile item, which the extraction lands all the same
        items = [msgspec.Raw(item) for item in split_items(body) or []]
    landing = ResourceLanding(account, run_id, resource, _event_days if resource == "audit_log" else None)
    landing.write([LandedPage(0, len(items), items, body)])
    return Extract(
        resource=resource,
        status="complete",
        api_total_start=len(items),
        api_total_end=_total(page, len(items)),
        rows_received=len(items),
        rows_distinct=len(items),
        pages=1,
        requests=1,
        parts=landing.parts(),
    )


def _total(page: Path, items: int) -> int:
    """The total at the end of the list, where `totals.json` beside its page says another than that of the items."""
    totals = page.with_name("totals.json")
    said: dict[str, int] = json.loads(totals.read_text(encoding="utf-8")) if totals.exists() else {}
    return said.get(page.stem, items)


def _event_days(items: Sequence[msgspec.Raw]) -> list[str]:
    return [str(msgspec.json.decode(item).get("timestamp", ""))[:10] or "2026-01-01" for item in items]
