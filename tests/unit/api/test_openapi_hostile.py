"""No document makes the check raise or take long, however it was made."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.contract import EVERY
from pipeline.api.document import read_document
from pipeline.api.listing import outcome_lines, outcome_records
from pipeline.api.openapi import Outcome, advice, compare
from pipeline.errors import UsageError
from pipeline.sandbox.openapi import describe_api

KEYS = [
    "$ref", "type", "properties", "items", "allOf", "oneOf", "anyOf", "enum", "const", "required", "schema", "content",
    "application/json", "*/*", "responses", "200", "201", "default", "parameters", "name", "in", "requestBody", "get",
    "post", "delete", "put", "servers", "url", "variables", "id", "port", "tags", "action_type", "additionalProperties",
]  # fmt: skip
TEXTS = [
    "string", "integer", "object", "array", "null", "query", "path", "offset", "page", "#/", "#", "#/x", "#/x/allOf/0",
    "#/components/schemas/A", "#/components/schemas/B", "#/paths/~1a", "http://[", "{", "{}", "/", "\x1b[2J", "~", "%",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(TEXTS), st.text(max_size=5)
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)
PATHS = st.sampled_from([call.path for call in EVERY]) | st.sampled_from(
    ["", "/", "/a", "x", "/{}", "/mpki/api/v1/", "/{a}-b"]
)
OPERATIONS = st.fixed_dictionaries(
    {}, optional={"responses": VALUES, "parameters": VALUES, "requestBody": VALUES, "servers": VALUES}
)
ITEMS = st.dictionaries(st.sampled_from(["get", "post", "put", "delete", "parameters", "$ref"]), OPERATIONS | VALUES)
DOCUMENTS = st.fixed_dictionaries(
    {"paths": st.dictionaries(PATHS, ITEMS | VALUES, max_size=6)},
    optional={
        "servers": VALUES,
        "x": VALUES,
        "components": st.fixed_dictionaries({"schemas": st.dictionaries(st.sampled_from("AB"), VALUES)}),
    },
)
OVERRIDES = st.dictionaries(st.sampled_from([call.name for call in EVERY]), st.text(max_size=8) | PATHS, max_size=3)


def check(document: object, overrides: dict[str, str] | None = None) -> None:
    """Everything that the commands do with a document gives outcomes, records and lines."""
    outcomes = compare(document, EVERY, overrides)
    assert [one.call for one in outcomes] == list(EVERY)
    assert all(one.differs if one.outcome is Outcome.CONTRADICTED else not one.differs for one in outcomes)
    assert all(bool(advice(one)) == (one.outcome is Outcome.CONTRADICTED) for one in outcomes)
    assert all(one.fields.keys() == {field.name for field in one.call.fields} for one in outcomes)
    json.dumps(outcome_records(outcomes, ()))
    outcome_lines(outcomes, "x")


@given(VALUES | DOCUMENTS, OVERRIDES)
def test_any_values_in_any_place_give_an_outcome(document: object, overrides: dict[str, str]) -> None:
    """Wrong types everywhere, references to anywhere."""
    check(document, overrides)


@given(st.data())
def test_a_real_document_with_one_part_replaced_gives_an_outcome(data: st.DataObject) -> None:
    """The sandbox's document, somewhere in it anything else."""
    document: Any = describe_api()
    node = document
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        is_leaf = not isinstance(node[key], dict | list) or not node[key]
        if is_leaf or data.draw(st.booleans()):
            node[key] = data.draw(VALUES)
            break
        node = node[key]
    check(document)


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | DOCUMENTS.map(lambda d: json.dumps(d).encode())
)
def test_any_bytes_are_a_document_or_one_sentence(body: bytes) -> None:
    """Nothing else comes out of the reader."""
    with suppress(UsageError):
        check(read_document(body, "x"))


def chain(length: int) -> dict[str, Any]:
    """Schemas that refer to the next one, the last one to the first."""
    return {f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{(n + 1) % length}"}]} for n in range(length)}


def tangle(size: int) -> dict[str, Any]:
    """Schemas that are each all of the others, and have a field of their own."""
    others = [{"$ref": f"#/components/schemas/S{n}"} for n in range(size)]
    return {f"S{n}": {"allOf": others, "properties": {f"p{n}": {"type": "string"}}} for n in range(size)}


def test_long_and_tangled_references_end_soon() -> None:
    """Seconds at worst, never a stack that overflows."""
    item = {"$ref": "#/components/schemas/S0"}
    paths = {
        call.path: {"get": {"responses": {"200": {"content": {"application/json": {"schema": item}}}}}}
        for call in EVERY
    }
    started = time.process_time()
    for schemas in (chain(5_000), tangle(300)):
        check({"paths": paths, "components": {"schemas": schemas}})
    many = {"schema": {"properties": {f"p{n}": {} for n in range(2_000)}}, "in": "query"}
    check({"paths": {path: {"get": {"parameters": [many] * 2_000}} for path in paths}})
    bomb = {"url": "{a}" * 600, "variables": {"a": {"default": "{a}" * 600}}}
    check({"servers": [bomb] * 50, "paths": {f"/mpki/api/v1/inventory/{n}": {"get": {}} for n in range(500)}})
    assert time.process_time() - started < 10


def test_a_deep_document_in_memory_is_no_overflow() -> None:
    """Deeper than any parser lets through."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(50_000):
        schema = {"allOf": [schema]}
    check(
        {
            "paths": {
                call.path: {"get": {"responses": {"200": {"content": {"*/*": {"schema": schema}}}}}} for call in EVERY
            }
        }
    )
