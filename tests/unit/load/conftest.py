"""A landing zone with one run, and an empty warehouse."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from pipeline.load.meta import create_meta
from pipeline.runs.manifest import Extract, KeySees, Manifest, Part, write_manifest
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import discard, open_build

RUN = "20261124T060000Z-aaaaaa"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """A new warehouse with its fixed tables."""
    build = open_build(tmp_path / "data" / "tlm.duckdb")
    create_meta(build.warehouse)
    yield build.warehouse
    discard(build)


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """The folder of the landing zone."""
    return tmp_path / "data" / "landing"


@pytest.fixture
def land(landing: Path) -> Callable[..., Manifest]:
    """Writes one resource of a complete run: lines by part; each line is its own zstd frame."""

    def _land(
        *parts: list[bytes], resource: str = "endpoints.discovered", account: str = "prod", run_id: str = RUN
    ) -> Manifest:
        folder = landing / account / run_id / resource
        names = [f"part-{number:05}.ndjson.zst" for number in range(1, len(parts) + 1)]
        if resource == "audit_log":
            folder = landing / account
            names = [f"events/2026-11-{number:02}/{run_id}.ndjson.zst" for number in range(1, len(parts) + 1)]
        written = []
        for name, lines in zip(names, parts, strict=True):
            content = b"".join(zstandard.compress(line + b"\n") for line in lines)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            written.append(Part(name, len(lines), len(content), hashlib.sha256(content).hexdigest()))
        count = sum(part.rows for part in written)
        extract = Extract(resource, "complete", None, count, count, count, count, 1, 1, 0, tuple(written))
        manifest = Manifest(
            run_id=run_id,
            account=account,
            as_of_at=datetime(2026, 11, 24, 6, tzinfo=UTC),
            finished_at=datetime(2026, 11, 24, 6, 5, tzinfo=UTC),
            status="complete",
            reason=None,
            tool_version="0",
            config_hash="c",
            base_url="http://127.0.0.1",
            required=(resource,),
            key_sees=KeySees(),
            extracts=(extract,),
            previous_manifest_hash=None,
        )
        (landing / account / run_id).mkdir(parents=True, exist_ok=True)
        write_manifest(landing / account / run_id, manifest)
        return manifest

    return _land
