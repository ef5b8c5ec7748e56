"""The contract against an OpenAPI document: per call and field confirmed, contradicted, or unknown. Pure.

A path that is missing while the document lists its siblings, or a field of another type, is contradicted. A document
that says nothing of a whole group (that of 2022 has no inventory at all), or no document, leaves it unknown. A field
that is not listed is unknown too: missing is never an error, but what is sent must be listed to be confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice, takewhile
from typing import Any

from pipeline.api.contract import EVERY, Call, Field, Kind, Paging
from pipeline.api.document import Document, Operation, pattern, shown
from pipeline.api.schema import SILENCE, Shape

_TYPES = {
    Kind.TEXT: {"string"},
    Kind.NUMBER: {"integer", "number"},
    Kind.BOOLEAN: {"boolean"},
    Kind.OBJECT: {"object"},
    Kind.ARRAY: {"array"},
}
_SENT_HEADERS = {"x-api-key", "accept", "authorization", "content-length", "content-type", "user-agent"}
_OTHER_PAGING = {"page", "pagenumber", "pagesize", "perpage", "size", "cursor", "pagetoken"}
_CONTROLLER = re.compile(r"(?:(.*?)/v\d+(?=/))?/([^/-]*)")
_NESTED_ARRAYS = 3
_LIKENESS = 0.5
_MOST_PARAMETERS = 10_000


class Outcome(StrEnum):
    """What a document says about a call or a field."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What the document says about `call` at `path` (overrides applied).

    `fields` has the outcome of every field, `differs` a phrase for everything that contradicts. A change is confirmed
    only with every field of its body. `candidate` is a path of the document that looks like the missing one.
    """

    call: Call
    path: str
    outcome: Outcome
    fields: Mapping[str, Outcome]
    differs: tuple[str, ...] = ()
    is_listed: bool = False
    candidate: str | None = None


@dataclass(slots=True)
class _Findings:
    """What is found while a listed call is looked at."""

    fields: dict[str, Outcome]
    differs: list[str] = field(default_factory=list)


def compare(
    document: object, calls: Sequence[Call] = EVERY, overrides: Mapping[str, str] | None = None
) -> tuple[CallOutcome, ...]:
    """What `document` (as `read_document` gives it; anything else says nothing) says about each of `calls`.

    `overrides` are paths by call name. Nothing in a document makes this raise.
    """
    listed = Document(document if isinstance(document, dict) else {})
    paths = {call.name: (overrides or {}).get(call.name, call.path) for call in calls}
    return tuple(_compare(listed, call, paths) for call in calls)


def advice(outcome: CallOutcome) -> str:
    """What an owner can do about a contradicted call, one clause without its full stop; empty for another outcome."""
    if outcome.outcome is not Outcome.CONTRADICTED:
        return ""
    name = outcome.call.name
    if not outcome.is_listed:
        found = f"if {outcome.candidate} is that call" if outcome.candidate else "when you know its path"
        return f"{found}, write {_override(name, outcome.candidate or '/mpki/api/...')} under [contract] in tlm.toml"
    if outcome.call.body_evidence is not None:
        return f'write accept_assumed = ["{name}"] under [contract] in tlm.toml only if you have verified the call'
    return f"if you have seen that it answers as we expect, write {_override(name, outcome.path)} under [contract]"


def stopping(
    outcomes: Iterable[CallOutcome], required: Iterable[str], overrides: Mapping[str, str]
) -> tuple[CallOutcome, ...]:
    """The contradicted calls among `required` that no path of the owner releases: an account stops at these."""
    wanted = set(required) - set(overrides)
    return tuple(one for one in outcomes if one.outcome is Outcome.CONTRADICTED and one.call.name in wanted)


def _override(name: str, path: str) -> str:
    key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'
    return f'paths = {{ {key} = "{path}" }}'


def _compare(document: Document, call: Call, paths: Mapping[str, str]) -> CallOutcome:
    path = paths[call.name]
    unknown = dict.fromkeys((one.name for one in call.fields), Outcome.UNKNOWN)
    operation = _find(document, call, path)
    if operation is not None:
        found = _Findings(unknown)
        _check_parameters(document, operation, call, found)
        if call.body_evidence is None:
            _check_fields(document, call, _answer(document, operation, call, found), found)
        else:
            _check_fields(document, call, _body(document, operation, call, found), found)
        sure = call.body_evidence is None or all(one is Outcome.CONFIRMED for one in found.fields.values())
        outcome = Outcome.CONTRADICTED if found.differs else Outcome.CONFIRMED if sure else Outcome.UNKNOWN
        return CallOutcome(call, path, outcome, found.fields, tuple(found.differs), is_listed=True)
    candidate = _candidate(document, call, paths)
    said = _missing(document, call, path)
    outcome = Outcome.CONTRADICTED if said else Outcome.UNKNOWN
    return CallOutcome(call, path, outcome, unknown, (said,) if said else (), candidate=candidate)


def _find(document: Document, call: Call, path: str) -> Operation | None:
    """The operation at `path`, also where the document has a template with a few values for a word of it."""
    exact = document.operations.get((call.method, pattern(path)))
    words = pattern(path).split("/")
    for (method, known), operation in document.operations.items() if exact is None else ():
        listed = known.split("/") if "{}" in known and method == call.method else ()
        if len(listed) == len(words):
            named = zip(words, listed, operation.path.split("/"), strict=False)
            other = {name.strip("{}"): word for word, template, name in named if word != template}
            if len(other) == known.count("{}") - pattern(path).count("{}") > 0:
                values = {
                    name: document.schemas.shape(node.get("schema")).values or frozenset()
                    for node in _parameter_nodes(document, operation)
                    if (name := node.get("name")) in other
                }
                if all(word in values.get(name, ()) for name, word in other.items()):
                    return operation
    return exact


def _missing(document: Document, call: Call, path: str) -> str | None:
    """Why the absence of `path` is a contradiction; None where the document says nothing of its group.

    A document that lists only the reads of a group says nothing about its changes.
    """
    wanted = pattern(path)
    methods = sorted(method for method, known in document.operations if known == wanted)
    if methods:
        return f"the document lists {path} with {', '.join(methods)} only, not with {call.method}"
    is_change = call.method != "GET"
    siblings = [
        operation.path
        for operation in document.operations.values()
        if (operation.is_change or not is_change) and _is_sibling(operation.path, call, path)
    ]
    if not siblings:
        return None
    nearest = min(siblings, key=lambda other: (-_shared_parts(other, path), other))
    return f"the document does not list {call.method} {path}, though it lists {shown(nearest)} beside it"


def _shared_parts(one: str, other: str) -> int:
    """How many parts two paths share from their beginning."""
    pairs = zip(one.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _is_sibling(other: str, call: Call, path: str) -> bool:
    if call.group is not None:
        return other.startswith(f"{call.group}/")
    return _controller(other) == _controller(path)


def _controller(path: str) -> tuple[str, str]:
    """Product and first word: `certificate`, `certificate-search` and `/v2/certificates` are of one controller."""
    found = _CONTROLLER.match(path)
    return ((found[1] or "").rstrip("/"), found[2].rstrip("s")) if found else ("", path)


def _candidate(document: Document, call: Call, paths: Mapping[str, str]) -> str | None:
    """The path of the document that shares most words with the missing one; None where none shares its last word."""
    path = paths[call.name]
    own = _words(path)
    last = next(filter(None, map(_words, reversed(path.split("/")))), set())
    taken = {pattern(other) for other in paths.values()}
    best: tuple[float, str] | None = None
    for (method, known), operation in document.operations.items():
        words = _words(operation.path)
        if method != call.method or known in taken or known.count("{}") != path.count("{") or not words & last:
            continue
        rank = (-2 * len(own & words) / (len(own) + len(words)), operation.path)
        if -rank[0] >= _LIKENESS and (best is None or rank < best):
            best = rank
    return shown(best[1]) if best else None


def _words(path: str) -> set[str]:
    """Its words without versions, templates, and the plural's s."""
    words = re.split(r"[/_-]", re.sub(r"\{[^{}]*\}|/v\d+(?=/)", "", path.lower()))
    return {word.rstrip("s") for word in words if word} - {"mpki", "api"}


