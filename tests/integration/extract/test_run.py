"""Extraction over a real socket into real files: complete, or honest about what is missing."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipeline import config, log
from pipeline.api.pace import Pace
from pipeline.errors import AccessDenied, ConfigurationError, OutputFailed, RunIncomplete, TlmError, UsageError
from pipeline.extract.resources import Wanted
from pipeline.extract.run import RunResult, extract_run
from pipeline.load.meta import create_meta
from pipeline.load.raw import record_run
from pipeline.runs.landing import read_items
from pipeline.runs.manifest import NOT_ASKED, Extract, Manifest, find_runs, manifest_hash, manifest_path
from pipeline.warehouse.publish import discard, open_build

from .conftest import KEY, NOW, PATHS, Asked, Raw, Tlm

Settings = Callable[..., config.Settings]
FORBIDDEN = (403, {}, b'{"errors":[{"code":"access_denied","message":"no"}]}')
MISSING = (404, {}, b'{"error":{"code":"resource_not_found","message":"no"}}')


def extract(settings: config.Settings, **options: Any) -> RunResult:
    """Run the extraction with a fixed clock."""
    defaults: dict[str, Any] = {"clock": lambda: NOW, "on_page": lambda *_progress: None}
    wanted = Wanted(options.pop("resources", None), options.pop("accounts", None))
    return asyncio.run(extract_run(settings, wanted, **{**defaults, **options}))


def manifest_of(settings: config.Settings, account: str = "prod") -> Manifest:
    """The newest manifest of an account."""
    return [one for one in find_runs(settings.data / "landing") if one.account == account][-1]


def outcome(manifest: Manifest, resource: str) -> Extract:
    """What a manifest says of a resource."""
    return next(one for one in manifest.extracts if one.resource == resource)


def landed(settings: config.Settings, manifest: Manifest, resource: str) -> list[bytes]:
    """The lines of a resource in the order of the parts."""
    folder = settings.data / "landing" / manifest.account
    folder = folder if resource == "audit_log" else folder / manifest.run_id / resource
    return [line for part in outcome(manifest, resource).parts for line in read_items(folder / part.name)]


def instead(name: str, reply: Raw) -> Callable[[Asked, int], Raw | None]:
    """Answer every request for a resource with `reply`."""
    return lambda asked, _number: reply if asked.path == PATHS[name] else None


def test_every_row_of_every_list_lands_once_and_in_order(tlm: Tlm, settings_for: Settings) -> None:
    """All nine lists, with exact counts and not a request too many."""
    settings = settings_for({"prod": tlm.base_url})
    (manifest,) = extract(settings).manifests
    assert (manifest.status, manifest.reason, manifest.as_of_at) == ("complete", None, NOW)
    for name, rows in tlm.lists.items():
        one = outcome(manifest, name)
        total = None if name == "profiles" else len(rows)
        pages = 1 if name == "profiles" else -(-len(rows) // 10)
        assert [json.loads(line) for line in landed(settings, manifest, name)] == rows
        assert (one.status, one.reason, one.api_total_start, one.api_total_end) == ("complete", None, total, total)
        assert (one.rows_received, one.rows_distinct) == (len(rows), len(rows))
        assert (one.pages, one.requests, one.retries) == (pages, pages, 0)
    assert len(tlm.asked) == sum(one.requests for one in manifest.extracts)


def test_what_the_key_sees_is_recorded(tlm: Tlm, settings_for: Settings) -> None:
    """Units by name and the accounts they are in: "complete" means complete for this key."""
    (manifest,) = extract(settings_for({"prod": tlm.base_url})).manifests
    assert manifest.key_sees.business_units == ("Bank", "Retail")
    assert manifest.key_sees.accounts == ("1111",)


def test_what_the_key_sees_is_told_in_one_line_for_each_account(
    start_tlm: Callable[[], Tlm],
    tlm: Tlm,
    settings_for: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On stderr, at the end: how many, which, and how many more than fit in a line."""
    monkeypatch.setattr(logging.getLogger("pipeline"), "propagate", True)
    caplog.set_level(logging.INFO, "pipeline")
    other = start_tlm()
    other.lists["business_units"] = [{"id": str(n), "name": f"Unit {n}"} for n in range(8)]
    silent = start_tlm()
    silent.instead = instead("business_units", FORBIDDEN)
    extract(settings_for({"prod": tlm.base_url, "many": other.base_url, "none": silent.base_url}))
    said = caplog.text
    assert "Account prod: 178 rows, complete; the key sees 2 business units (Bank, Retail) in 1 account (1111)." in said
    assert "8 business units (Unit 0, Unit 1, Unit 2, Unit 3, Unit 4, 3 more) in 0 accounts (none named)." in said
    assert "rows, complete; what the key sees is not known, for no business unit came." in said


