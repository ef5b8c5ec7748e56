"""`tlm contract`: the instance's own document over a real socket, files, and what is kept for each account."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from place import Place

from pipeline import __version__
from pipeline.api.contract import CALLS, EVERY
from pipeline.cli import run
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox

SAMPLE = Path(__file__).parents[2] / "samples" / "openapi" / "vendor-2022" / "document.yaml"
PUBLIC = ["name", "method", "path", "evidence", "body_evidence", "required", "outcome", "fields", "differs"]


def test_the_instance_confirms_and_its_word_is_kept(
    place: Place, sandbox_of: Callable[[Plan], ThreadedSandbox]
) -> None:
    """Exit 0; an owner-only file for each account names tool, instance, document and outcomes."""
    sandbox = sandbox_of(Plan(endpoints=20))
    place.configure(sandbox.base_url, sandbox.keys)
    code, out, err = place.tlm("contract", "check", "--json")
    assert (code, err) == (0, "")
    calls = json.loads(out)["calls"]
    assert {(one["account"], one["name"]) for one in calls} == {(a, c.name) for a in sandbox.keys for c in EVERY}
    confirmed = {one["name"] for one in calls if one["outcome"] == "confirmed"}
    assert confirmed >= {call.name for call in CALLS}
    for account in sandbox.keys:
        path = place.folder / "data" / "contract" / f"{account}.json"
        kept = json.loads(path.read_bytes())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (kept["account"], kept["base_url"], kept["tool_version"]) == (account, sandbox.base_url, __version__)
        assert len(kept["document_sha256"]) == 64
        assert [one["outcome"] for one in kept["calls"]] == [
            one["outcome"] for one in calls if one["account"] == account
        ]
    assert [path.name for path in path.parent.iterdir() if path.suffix != ".json"] == []


def test_one_account_is_asked_alone(place: Place, sandbox_of: Callable[[Plan], ThreadedSandbox]) -> None:
    """With --account; an unknown one is a usage error."""
    sandbox = sandbox_of(Plan(endpoints=20))
    place.configure(sandbox.base_url, sandbox.keys)
    account = next(iter(sandbox.keys))
    code, out, _ = place.tlm("contract", "check", "--account", account)
    assert code == 0
    assert f"account {account} (" in out
    assert [path.stem for path in (place.folder / "data" / "contract").iterdir()] == [account]
    code, _, err = place.tlm("contract", "check", "--account", "nobody")
    assert (code, "nobody" in err) == (2, True)


def test_an_instance_without_a_document_says_what_to_do(
    place: Place, sandbox_of: Callable[[Plan], ThreadedSandbox]
) -> None:
    """A page of the console, or nothing at that path, is exit 2, and nothing is kept."""
    sandbox = sandbox_of(Plan(endpoints=20))
    for path, words in (("/console", "HTML page"), ("/mpki/api/v1/nothing", "pass it as FILE")):
        place.configure(sandbox.base_url, sandbox.keys, f'[contract]\npaths = {{ openapi = "{path}" }}\n')
        code, out, err = place.tlm("contract", "check")
        assert (code, out) == (2, "")
        assert words in err
    assert not (place.folder / "data" / "contract").exists()


def test_a_service_that_is_not_there_is_exit_4(place: Place) -> None:
    """As for an extraction."""
    place.configure("http://127.0.0.1:9", {"prod": "key"})
    code, _, err = place.tlm("contract", "check")
    assert code == 4
    assert "cannot be reached" in err


def test_a_file_is_compared_without_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The vendor's text of 2022 contradicts nothing: exit 0; the records are the public ones."""
    monkeypatch.chdir(tmp_path)
    assert run(["contract", "check", str(SAMPLE), "--json"]) == 0
    calls = json.loads(capsys.readouterr().out)["calls"]
    assert all(set(PUBLIC) <= set(one) for one in calls)
    by_name = {one["name"]: one for one in calls}
    assert by_name["endpoints.unsecured"]["outcome"] == "unknown"
    assert by_name["certificates"]["fields"]["common_name"] == "confirmed"
    assert by_name["profiles"]["required"] is False
    assert list(tmp_path.iterdir()) == []


def test_a_contradiction_is_exit_1_with_advice(place: Place) -> None:
    """The override that it advises makes it exit 0."""
    paths = {"/mpki/api/v1/inventory/endpoints/unsecured": {"get": {}}}
    listed = {f"/mpki/api/v1/inventory/endpoint/{name}": {"get": {}} for name in ("automatable", "discovered")}
    file = place.folder / "theirs.json"
    file.write_text(json.dumps({"openapi": "3.0.3", "paths": paths | listed}), encoding="utf-8")
    place.configure("http://127.0.0.1:9", {"prod": "key"})
    code, out, _ = place.tlm("contract", "check", str(file))
    advice = 'paths = { "endpoints.unsecured" = "/mpki/api/v1/inventory/endpoints/unsecured" }'
    assert code == 1
    assert advice in out
    assert max(map(len, out.splitlines())) <= 100
    place.configure("http://127.0.0.1:9", {"prod": "key"}, f"[contract]\n{advice}\n")
    assert place.tlm("contract", "check", str(file))[0] == 0


def test_what_is_no_document_is_exit_2(place: Place, tmp_path: Path) -> None:
    """One sentence; also for a file that is not there, and for a file with an account."""
    place.configure("http://127.0.0.1:9", {"prod": "key"})
    file = tmp_path / "swagger.json"
    file.write_text('{"swagger": "2.0"}', encoding="utf-8")
    for words in ((str(file),), (str(tmp_path / "missing.yaml"),), (str(tmp_path),), (str(file), "--account", "prod")):
        code, out, err = place.tlm("contract", "check", *words)
        assert (code, out) == (2, "")
        assert "Traceback" not in err


def test_the_contract_is_shown_with_its_evidence(place: Place) -> None:
    """A table of 100 columns, or records without an outcome; overrides are in both."""
    place.configure("http://127.0.0.1:9", {"prod": "key"}, '[contract]\npaths = { agents = "/mpki/api/v2/agent" }\n')
    code, out, _ = place.tlm("contract", "show")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 100
    assert "GET /mpki/api/v2/agent\n" in out
    code, out, _ = place.tlm("contract", "show", "--json")
    by_name = {one["name"]: one for one in json.loads(out)["calls"]}
    assert set(by_name) == {call.name for call in EVERY}
    assert {one["outcome"] for one in by_name.values()} == {None}
    automation = by_name["automation"]
    assert (automation["method"], automation["evidence"], automation["body_evidence"]) == ("POST", "vendor", "assumed")
    assert by_name["agents"]["path"] == "/mpki/api/v2/agent"
    assert by_name["endpoints.unsecured"]["required"] is True
    assert by_name["endpoints.unsecured"]["field_evidence"]["ip"] == "client"