def _check_parameters(document: Document, operation: Operation, call: Call, found: _Findings) -> None:
    """A parameter that must be given and that we do not send, or paging by other parameters than ours."""
    given = {*call.parameters, *re.findall(r"\{([^{}]*)\}", operation.path)}
    in_query: set[str] = set()
    for name, place, is_required in islice(_parameters(document, operation), _MOST_PARAMETERS):
        if place == "query":
            in_query.add(name)
        sent = name in given or (place == "header" and name.lower() in _SENT_HEADERS)
        if is_required and place != "path" and not sent:
            found.differs.append(f"it requires the {shown(place)} parameter {shown(name)}, which is not sent")
    other = sorted(name for name in in_query if re.sub(r"[^a-z]", "", name.lower()) in _OTHER_PAGING)
    if call.paging is Paging.OFFSET and other and not {"offset", "limit"} <= in_query:
        found.differs.append(f"it pages by {', '.join(map(shown, other))}, not by offset and limit")


def _parameters(document: Document, operation: Operation) -> Iterator[tuple[str, str, bool]]:
    """Name, place, and whether it must be given; an object in the query stands for its properties."""
    for node in _parameter_nodes(document, operation):
        name, place = str(node.get("name")), str(node.get("in"))
        is_required = node.get("required") in (True, "true")
        shape = document.schemas.shape(node.get("schema")) if place == "query" else SILENCE
        for one in shape.properties:
            yield one, place, is_required and one in shape.required
        if not shape.properties:
            yield name, place, is_required


