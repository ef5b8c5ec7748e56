"""The contract against documents: confirmed, contradicted, unknown, and what an owner is told to write."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pipeline.api.contract import BY_NAME, CALLS, CHANGES, EVERY
from pipeline.api.document import read_document
from pipeline.api.openapi import CallOutcome, Outcome, advice, compare, stopping
from pipeline.sandbox.openapi import describe_api

SAMPLES = Path(__file__).parents[2] / "samples" / "openapi"
ENDPOINTS = "/mpki/api/v1/inventory/endpoint"
CONFIRMED, CONTRADICTED, UNKNOWN = Outcome.CONFIRMED, Outcome.CONTRADICTED, Outcome.UNKNOWN


def document_of(paths: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": paths, **rest}


def answer(schema: Any, **rest: Any) -> dict[str, Any]:
    """A path item whose GET answers with `schema`."""
    return {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}, **rest}}


def page(properties: dict[str, Any]) -> dict[str, Any]:
    items = {"type": "array", "items": {"type": "object", "properties": properties}}
    return {"type": "object", "properties": {"items": items, "total": {"type": "integer"}}}


def body(schema: Any) -> dict[str, Any]:
    """A path item whose POST takes `schema`."""
    return {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}


def look(document: object, name: str, overrides: dict[str, str] | None = None) -> CallOutcome:
    """What is said of one call."""
    return next(one for one in compare(document, EVERY, overrides) if one.call.name == name)


def names_of(outcomes: Iterable[CallOutcome], outcome: Outcome) -> set[str]:
    return {one.call.name for one in outcomes if one.outcome is outcome}


def test_the_sandbox_confirms_everything_that_it_serves() -> None:
    """Every read call with every field; the changes, which it does not list, stay unknown."""
    outcomes = compare(describe_api())
    assert names_of(outcomes, CONFIRMED) == {call.name for call in CALLS}
    assert names_of(outcomes, UNKNOWN) == {call.name for call in CHANGES}
    assert {said for one in outcomes if one.call in CALLS for said in one.fields.values()} == {CONFIRMED}


def test_the_vendors_document_of_2022_contradicts_nothing_and_knows_no_inventory() -> None:
    """What it lists is confirmed; whole groups that it has not are unknown."""
    path = SAMPLES / "vendor-2022" / "document.yaml"
    outcomes = compare(read_document(path.read_bytes(), path.name))
    assert names_of(outcomes, CONTRADICTED) == set()
    assert names_of(outcomes, CONFIRMED) == {
        "audit_log", "certificates", "certificate", "profiles", "hello",
        "certificate_renew", "certificate_revoke", "certificate_resume",
    }  # fmt: skip
    fields = next(one.fields for one in outcomes if one.call.name == "profiles")
    assert {name for name, said in fields.items() if said is CONFIRMED} == {
        "id", "name", "renewal_period_days", "duplicate_cert_policy", "enrollment_method",
    }  # fmt: skip


@pytest.mark.parametrize("nothing", [None, [], "text", {}, {"paths": []}, document_of({})])
def test_no_document_is_unknown(nothing: object) -> None:
    """Also one without paths."""
    assert {one.outcome for one in compare(nothing)} == {UNKNOWN}


def test_a_path_that_is_missing_beside_its_siblings_is_contradicted() -> None:
    """Unsecured is missing, automatable is listed; the candidate looks like it and is not another known call."""
    document = document_of(
        {f"{ENDPOINTS}/automatable": answer(page({})), "/mpki/api/v1/inventory/endpoints/unsecured": answer({})}
    )
    one = look(document, "endpoints.unsecured")
    assert (one.outcome, one.candidate) == (CONTRADICTED, "/mpki/api/v1/inventory/endpoints/unsecured")
    assert f"lists {ENDPOINTS}/automatable beside it" in one.differs[0]
    assert look(document, "endpoints.discovered").candidate is None
    assert look(document, "business_units").outcome is UNKNOWN


def test_the_advice_is_a_setting_that_confirms_the_call() -> None:
    """Written as it says, the override makes the contradiction go away."""
    document = document_of({f"{ENDPOINTS}/automatable": answer({}), "/mpki/api/v2/inventory/unsecured": answer({})})
    text = advice(look(document, "endpoints.unsecured"))
    paths = tomllib.loads(text[text.index("paths = ") : text.index(" under [contract]")])["paths"]
    assert paths == {"endpoints.unsecured": "/mpki/api/v2/inventory/unsecured"}
    assert look(document, "endpoints.unsecured", paths).outcome is CONFIRMED
    assert advice(look(document, "endpoints.automatable")) == ""


def test_an_account_stops_at_a_required_call_until_its_owner_overrides_it() -> None:
    """The owner's word counts, whatever the document says; a call that is not required stops nothing."""
    document = document_of({f"{ENDPOINTS}/automatable": answer(page({"port": {"type": "string"}}))})
    outcomes = compare(document)
    required = ("endpoints.automatable", "endpoints.unsecured")
    assert {one.call.name for one in stopping(outcomes, required, {})} == set(required)
    kept = {"endpoints.automatable": f"{ENDPOINTS}/automatable"}
    assert {one.call.name for one in stopping(outcomes, required, kept)} == {"endpoints.unsecured"}
    assert stopping(outcomes, ("audit_log",), {}) == ()


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer"}, CONFIRMED),
        ({"type": "number", "nullable": True}, CONFIRMED),
        ({"type": ["integer", "null"]}, CONFIRMED),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, CONFIRMED),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, CONFIRMED),
        ({"allOf": [{"description": "port"}, {"$ref": "#/components/schemas/Port"}]}, CONFIRMED),
        ({"$ref": "#/components/schemas/Escaped~1name%20x"}, CONFIRMED),
        ({"type": "string"}, CONTRADICTED),
        ({"type": ["string", "null"]}, CONTRADICTED),
        ({"properties": {"number": {}}}, CONTRADICTED),
        ({}, UNKNOWN),
        ({"type": "null"}, UNKNOWN),
        (True, UNKNOWN),
        ({"anyOf": [{"type": "string"}, {}]}, UNKNOWN),
        ({"$ref": "#/components/schemas/Missing"}, UNKNOWN),
        ({"$ref": "https://elsewhere.test/port.json"}, UNKNOWN),
        ({"$ref": "#/components/schemas/Circle"}, UNKNOWN),
        ({"type": 7}, UNKNOWN),
    ],
)
def test_the_type_of_a_field(schema: object, said: Outcome) -> None:
    """Through references, alternatives and null; a type that is not said proves nothing."""
    schemas = {
        "Port": {"type": "integer"},
        "Escaped/name x": {"type": "integer"},
        "Circle": {"allOf": [{"$ref": "#/components/schemas/Circle"}]},
    }
    document = document_of(
        {f"{ENDPOINTS}/automatable": answer(page({"port": schema}))}, components={"schemas": schemas}
    )
    one = look(document, "endpoints.automatable")
    assert one.fields["port"] is said
    assert one.outcome is (CONTRADICTED if said is CONTRADICTED else CONFIRMED)


