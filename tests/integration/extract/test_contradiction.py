"""Each extract asks the instance's own document once; what it contradicts is not read on a guess."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from pipeline.config import Contract, Settings
from pipeline.errors import ContractContradicted
from pipeline.extract.run import RunResult, extract_run
from pipeline.runs.manifest import find_runs

from .conftest import NOW, PATHS, Tlm


def listing(*paths: str) -> dict[str, Any]:
    """A document that lists these paths as paged lists of items with an id."""
    page = {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object"}}}}
    answer = {"responses": {"200": {"content": {"application/json": {"schema": page}}}}}
    return {
        "openapi": "3.0.1",
        "info": {"title": "t", "version": "1"},
        "paths": {path: {"get": answer} for path in paths},
    }


def extract(settings: Settings) -> RunResult:
    """One run."""
    return asyncio.run(extract_run(settings, clock=lambda: NOW, on_page=lambda *_: None))


def test_a_required_call_missing_beside_its_siblings_stops_the_account(
    tlm: Tlm, settings_for: Callable[..., Settings]
) -> None:
    """The sentence names the call and the override to write; no endpoint list was asked for, the manifest says failed."""
    settings = settings_for({"prod": tlm.base_url})
    moved = "/mpki/api/v1/inventory/endpoint/without-certificate"
    tlm.document = listing(PATHS["endpoints.automatable"], PATHS["endpoints.discovered"], moved)
    with pytest.raises(ContractContradicted, match=r"endpoints\.unsecured.*\[contract\]"):
        extract(settings)
    assert tlm.documents == 1
    assert not {one.path for one in tlm.asked} & set(list(PATHS.values())[:3])
    (manifest,) = find_runs(settings.data / "landing")
    assert manifest.status == "failed"
    assert "endpoints.unsecured" in (manifest.reason or "")


def test_an_override_releases_it(tlm: Tlm, settings_for: Callable[..., Settings]) -> None:
    """The owner has looked and written the path: the account is read."""
    settings = settings_for({"prod": tlm.base_url})
    tlm.document = listing(PATHS["endpoints.automatable"], PATHS["endpoints.discovered"])
    settings = msgspec.structs.replace(
        settings, contract=Contract(paths={"endpoints.unsecured": PATHS["endpoints.unsecured"]})
    )
    assert extract(settings).manifests[0].status == "complete"


def test_what_the_account_can_do_without_is_told_and_read(
    tlm: Tlm, settings_for: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    """A contradicted optional call is a warning."""
    settings = settings_for({"prod": tlm.base_url})
    tlm.document = listing(*list(PATHS.values())[:3], "/mpki/api/v1/agent/script")
    assert extract(settings).manifests[0].status == "complete"
    assert any("agents" in record.message for record in caplog.records if record.levelname == "WARNING")


@pytest.mark.parametrize("document", [None, {"openapi": "2"}, listing("/other/api")])
def test_no_document_or_another_groups_is_unknown_and_goes_on(
    tlm: Tlm, settings_for: Callable[..., Settings], document: dict[str, Any] | None
) -> None:
    """A whole group missing says nothing."""
    tlm.document = document
    assert extract(settings_for({"prod": tlm.base_url})).manifests[0].status == "complete"
