"""The OpenAPI 3 document of the sandbox, generated from the contract: what `/mpki/docs/openapi-public.json` serves."""

from __future__ import annotations

from typing import Any

from pipeline.api.contract import CALLS, Call, Kind, Paging

_TYPES: dict[Kind, dict[str, Any]] = {
    Kind.TEXT: {"type": "string"},
    Kind.NUMBER: {"type": "integer"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.OBJECT: {"type": "object"},
    Kind.ARRAY: {"type": "array", "items": {}},
}


def describe_api() -> dict[str, Any]:
    """The document as plain values; one path per call, one component schema per call that has fields."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "DigiCert ONE - Trust Lifecycle Manager REST API (sandbox)", "version": "1.0.0"},
        "security": [{"api_key": []}],
        "paths": {call.path: {call.method.lower(): _operation(call)} for call in CALLS},
        "components": {
            "securitySchemes": {"api_key": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
            "schemas": {_schema_name(call): _schema(call) for call in CALLS if call.fields},
        },
    }


def _schema_name(call: Call) -> str:
    return "".join(word.capitalize() for word in call.name.replace(".", "_").split("_"))


def _schema(call: Call) -> dict[str, Any]:
    properties = {field.name: {**_TYPES[field.kind], "description": field.meaning} for field in call.fields}
    return {"type": "object", "properties": properties}


def _operation(call: Call) -> dict[str, Any]:
    return {
        "operationId": call.name.replace(".", "_"),
        "summary": call.meaning,
        "parameters": [_parameter(call, name) for name in _parameter_names(call)],
        "responses": {"200": {"description": "done", "content": _content(call)}},
    }


def _parameter_names(call: Call) -> tuple[str, ...]:
    in_path = tuple(part.strip("{}") for part in call.path.split("/") if part.startswith("{"))
    return (*in_path, *call.parameters)


def _parameter(call: Call, name: str) -> dict[str, Any]:
    in_path = "{" + name + "}" in call.path
    kind = "integer" if name in ("offset", "limit") else "string"
    return {"name": name, "in": "path" if in_path else "query", "required": in_path, "schema": {"type": kind}}


def _content(call: Call) -> dict[str, Any]:
    if not call.fields:
        kind = "application/json" if call.name == "openapi" else "text/plain"
        return {kind: {"schema": {"type": "object" if call.name == "openapi" else "string"}}}
    item = {"$ref": f"#/components/schemas/{_schema_name(call)}"}
    array = {"type": "array", "items": item}
    number = {"type": "integer"}
    page = {
        "type": "object",
        "required": ["items", "limit", "offset", "total"],
        "properties": {"items": array, "total": number, "offset": number, "limit": number},
    }
    schema = {Paging.OFFSET: page, Paging.ARRAY: array, Paging.NONE: item}[call.paging]
    return {"application/json": {"schema": schema}}