def test_a_schema_that_contains_itself_still_says_its_fields() -> None:
    """A tree of certificates, each with its issuer."""
    node = {"properties": {"status": {"type": "string"}, "account": {"$ref": "#/components/schemas/Node"}}}
    one = look(
        document_of(
            {
                "/mpki/api/v1/certificate-search": answer(
                    {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}
                )
            },
            components={"schemas": {"Node": node}},
        ),
        "certificates",
    )
    assert (one.fields["status"], one.fields["account"], one.fields["id"]) == (CONFIRMED, CONFIRMED, UNKNOWN)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (page({"ip": {"type": "string"}}), None),
        ({"type": "array", "items": {"properties": {"ip": {"type": "string"}}}}, None),
        ({"oneOf": [page({}), {"type": "array", "items": {"properties": {"ip": {"type": "string"}}}}]}, None),
        ({"properties": {"content": {"type": "array"}, "totalElements": {"type": "integer"}}}, "has content"),
        ({"properties": {"items": {"type": "string"}}}, "items are string, not a list"),
        ({"type": "array", "items": {"type": "string"}}, "items are string, not objects"),
    ],
)
def test_a_list_is_a_page_or_a_bare_array(schema: object, words: str | None) -> None:
    """Both are read; anything else differs."""
    one = look(document_of({f"{ENDPOINTS}/unsecured": answer(schema)}), "endpoints.unsecured")
    assert one.outcome is (CONFIRMED if words is None else CONTRADICTED)
    assert (words or "") in " ".join(one.differs)


