"""The service: what it answers to what, against the contract and the notes on the API."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography import x509

from pipeline.api.contract import BY_NAME, CALLS, LISTS, Paging
from pipeline.sandbox.messages import Reply, Request
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.service import Service, make_key
from pipeline.sandbox.world import World

Ask = Callable[..., Reply]
Items = dict[str, dict[str, list[dict[str, Any]]]]
SEARCH = BY_NAME["certificates"].path
AUDIT = BY_NAME["audit_log"].path
UNITS = BY_NAME["business_units"].path


def read(reply: Reply) -> Any:
    """The body of a good reply."""
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "application/json"
    return msgspec.json.decode(reply.body)


def read_error(reply: Reply) -> tuple[int, str, str | None]:
    """Status, code and field of a refusal."""
    (error,) = msgspec.json.decode(reply.body)["errors"]
    assert error["message"]
    return reply.status, error["code"], error.get("field")


@pytest.mark.parametrize("call", LISTS, ids=lambda call: call.name)
def test_each_list_answers_in_its_own_form(ask: Ask, items: Items, call: Any) -> None:
    """A paged list has items, total, offset and limit; a bare array has neither."""
    body = read(ask(call.path, "limit=2&offset=1"))
    everything = items["prod"][call.name]
    if call.paging is Paging.ARRAY:
        assert body == everything
    else:
        assert body == {"items": everything[1:3], "total": len(everything), "offset": 1, "limit": 2}


@pytest.mark.parametrize("call", LISTS, ids=lambda call: call.name)
def test_items_have_only_fields_of_the_contract(items: Items, call: Any) -> None:
    """What the sandbox sends is what the contract knows."""
    known = {field.name for field in call.fields}
    for account in items.values():
        for item in account[call.name]:
            assert item.keys() <= known


def test_pages_put_together_are_the_list(ask: Ask, items: Items) -> None:
    """No item is lost or repeated between pages."""
    path = BY_NAME["endpoints.discovered"].path
    gathered: list[Any] = []
    while page := read(ask(path, f"limit=93&offset={len(gathered)}"))["items"]:
        gathered += page
    assert gathered == items["prod"]["endpoints.discovered"]


def test_an_offset_past_the_end_gives_nothing_and_the_true_total(ask: Ask, items: Items) -> None:
    """The total does not depend on the offset."""
    body = read(ask(UNITS, "offset=1000"))
    assert body == {"items": [], "total": len(items["prod"]["business_units"]), "offset": 1000, "limit": 20}


def test_a_limit_is_capped_silently(ask: Ask) -> None:
    """The limit that was served stands in the reply."""
    body = read(ask(BY_NAME["automation_inventory"].path, "limit=5000"))
    assert (body["limit"], len(body["items"])) == (1000, 1000)


@pytest.mark.parametrize(("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("offset=-1", "offset")])
def test_a_bad_count_is_refused_by_its_field(ask: Ask, query: str, field: str) -> None:
    """A validation error names the field."""
    assert read_error(ask(UNITS, query)) == (400, "invalid_request", field)


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_wrong_key_is_refused(ask: Ask, key: str) -> None:
    """Whatever the path, 401 comes first."""
    assert read_error(ask(UNITS, headers={"x-api-key": key})) == (401, "invalid_api_key", None)


def test_the_key_decides_the_account(ask: Ask, items: Items) -> None:
    """The other key sees the other account."""
    body = read(ask(UNITS, headers={"x-api-key": make_key("apac", 7)}))
    assert body["items"] == items["apac"]["business_units"]


def test_a_foreign_account_is_refused(ask: Ask, world: World) -> None:
    """`account_id` may only name the key's own account."""
    accounts = world.at(2).accounts
    assert read(ask(UNITS, f"account_id={accounts['prod'].account_id}"))["total"] == 5
    assert read_error(ask(UNITS, f"account_id={accounts['apac'].account_id}")) == (403, "no_access", None)