def _parameter_nodes(document: Document, operation: Operation) -> Iterator[Mapping[str, Any]]:
    for nodes in (operation.node.get("parameters"), operation.shared_parameters):
        yield from map(document.schemas.follow, nodes if isinstance(nodes, list) else ())


def _answer(document: Document, operation: Operation, call: Call, found: _Findings) -> Shape:
    """The shape of what is read: the answer itself, or an item of the list in it."""
    shape = _success(document, operation)
    if shape is SILENCE or not call.fields:
        return SILENCE
    if call.paging is not Paging.NONE:
        return _item(document, shape, found)
    if shape.types == {"array"}:
        found.differs.append("it answers with a list, not with one object")
    return shape


def _success(document: Document, operation: Operation) -> Shape:
    """The JSON of the first 2xx response that has one."""
    schemas = document.schemas
    responses = schemas.follow(operation.node.get("responses"))
    for code in sorted((code for code in responses if str(code).startswith("2")), key=str):
        shape = schemas.shape(_json_schema(schemas.follow(responses[code]).get("content")))
        if shape is not SILENCE:
            return shape
    return SILENCE


def _item(document: Document, shape: Shape, found: _Findings) -> Shape:
    """The shape of an item of a page or of a bare array; what is neither differs."""
    schemas = document.schemas
    if "items" in shape.properties:
        shape = schemas.shape(*shape.properties["items"])
        if shape.types and "array" not in shape.types:
            found.differs.append(f"its items are {_named(shape)}, not a list")
            return SILENCE
    elif "array" not in shape.types:
        if shape.properties:
            names = ", ".join(map(shown, sorted(shape.properties)[:5]))
            found.differs.append(f"its answer has {names}, but no items")
        return SILENCE
    # The vendor's text of 2022 wraps the list of profiles once more; clients read a plain list.
    for _ in range(_NESTED_ARRAYS):
        if "array" in shape.types:
            shape = schemas.shape(*shape.items)
    if shape.types and "object" not in shape.types:
        found.differs.append(f"its items are {_named(shape)}, not objects")
    return shape


def _body(document: Document, operation: Operation, call: Call, found: _Findings) -> Shape:
    """The shape of the body that is sent."""
    body = document.schemas.follow(operation.node.get("requestBody"))
    shape = document.schemas.shape(_json_schema(body.get("content")))
    if shape.types and "object" not in shape.types:
        found.differs.append(f"its body is {_named(shape)}, not an object")
        return SILENCE
    missing = sorted(shape.required - {one.name for one in call.fields})
    if missing:
        found.differs.append(f"its body requires {', '.join(map(shown, missing))}, which is not sent")
    return shape


def _json_schema(content: object) -> object:
    """The schema of the JSON form of a content."""
    for kind, node in content.items() if isinstance(content, dict) else ():
        if ("json" in str(kind).lower() or str(kind) in ("*/*", "application/*")) and isinstance(node, dict):
            return node.get("schema")
    return None


def _check_fields(document: Document, call: Call, shape: Shape, found: _Findings) -> None:
    for one in call.fields:
        if one.name in shape.properties:
            said = document.schemas.shape(*shape.properties[one.name])
            difference = _difference(one, said)
            if difference is not None:
                found.differs.append(difference)
                found.fields[one.name] = Outcome.CONTRADICTED
            elif said.types:
                found.fields[one.name] = Outcome.CONFIRMED


def _difference(one: Field, said: Shape) -> str | None:
    """What the document says of a field against us; None where it agrees or does not say."""
    expected = set().union(*(_TYPES[kind] for kind in (one.kind, *one.also)))
    if said.types and not said.types & expected:
        return f"{one.name} is {_named(said)}, not {one.kind}"
    refused = [value for value in one.values if said.values is not None and value not in said.values]
    if refused:
        return f"{one.name} does not take {', '.join(refused)}"
    return None


def _named(shape: Shape) -> str:
    return " or ".join(shown(name) for name in sorted(shape.types)[:5])