def test_one_certificate_is_not_a_list() -> None:
    """A call for one thing that answers with many differs."""
    document = document_of({"/mpki/api/v1/certificate/{serial}": answer({"type": "array"})})
    assert "not with one object" in look(document, "certificate").differs[0]


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ([{"url": "https://one.digicert.com/mpki/api/v1"}], "/audit-log"),
        ([{"url": "https://one.digicert.com/mpki/api/v1/"}], "/audit-log/"),
        ([{"url": "/mpki"}, {"url": "/other"}], "/api/v1/audit-log"),
        ([{"url": "{server}/mpki/api/v1"}], "/audit-log"),
        ([{"url": "https://{host}/{base}", "variables": {"base": {"default": "mpki/api/v1"}}}], "/audit-log"),
        ([{"url": "https://one.digicert.com/mpki/api/v1"}], "/mpki/api/v1/audit-log"),
        ([{"url": 5}, None, {"url": "http://["}], "/mpki/api/v1/audit-log"),
        (None, "/mpki/api/v1/audit-log"),
    ],
)
def test_the_base_path_of_the_servers_belongs_to_the_path(servers: object, path: str) -> None:
    """With variables, slashes and relative addresses; a path that is full already stays as it is."""
    assert look(document_of({path: answer(page({}))}, servers=servers), "audit_log").outcome is CONFIRMED


def test_templates_match_by_place_not_by_name() -> None:
    """{id} is {serial_number}; but a template is not a word, unless its values say so."""
    assert look(document_of({"/mpki/api/v1/certificate/{id}": answer({})}), "certificate").is_listed
    assert not look(document_of({f"{ENDPOINTS}/{{id}}": answer({})}), "endpoints.unsecured").is_listed
    values = [{"name": "category", "in": "path", "schema": {"enum": ["automatable", "unsecured"]}}]
    document = document_of({f"{ENDPOINTS}/{{category}}": answer(page({}), parameters=values)})
    assert look(document, "endpoints.unsecured").outcome is CONFIRMED
    assert look(document, "endpoints.discovered").outcome is CONTRADICTED


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([{"name": "offset", "in": "query"}, {"name": "limit", "in": "query"}, {"name": "size", "in": "query"}], None),
        ([{"name": "page", "in": "query"}, {"name": "page_size", "in": "query"}], "pages by page, page_size"),
        ([{"name": "tenant", "in": "query", "required": True}], "requires the query parameter tenant"),
        ([{"name": "X-Tenant", "in": "header", "required": True}], "requires the header parameter X-Tenant"),
        (
            [
                {"name": "X-API-Key", "in": "header", "required": True},
                {"name": "from", "in": "query", "required": True},
            ],
            None,
        ),
        ([{"name": "api_token_id", "in": "query", "required": False}], None),
        ([{"$ref": "#/nowhere"}, 5, {"name": ["x"], "in": {}}], None),
    ],
)
def test_parameters_that_must_be_sent_and_other_paging_differ(parameters: list[Any], words: str | None) -> None:
    """An optional parameter that is not listed proves nothing: lists of parameters are rarely whole."""
    one = look(document_of({"/mpki/api/v1/audit-log": answer(page({}), parameters=parameters)}), "audit_log")
    assert one.outcome is (CONFIRMED if words is None else CONTRADICTED)
    assert (words or "") in " ".join(one.differs)