def test_unknown_paths(ask: Ask) -> None:
    """Below the API's own prefix 404, elsewhere the console's page with status 200."""
    assert read_error(ask("/mpki/api/v1/nothing")) == (404, "resource_not_found", None)
    page = ask("/elsewhere")
    assert (page.status, page.headers["content-type"][:9]) == (200, "text/html")
    assert page.body.startswith(b"<!doctype html>")


def test_only_json_is_answered(ask: Ask) -> None:
    """Another `Accept` makes the request fail."""
    assert read_error(ask(UNITS, headers={"accept": "text/csv"}))[0] == 406
    assert ask(UNITS, headers={"accept": "*/*"}).status == 200


def test_another_method_is_refused(ask: Ask) -> None:
    """Nothing here changes anything."""
    assert read_error(ask(UNITS, method="DELETE"))[0] == 405


def test_hello_and_health_are_plain_text(ask: Ask) -> None:
    """Hello needs no key, health does."""
    nobody = {"x-api-key": ""}
    hello = ask(BY_NAME["hello"].path, headers=nobody)
    assert hello.body == b"Hello from DigiCert ONE - Trust Lifecycle Manager REST API!"
    assert hello.headers["content-type"] == "text/plain;charset=utf-8"
    assert ask(BY_NAME["health"].path).body == b"UP"
    assert ask(BY_NAME["health"].path, headers=nobody).status == 401


def test_the_openapi_document_lists_every_call(ask: Ask) -> None:
    """It is made from the contract, with every path and field."""
    document = read(ask(BY_NAME["openapi"].path))
    assert document["openapi"].startswith("3.")
    assert document["paths"].keys() == {call.path for call in CALLS}
    fields = document["components"]["schemas"]["EndpointsUnsecured"]["properties"]
    assert fields.keys() == {field.name for field in BY_NAME["endpoints.unsecured"].fields}


@pytest.mark.parametrize(("status", "code"), [(403, "access_denied"), (404, "resource_not_found")])
def test_an_account_without_the_endpoints_feature(world: World, status: int, code: str) -> None:
    """Only the named calls are refused, and only in that account."""
    keys = {"prod": "key of prod", "apac": "key of apac"}
    refused = ("endpoints.automatable", "endpoints.unsecured", "endpoints.discovered", "automation_inventory")
    service = Service(world.at(0), keys, Plan(refusals={"prod": dict.fromkeys(refused, status)}))
    path = BY_NAME["endpoints.unsecured"].path
    assert read_error(service.answer(Request("GET", path, "", {"x-api-key": "key of prod"}))) == (status, code, None)
    assert service.answer(Request("GET", SEARCH, "", {"x-api-key": "key of prod"})).status == 200
    assert service.answer(Request("GET", path, "", {"x-api-key": "key of apac"})).status == 200


def test_an_empty_account() -> None:
    """It has units and profiles, and nothing else."""
    view = World(Plan(endpoints=0, weeks=2)).at(1).accounts["prod"]
    filled = {name for name, encoded in view.lists.items() if encoded}
    assert filled == {"business_units", "profiles"}


@pytest.mark.parametrize("status", ["issued", "ISSUED", "expired", "REVOKED"])
def test_search_by_status_in_either_case(ask: Ask, items: Items, status: str) -> None:
    """The parameter is upper case in the documents and lower case in clients; the value comes back in lower case."""
    wanted = [item for item in items["prod"]["certificates"] if item["status"] == status.lower()]
    assert wanted
    assert read(ask(SEARCH, f"status={status}&limit=1000"))["total"] == len(wanted)


def test_search_by_what_names_a_certificate(ask: Ask, items: Items) -> None:
    """Thumbprint, serial number, common name and business unit, alone and together."""
    one = next(item for item in items["prod"]["certificates"] if item["business_unit"])
    assert read(ask(SEARCH, f"thumbprint={one['thumbprint']}"))["items"] == [one]
    query = f"serial_number={one['serial_number'].lower()}&business_unit_id={one['business_unit']['id']}"
    assert one in read(ask(SEARCH, query))["items"]
    assert read(ask(SEARCH, f"common_name={one['common_name']}&thumbprint={'0' * 64}"))["total"] == 0


