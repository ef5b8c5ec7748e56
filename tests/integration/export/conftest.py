from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from pipeline.config import RESOURCES, Account, Settings
from pipeline.jobs.building import build
from pipeline.runs.manifest import Extract, KeySees, Manifest, Part, write_manifest

WORKED_EXAMPLE = Path(__file__).parents[2] / "sql" / "worked_example"


@pytest.fixture(scope="session")
def worked_example(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a folder whose published warehouse holds both runs of the worked example."""
    folder = tmp_path_factory.mktemp("worked_example")
    accounts = tuple(Account(name, f"https://{name}.example.test") for name in ("north", "south"))
    settings = Settings(accounts=accounts, timezone="Europe/Berlin", folder=str(folder))
    for run in ("run-1", "run-2"):
        about = json.loads((WORKED_EXAMPLE / run / "run.json").read_text())
        for account in ("north", "south"):
            land(
                settings.data / "landing", WORKED_EXAMPLE / run / "pages" / account, about["run_id"], about["as_of_at"]
            )
    build(settings)
    return settings


def land(landing: Path, pages: Path, run_id: str, as_of_at: str) -> None:
    """A finished run of one account in the landing zone, made from the items of its pages."""
    as_of = datetime.fromisoformat(as_of_at)
    account = pages.name
    folder = landing / account / run_id
    extracts = []
    for resource in RESOURCES:
        items = json.loads((pages / f"{resource}.json").read_text())
        if resource == "audit_log":  # events lie beside the runs, by day; exports do not read them
            items = []
        parts = ()
        if items:
            content = zstandard.compress(b"".join(json.dumps(item).encode() + b"\n" for item in items), 1)
            place = folder / resource / "part-00001.ndjson.zst"
            place.parent.mkdir(parents=True)
            place.write_bytes(content)
            parts = (Part(place.name, len(items), len(content), hashlib.sha256(content).hexdigest()),)
        count = len(items)
        extracts.append(
            Extract(
                resource, "complete", None, count, count, rows_received=count, rows_distinct=count, pages=1, parts=parts
            )
        )
    write_manifest(
        folder,
        Manifest(
            run_id=run_id,
            account=account,
            as_of_at=as_of,
            finished_at=as_of + timedelta(minutes=1),
            status="complete",
            reason=None,
            tool_version="0",
            config_hash="0",
            base_url=f"https://{account}.example.test",
            required=RESOURCES[:3],
            key_sees=KeySees(),
            extracts=tuple(extracts),
            previous_manifest_hash=None,
        ),
    )