def test_a_path_with_another_method_is_contradicted() -> None:
    """It says which methods there are."""
    one = look(document_of({"/mpki/api/v1/audit-log": {"post": {}}}), "audit_log")
    assert (one.outcome, one.differs) == (
        CONTRADICTED,
        ("the document lists /mpki/api/v1/audit-log with POST only, not with GET",),
    )


BULK = "/mpki/api/v1/automation/bulk"
TEXTS = {name: {"type": "string"} for name in ("account_id", "job_name", "profile_id", "action_type")}
WHOLE = {**TEXTS, "inventory_ids": {"type": "array", "items": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "said", "words"),
    [
        ({"type": "object", "properties": WHOLE, "required": ["inventory_ids"]}, CONFIRMED, ""),
        ({"allOf": [{"properties": TEXTS}, {"properties": {"inventory_ids": {"type": "array"}}}]}, CONFIRMED, ""),
        ({"properties": TEXTS}, UNKNOWN, ""),
        ({}, UNKNOWN, ""),
        ({"properties": WHOLE, "required": ["reason"]}, CONTRADICTED, "requires reason"),
        ({"oneOf": [{"properties": WHOLE}, {"required": ["reason"]}]}, CONFIRMED, ""),
        ({"properties": {**WHOLE, "inventory_ids": {"type": "string"}}}, CONTRADICTED, "inventory_ids is string"),
        ({"properties": {**WHOLE, "action_type": {"type": "string", "enum": ["RENEW"]}}}, CONTRADICTED, "ENROLL"),
        ({"type": "array", "items": {"properties": WHOLE}}, CONTRADICTED, "body is array"),
    ],
)
def test_a_change_is_confirmed_only_with_its_whole_body(schema: object, said: Outcome, words: str) -> None:
    """It releases what is only assumed, so every field that is sent must be listed, and nothing else be required."""
    one = look(document_of({BULK: body(schema)}), "automation_bulk")
    assert one.outcome is said
    assert words in " ".join(one.differs)
    if said is CONTRADICTED:
        assert 'accept_assumed = ["automation_bulk"]' in advice(one)


def test_reads_of_a_group_say_nothing_about_its_changes() -> None:
    """A document may list only what reads; another change of the group does contradict."""
    reads = document_of({"/mpki/api/v1/automation/inventory": answer(page({}))})
    assert look(reads, "automation_bulk").outcome is UNKNOWN
    changes = document_of({"/mpki/api/v1/automation/bulk": body({})})
    assert look(changes, "automation").outcome is CONTRADICTED
    assert look(changes, "automation").candidate is None  # the bulk call is known as itself
    assert look(changes, "automation_inventory").outcome is CONTRADICTED


def test_an_invented_path_is_unknown_beside_the_rest_of_its_controller() -> None:
    """Tags have no path in any source: a document that lists certificates need not know them by ours."""
    document = document_of({"/mpki/api/v1/certificate": body({})})
    assert look(document, "certificate_tags").outcome is UNKNOWN
    assert look(document, "certificate_renew").outcome is CONTRADICTED


def test_words_of_the_document_cannot_draw_on_the_terminal() -> None:
    """Control characters in a name are replaced, and a long one is cut."""
    document = document_of({"/mpki/api/v1/audit-log": answer({"properties": {"\x1b[2J" + "x" * 500: {}}})})
    phrase = look(document, "audit_log").differs[0]
    assert phrase.isprintable()
    assert len(phrase) < 200


def test_names_and_paths_of_calls_are_one_of_a_kind() -> None:
    """A change has no name of a read call, and no two calls are the same method and path."""
    assert len(BY_NAME) == len(EVERY) == len({(call.method, call.path) for call in EVERY})
    assert {call.method for call in CALLS} == {"GET"}
    assert "GET" not in {call.method for call in CHANGES}
    assert all(call.body_evidence is not None for call in CHANGES if call.fields)