def test_search_by_validity(ask: Ask, items: Items) -> None:
    """`valid_from` keeps those issued after the value, `valid_to` those that end before it."""
    every = items["prod"]["certificates"]
    after = read(ask(SEARCH, "valid_from=2026-06-01T12:00:00Z"))["total"]
    assert after == sum(item["valid_from"][:19] > "2026-06-01T12:00:00" for item in every)
    before = read(ask(SEARCH, "valid_to=2026-12-01"))["total"]
    assert before == sum(item["valid_to"] < "2026-12-01" for item in every)
    assert 0 < before < len(every)
    assert read_error(ask(SEARCH, "valid_to=tomorrow")) == (400, "invalid_request", "valid_to")


def test_the_audit_log_between_two_instants(ask: Ask, items: Items) -> None:
    """`from` is inclusive, `to` exclusive: windows that touch give every event once."""
    every = items["prod"]["audit_log"]
    edge = every[len(every) // 2]["timestamp"].replace("+", "%2B")
    older = read(ask(AUDIT, f"to={edge}&limit=1000"))["total"]
    newer = read(ask(AUDIT, f"from={edge}&limit=1000"))
    assert older + newer["total"] == len(every)
    assert newer["items"][0] in every[: older + 1]


def test_the_audit_log_by_its_other_filters(ask: Ask, items: Items) -> None:
    """Action, status, resource, repeatable resource type, and details inside `data`, text or object."""
    every = items["prod"]["audit_log"]
    kinds = Counter(event["resource_type"] for event in every)
    both = read(ask(AUDIT, "resource_type=endpoint&resource_type=scan"))["total"]
    assert both == kinds["endpoint"] + kinds["scan"]
    deleted = next(event for event in every if event["action"] == "delete")
    assert deleted in read(ask(AUDIT, f"action=delete&resource_id={deleted['resource_id']}"))["items"]
    assert read(ask(AUDIT, "status=failure"))["total"] == sum(event["status"] == "failure" for event in every)
    issued = [event for event in every if event["resource_type"] == "end_entity_certificate"]
    for event in (
        next(e for e in issued if isinstance(e["data"], kind) and "thumb" in str(e["data"])) for kind in (str, dict)
    ):
        data = msgspec.json.decode(event["data"]) if isinstance(event["data"], str) else event["data"]
        assert event in read(ask(AUDIT, f"data[thumbprint]={data['thumbprint']}"))["items"]


def test_a_certificate_by_its_serial_number(ask: Ask, items: Items) -> None:
    """Bare base64 DER whose hash, serial number and dates are the item's."""
    one = items["prod"]["certificates"][3]
    shown = read(ask(BY_NAME["certificate"].path.format(serial_number=one["serial_number"])))
    assert shown.keys() == {field.name for field in BY_NAME["certificate"].fields}
    parsed = x509.load_der_x509_certificate(base64.b64decode(shown["certificate"], validate=True))
    assert parsed.serial_number == int(one["serial_number"], 16)
    assert {name: shown[name] for name in ("thumbprint", "status")} == {
        name: one[name] for name in ("thumbprint", "status")
    }


def test_an_ambiguous_serial_number_asks_for_the_thumbprint(ask: Ask, items: Items) -> None:
    """Serial numbers are not unique in an account; with the thumbprint each of the two can be had."""
    counts = Counter(item["serial_number"] for item in items["prod"]["certificates"])
    serial = next(serial for serial, count in counts.items() if count > 1)
    path = BY_NAME["certificate"].path.format(serial_number=serial)
    assert read_error(ask(path)) == (400, "invalid_request", "thumbprint_sha256")
    for item in items["prod"]["certificates"]:
        if item["serial_number"] == serial:
            assert read(ask(path, f"thumbprint_sha256={item['thumbprint']}"))["thumbprint"] == item["thumbprint"]


def test_a_certificate_that_does_not_exist(ask: Ask) -> None:
    """404, as for every unknown thing."""
    assert read_error(ask(BY_NAME["certificate"].path.format(serial_number="0A"))) == (404, "resource_not_found", None)