def test_progress_is_told_by_resource(tlm: Tlm, settings_for: Settings) -> None:
    """The callback ends at received = total for every list that has one."""
    told: dict[tuple[str, str], tuple[int, int | None]] = {}

    def on_page(account: str, resource: str, received: int, total: int | None) -> None:
        told[account, resource] = (received, total)

    extract(settings_for({"prod": tlm.base_url}), on_page=on_page)
    assert told["prod", "endpoints.discovered"] == (25, 25)
    assert told["prod", "profiles"] == (25, None)
    assert len(told) == len(PATHS)


def test_the_second_run_reads_the_audit_log_with_a_day_of_overlap(tlm: Tlm, settings_for: Settings) -> None:
    """First the configured look-back, then from the last complete run; each manifest names the one before it."""
    settings = settings_for({"prod": tlm.base_url}, audit_days=30)
    (first,) = extract(settings).manifests
    (second,) = extract(settings, clock=lambda: NOW + timedelta(days=7)).manifests
    windows = {(one.query["from"], one.query["to"]) for one in tlm.asked if one.path == PATHS["audit_log"]}
    assert windows == {
        ("2026-10-25T06:00:00Z", "2026-11-24T06:00:01Z"),
        ("2026-11-23T06:00:00Z", "2026-12-01T06:00:01Z"),
    }
    path = manifest_path(settings.data / "landing", "prod", first.run_id)
    assert (first.previous_manifest_hash, second.previous_manifest_hash) == (None, manifest_hash(path))
    assert first.config_hash == second.config_hash
    days = sorted(path.name for path in (settings.data / "landing" / "prod" / "events").iterdir())
    assert days == [f"2026-11-{day}" for day in range(10, 24)]


def test_an_empty_account_is_complete_with_no_rows(start_tlm: Callable[[], Tlm], settings_for: Settings) -> None:
    """Nothing there is an answer."""
    (manifest,) = extract(settings_for({"prod": start_tlm().base_url})).manifests
    assert manifest.status == "complete"
    assert {one.rows_received for one in manifest.extracts} == {0}


@pytest.mark.parametrize("slip", [b"[]", b'{"items": []}', b'{"items": [], "total": 0, "offset": 0}'])
@pytest.mark.parametrize("name", ["endpoints.unsecured", "audit_log"])
def test_a_list_that_is_empty_in_one_reply_is_asked_for_again(
    tlm: Tlm, settings_for: Settings, slip: bytes, name: str
) -> None:
    """Two replies must say that there is nothing: else all rows would have gone, and old events never come again."""
    asked: list[str] = []

    def slips(one: Asked, _number: int) -> Raw | None:
        asked.extend([one.path] if one.path == PATHS[name] else [])
        return (200, {}, slip) if asked == [PATHS[name]] and one.path == PATHS[name] else None

    tlm.instead = slips
    (manifest,) = extract(settings_for({"prod": tlm.base_url})).manifests
    assert (manifest.status, outcome(manifest, name).rows_received) == ("complete", len(tlm.lists[name]))


@pytest.mark.parametrize("name", ["endpoints.automatable", "audit_log"])
def test_a_service_that_falls_silent_half_way_is_not_complete(tlm: Tlm, settings_for: Settings, name: str) -> None:
    """Empty arrays from the third request on: the total that was told before still counts."""
    tlm.lists[name] = [{"id": number, "timestamp": "2026-11-23T23:30:00Z"} for number in range(95)]
    asked: list[str] = []

    def stops(one: Asked, _number: int) -> Raw | None:
        asked.extend([one.path] if one.path == PATHS[name] else [])
        return (200, {}, b"[]") if len(asked) > 2 and one.path == PATHS[name] else None

    tlm.instead = stops
    with pytest.raises(RunIncomplete, match="total"):
        extract(settings_for({"prod": tlm.base_url}, concurrency=1))


