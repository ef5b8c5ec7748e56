"""What a schema of an OpenAPI 3.0 or 3.1 document says, without its detours: $ref, allOf, oneOf, anyOf, null. Pure.

The document is somebody else's: references may go nowhere or in circles, and anything may have any type. What cannot be
read says nothing; nothing here raises for it, and the work is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

_HOPS = 50  # references in a row, and depth of schemas within schemas
_STEPS = 1_000_000  # schemas and properties looked at for one document


@dataclass(frozen=True, slots=True)
class Shape:
    """What is said of a value: JSON types (none: not said), properties, items; `values` None: not limited to a few."""

    types: frozenset[str] = frozenset()
    properties: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    items: tuple[object, ...] = ()
    values: frozenset[str] | None = None


SILENCE = Shape()


class Schemas:
    """Reads the schemas of one document; keeps what it has read, so that a schema is read once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._read: dict[int, Shape] = {}
        self._under_way: set[int] = set()
        self._steps = _STEPS

    def follow(self, node: object) -> Mapping[str, Any]:
        """The mapping that `node` is or refers to; an empty one where there is none."""
        for _ in range(_HOPS):
            if not isinstance(node, dict):
                return {}
            target = node.get("$ref")
            if not isinstance(target, str):
                return node
            node = self._find(target)
        return {}

    def shape(self, *schemas: object) -> Shape:
        """What `schemas` say together, each of them being true of the value."""
        return _all_of([self._shape(schema, 0) for schema in schemas])

    def _find(self, reference: str) -> object:
        """The target of a reference within the document (a JSON pointer after #); None where there is none."""
        if not reference.startswith("#/"):
            return None
        node: object = self._document
        for part in reference[2:].split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict):
                node = node.get(name)
            elif isinstance(node, list) and name.isascii() and name.isdigit() and len(name) < 8:
                node = node[int(name)] if int(name) < len(node) else None
            else:
                return None
        return node

    def _shape(self, schema: object, depth: int) -> Shape:
        if not isinstance(schema, dict):
            return SILENCE
        key = id(schema)  # the document lives as long as this reader does
        if key not in self._read:
            if key in self._under_way or depth > _HOPS:
                return SILENCE
            self._under_way.add(key)
            shape = self._put_together(schema, depth + 1)
            self._under_way.discard(key)
            self._steps -= 1 + len(shape.properties)
            self._read[key] = shape
        return self._read[key]

    def _put_together(self, schema: Mapping[str, Any], depth: int) -> Shape:
        parts = [_own(schema)]
        if isinstance(schema.get("$ref"), str):
            parts.append(self._shape(self._find(schema["$ref"]), depth))
        parts += self._shapes(schema.get("allOf"), depth)
        parts += [_any_of(list(self._shapes(schema.get(keyword), depth))) for keyword in ("oneOf", "anyOf")]
        return _all_of(parts)

    def _shapes(self, schemas: object, depth: int) -> Iterable[Shape]:
        for schema in schemas if isinstance(schemas, list) else ():
            if self._steps < 0:
                return
            if not _is_null(schema):
                shape = self._shape(schema, depth)
                self._steps -= 1 + len(shape.properties)
                yield shape


def _own(schema: Mapping[str, Any]) -> Shape:
    """What a schema says itself, apart from what it refers to."""
    said = schema.get("type")
    types = {name for name in (said if isinstance(said, list) else [said]) if isinstance(name, str)} - {"null"}
    properties = schema.get("properties")
    if not types:
        if isinstance(properties, dict) or "additionalProperties" in schema:
            types = {"object"}
        elif "items" in schema or "prefixItems" in schema:
            types = {"array"}
    values = schema.get("enum")
    if "const" in schema:
        values = [schema["const"]]
    return Shape(
        types=frozenset(types),
        properties={str(k): (v,) for k, v in properties.items()} if isinstance(properties, dict) else {},
        required=_texts(schema.get("required")),
        items=(schema["items"],) if "items" in schema else (),
        values=_texts(values) if isinstance(values, list) else None,
    )


def _all_of(parts: list[Shape]) -> Shape:
    """Every part is true of the value."""
    said = [part for part in parts if part is not SILENCE]
    if len(said) < 2:
        return said[0] if said else SILENCE
    limits = [part.values for part in said if part.values is not None]
    return Shape(
        types=frozenset().union(*(part.types for part in said)),
        properties=_merged(said),
        required=frozenset().union(*(part.required for part in said)),
        items=tuple({id(item): item for part in said for item in part.items}.values()),
        values=frozenset.intersection(*limits) if limits else None,
    )


def _any_of(variants: list[Shape]) -> Shape:
    """One of the variants is true of the value, nobody knows which."""
    if not variants:
        return SILENCE
    limits = [part.values for part in variants if part.values is not None]
    return Shape(
        types=frozenset().union(*(part.types for part in variants)) if all(v.types for v in variants) else frozenset(),
        properties=_merged(variants),
        required=frozenset.intersection(*(part.required for part in variants)),
        items=tuple({id(item): item for part in variants for item in part.items}.values()),
        values=frozenset().union(*limits) if len(limits) == len(variants) else None,
    )


def _merged(parts: list[Shape]) -> dict[str, tuple[object, ...]]:
    merged: dict[str, dict[int, object]] = {}
    for part in parts:
        for name, schemas in part.properties.items():
            merged.setdefault(name, {}).update((id(schema), schema) for schema in schemas)
    return {name: tuple(schemas.values()) for name, schemas in merged.items()}


def _is_null(schema: object) -> bool:
    return isinstance(schema, dict) and schema.get("type") in ("null", ["null"])


def _texts(values: object) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str)) if isinstance(values, list) else frozenset()