@pytest.mark.parametrize("status", [401, 403, 501])
def test_a_document_that_wants_another_log_in_is_none(tlm: Tlm, settings_for: Settings, status: int) -> None:
    """Its page may ask for a browser's: whether the key is good, the lists say."""
    tlm.document_refused = status
    (manifest,) = extract(settings_for({"prod": tlm.base_url})).manifests
    assert manifest.status == "complete"


def test_a_wrong_key_is_denied_at_once(tlm: Tlm, settings_for: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request, one sentence with the account and the key's setting, and a manifest that says failed."""
    monkeypatch.setenv("TLM_KEY", "another-canary-key")
    settings = settings_for({"prod": tlm.base_url})
    with pytest.raises(AccessDenied, match=r"Account prod: .*401 invalid_api_key.*api_key") as caught:
        extract(settings)
    assert len(tlm.asked) == 1
    assert manifest_of(settings).status == "failed"
    run = manifest_of(settings).run_id
    assert caught.value.run_id == run
    # nothing came that a build could be asked to accept
    assert str(caught.value).endswith(f"`tlm extract --resume {run}` reads what is missing.")


def test_a_key_that_ends_in_mid_run_stops_the_account(tlm: Tlm, settings_for: Settings) -> None:
    """The other lists are not read on; what was read is in the manifest."""
    reply = (401, {}, b'{"errors":[{"code":"invalid_api_key","message":"expired"}]}')
    tlm.instead = lambda asked, _number: reply if asked.query.get("offset") == "18" else None
    settings = settings_for({"prod": tlm.base_url}, concurrency=1)
    with pytest.raises(AccessDenied, match="Account prod"):
        extract(settings)
    manifest = manifest_of(settings)
    assert manifest.status == "failed"
    assert outcome(manifest, "business_units").status == "complete"
    assert "incomplete" in {one.status for one in manifest.extracts}


@pytest.mark.parametrize(
    ("reply", "words"),
    [(FORBIDDEN, "403 access_denied.*role"), (MISSING, "404 resource_not_found.*endpoints feature")],
)
def test_a_required_list_that_is_refused_says_what_is_missing(
    tlm: Tlm, settings_for: Settings, reply: Raw, words: str
) -> None:
    """The account, the resource, and the role or the feature."""
    tlm.instead = instead("endpoints.unsecured", reply)
    with pytest.raises(AccessDenied, match=f"Account prod: .*endpoints.unsecured.*{words}"):
        extract(settings_for({"prod": tlm.base_url}))


@pytest.mark.parametrize("reply", [FORBIDDEN, MISSING, (400, {}, b"bad"), (501, {}, b"")])
def test_another_list_that_is_refused_is_skipped_with_the_reason(tlm: Tlm, settings_for: Settings, reply: Raw) -> None:
    """The run stays complete, and the manifest says what it lacks."""
    tlm.instead = instead("agents", reply)
    (manifest,) = extract(settings_for({"prod": tlm.base_url})).manifests
    one = outcome(manifest, "agents")
    assert (manifest.status, one.status, one.rows_received) == ("complete", "skipped", 0)
    assert str(reply[0]) in (one.reason or "")


def test_a_list_that_is_refused_half_way_is_not_skipped(tlm: Tlm, settings_for: Settings) -> None:
    """What was read of it would look like all of it: the account is incomplete."""
    refuse = instead("agents", FORBIDDEN)
    tlm.instead = lambda asked, number: refuse(asked, number) if asked.query.get("offset", "0") != "0" else None
    settings = settings_for({"prod": tlm.base_url}, page_size=2)
    with pytest.raises(RunIncomplete, match=r"agents: .*403"):
        extract(settings)
    one = outcome(find_runs(settings.data / "landing")[-1], "agents")
    assert (one.status, one.rows_received > 0) == ("incomplete", True)


def test_refused_business_units_do_not_stop_the_run(tlm: Tlm, settings_for: Settings) -> None:
    """They are read first, yet not required."""
    tlm.instead = instead("business_units", FORBIDDEN)
    (manifest,) = extract(settings_for({"prod": tlm.base_url})).manifests
    assert (manifest.status, manifest.key_sees.business_units) == ("complete", ())


@pytest.mark.parametrize("reply", [(500, {}, b""), (200, {}, b'{"items": [], "total": 3}')])
def test_business_units_that_fail_keep_no_other_list_from_being_read(
    tlm: Tlm, settings_for: Settings, reply: Raw
) -> None:
    """Whether the service fails at them to the end or their counts do not add up: the account lacks them and no more."""
    tlm.instead = instead("business_units", reply)
    settings = settings_for({"prod": tlm.base_url})
    with pytest.raises(
        RunIncomplete, match=r"Account prod is incomplete: business_units: .*(attempts\)|readings)\. Run "
    ):
        extract(settings)
    manifest = manifest_of(settings)
    assert {one.resource for one in manifest.extracts if one.status != "complete"} == {"business_units"}
    assert outcome(manifest, "endpoints.automatable").rows_received == len(tlm.lists["endpoints.automatable"])


def test_accounts_are_read_side_by_side_and_one_does_not_stop_the_other(
    start_tlm: Callable[[], Tlm], tlm: Tlm, settings_for: Settings
) -> None:
    """The denied account is named; the other one's run is complete and keeps its own rows."""
    denying = start_tlm()
    denying.instead = lambda _asked, _number: FORBIDDEN
    settings = settings_for({"apac": denying.base_url, "prod": tlm.base_url})
    with pytest.raises(AccessDenied, match="Account apac") as caught:
        extract(settings)
    assert "prod" not in str(caught.value)
    assert (manifest_of(settings, "prod").status, manifest_of(settings, "apac").status) == ("complete", "failed")
    assert manifest_of(settings, "prod").run_id == manifest_of(settings, "apac").run_id


def test_an_unreachable_host_is_named(tlm: Tlm, settings_for: Settings) -> None:
    """After all attempts: incomplete, with the host; it outranks nothing when another account was denied."""
    settings = settings_for({"prod": "http://127.0.0.1:9", "other": tlm.base_url})
    with pytest.raises(RunIncomplete, match=r"Account prod.*127\.0\.0\.1:9 cannot be reached.*3 attempts"):
        extract(settings)
    assert manifest_of(settings).status == "incomplete"
    assert manifest_of(settings, "other").status == "complete"
    assert outcome(manifest_of(settings), "business_units").retries == 2
    assert outcome(manifest_of(settings), "agents").requests == 0


def test_a_service_that_wants_silence_is_left_alone_by_one_account_only(
    start_tlm: Callable[[], Tlm], tlm: Tlm, settings_for: Settings
) -> None:
    """A Retry-After beyond all patience: the account ends there, also its other lists; the other account goes on."""
    busy = start_tlm()
    busy.instead = lambda _asked, number: (503, {"retry-after": "86400"}, b"") if number == 3 else None
    settings = settings_for({"apac": busy.base_url, "prod": tlm.base_url}, concurrency=1)
    with pytest.raises(RunIncomplete, match=r"Account apac .*agents.*asked for 86400 s of silence.*--resume") as caught:
        extract(settings)
    assert "Account prod" not in str(caught.value)
    assert len(busy.asked) == 3
    assert manifest_of(settings, "prod").status == "complete"


def test_a_base_url_that_answers_html_is_told_from_the_api(tlm: Tlm, settings_for: Settings) -> None:
    """Status 200 and a page for people."""
    html = (200, {"content-type": "text/html"}, b"<!DOCTYPE html><html><body>Welcome</body></html>")
    tlm.instead = lambda _asked, _number: html
    with pytest.raises(RunIncomplete, match=r"Account prod is incomplete: business_units.*an HTML page.*base_url"):
        extract(settings_for({"prod": tlm.base_url}))


def test_a_total_that_is_not_reached_makes_the_run_incomplete(tlm: Tlm, settings_for: Settings) -> None:
    """The list is named with what was expected and what came; the rows that came are kept."""

    def lie(asked: Asked, _number: int) -> Raw | None:
        if asked.path != PATHS["certificates"]:
            return None
        offset = int(asked.query["offset"])
        page = {"items": tlm.lists["certificates"][offset : offset + 10], "total": 40, "offset": offset}
        return 200, {}, json.dumps(page).encode()

    tlm.instead = lie
    settings = settings_for({"prod": tlm.base_url})
    with pytest.raises(RunIncomplete, match=r"prod.*certificates: the API's total is 40, but the list ends after 25"):
        extract(settings)
    one = outcome(manifest_of(settings), "certificates")
    assert (one.status, one.rows_received, one.api_total_end) == ("incomplete", 25, 40)


def test_replies_that_fail_once_are_asked_for_again(tlm: Tlm, settings_for: Settings) -> None:
    """429, 503, 500, cut JSON and HTML on each list's way: the same rows as without, and the retries are counted."""
    faults: list[Raw] = [
        (429, {"retry-after": "3"}, b""),
        (503, {"retry-after": "Tue, 24 Nov 2026 06:00:05 GMT"}, b""),
        (500, {}, b"oops"),
        (200, {}, b'{"items":[{"id":'),
        (200, {"content-type": "text/html"}, b"<html></html>"),
    ]
    seen: dict[tuple[str, str | None], Raw | None] = {}

    def fail_once(asked: Asked, _number: int) -> Raw | None:
        page = (asked.path, asked.query.get("offset"))
        if page in seen:
            return None
        number = len(seen)
        return seen.setdefault(page, faults[number // 2 % 5] if number % 2 else None)

    tlm.instead = fail_once
    settings = settings_for({"prod": tlm.base_url})
    (manifest,) = extract(settings).manifests
    for name, rows in tlm.lists.items():
        assert [json.loads(line) for line in landed(settings, manifest, name)] == rows
    assert sum(one.retries for one in manifest.extracts) == len(tlm.asked) - sum(one.pages for one in manifest.extracts)
    assert all(fault in seen.values() for fault in faults)


def test_a_redirect_is_not_followed(start_tlm: Callable[[], Tlm], tlm: Tlm, settings_for: Settings) -> None:
    """The key goes to no other host, and the sentence says where the reply pointed."""
    other = start_tlm()
    tlm.instead = lambda _asked, _number: (307, {"location": other.base_url + "/login"}, b"")
    with pytest.raises(RunIncomplete, match="307, a redirect to"):
        extract(settings_for({"prod": tlm.base_url}))
    assert other.asked == []


def test_requests_are_bounded_in_number(tlm: Tlm, settings_for: Settings) -> None:
    """Never more at once than configured, over all lists together, and as many as that when there is work."""
    tlm.hold_until = 4
    tlm.lists["endpoints.discovered"] = [{"id": str(number)} for number in range(300)]
    extract(settings_for({"prod": tlm.base_url}, concurrency=4))
    assert tlm.most_at_once == 4


def test_requests_are_paced(tlm: Tlm, settings_for: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly, without a burst: no two leave closer than the rate allows."""
    times: list[float] = []
    send = Pace.send
    monkeypatch.setattr(Pace, "send", lambda pace, now: times.append(now) or send(pace, now))
    extract(settings_for({"prod": tlm.base_url}, requests_per_second=100), resources=("endpoints.discovered", "agents"))
    assert len(times) >= len(tlm.asked) > 5
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.0099


def test_pages_that_overtake_each_other_still_land_in_order(tlm: Tlm, settings_for: Settings) -> None:
    """A page that must be asked for twice arrives after those behind it."""
    rows = [{"id": str(number)} for number in range(200)]
    tlm.lists["endpoints.discovered"] = rows
    failed: set[str] = set()

    def fail_once(asked: Asked, _number: int) -> Raw | None:
        offset = asked.query.get("offset", "")
        if asked.path != PATHS["endpoints.discovered"] or offset not in {"0", "30", "110"} or offset in failed:
            return None
        failed.add(offset)
        return 500, {}, b""

    tlm.instead = fail_once
    settings = settings_for({"prod": tlm.base_url})
    (manifest,) = extract(settings).manifests
    assert [json.loads(line) for line in landed(settings, manifest, "endpoints.discovered")] == rows


def test_only_the_wanted_resources_are_asked_for(tlm: Tlm, settings_for: Settings) -> None:
    """A run of some resources ends well, and its manifest says why it is not one to publish."""
    (manifest,) = extract(settings_for({"prod": tlm.base_url}), resources=("agents", "endpoints.unsecured")).manifests
    assert manifest.status == "incomplete"
    assert "endpoints.automatable, endpoints.discovered: required, but not asked for in this run" in (
        manifest.reason or ""
    )
    assert {one.path for one in tlm.asked} == {PATHS["agents"], PATHS["endpoints.unsecured"]}


def test_a_list_that_a_run_leaves_out_is_recorded_and_one_that_nobody_wants_is_not(
    tlm: Tlm, settings_for: Settings
) -> None:
    """So rows of an earlier run can stand in for the first; the configuration does without the second for good."""
    wanted = (*config.REQUIRED, "profiles", "audit_log")
    settings = settings_for({"prod": tlm.base_url}, resources=wanted)
    (manifest,) = extract(settings, resources=config.REQUIRED).manifests
    left_out = [(one.resource, one.reason) for one in manifest.extracts if one.status == "skipped"]
    assert sorted(left_out) == [("audit_log", NOT_ASKED), ("profiles", NOT_ASKED)]
    assert manifest.status == "complete"
    (manifest,) = extract(settings).manifests
    assert sorted(one.resource for one in manifest.extracts) == sorted(wanted)


def test_unknown_names_and_missing_keys_stop_before_anything_is_sent(
    tlm: Tlm, settings_for: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account, a resource, a key reference: usage and configuration, not network."""
    settings = settings_for({"prod": tlm.base_url})
    with pytest.raises(UsageError, match="No account 'pord'"):
        extract(settings, accounts=("pord",))
    with pytest.raises(UsageError, match="'agent' is no resource"):
        extract(settings, resources=("agent",))
    monkeypatch.delenv("TLM_KEY")
    with pytest.raises(ConfigurationError, match=r"accounts.prod.api_key .*TLM_KEY"):
        extract(settings)
    assert tlm.asked == []


def test_a_data_folder_that_cannot_be_made_is_an_output_error(tlm: Tlm, settings_for: Settings, tmp_path: Path) -> None:
    """Before anything is sent, with the path."""
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(OutputFailed, match="data"):
        extract(settings_for({"prod": tlm.base_url}))
    assert tlm.asked == []


def test_the_key_is_in_no_file_and_no_message(
    tlm: Tlm, settings_for: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A canary, searched for in everything that a failing run leaves behind."""
    log.configure(verbose=True)
    echo = b'{"errors":[{"code":"internal_error","message":"bad key %s"}]}' % KEY.encode()
    tlm.instead = lambda asked, _number: (500, {}, echo) if asked.path == PATHS["agents"] else None
    with pytest.raises(TlmError) as caught:
        extract(settings_for({"prod": tlm.base_url}))
    said = capfd.readouterr()
    assert "bad key ****" in str(caught.value)
    assert KEY not in f"{caught.value!r}{said.out}{said.err}"
    assert "endpoint/discovered" in said.err
    assert [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []


def test_the_interpreter_changes_hands_quickly_while_pages_are_read(tlm: Tlm, settings_for: Settings) -> None:
    """Afterwards as before: the process may have other things to do."""
    before, seen = sys.getswitchinterval(), set()
    extract(settings_for({"prod": tlm.base_url}), on_page=lambda *_progress: seen.add(sys.getswitchinterval()))
    assert max(seen) < before == sys.getswitchinterval()


@pytest.mark.parametrize(("name", "field"), [("business_units", "more"), ("audit_log", "data"), ("agents", "status")])
def test_an_item_of_any_depth_is_landed(tlm: Tlm, settings_for: Settings, name: str, field: str) -> None:
    """A reader that gives up on its brackets does not end the run, also where the item is looked into."""
    deep = b'{"id":"deep","%s":%s}' % (field.encode(), b"[" * 9000 + b"]" * 9000)
    tlm.instead = instead(name, (200, {}, b'{"items":[%s],"total":1}' % deep))
    settings = settings_for({"prod": tlm.base_url})
    (manifest,) = extract(settings).manifests
    assert (manifest.status, outcome(manifest, name).rows_received) == ("complete", 1)
    assert landed(settings, manifest, name) == [deep]


def test_a_total_that_no_column_holds_does_not_keep_the_other_accounts_from_a_build(
    start_tlm: Callable[[], Tlm], tlm: Tlm, settings_for: Settings, tmp_path: Path
) -> None:
    """It is as wrong as the largest that one holds: the list is incomplete, and the run can be recorded."""
    other = start_tlm()

    def boast(asked: Asked, _number: int) -> Raw | None:
        rows = other.lists["agents"][int(asked.query.get("offset", 0)) :][:10]
        body = json.dumps({"items": rows, "total": 10**30}).encode()
        return (200, {}, body) if asked.path == PATHS["agents"] else None

    other.instead = boast
    settings = settings_for({"prod": tlm.base_url, "mad": other.base_url})
    with pytest.raises(RunIncomplete, match="Account mad is incomplete"):
        extract(settings)
    build = open_build(tmp_path / "tlm.duckdb")
    create_meta(build.warehouse)
    for manifest in find_runs(settings.data / "landing"):
        record_run(build.warehouse, settings.data / "landing", manifest)
    assert build.warehouse.rows("select count(*) from meta.runs") == [(2,)]
    discard(build)
