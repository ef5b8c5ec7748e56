"""An OpenAPI 3 document, from bytes (JSON or YAML) to its operations by method and full path. Pure.

Full paths have the base path of `servers`. What is not as the standard says is left out; only a document that is not
OpenAPI 3 as a whole is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
import yaml

from pipeline.api.schema import Schemas
from pipeline.errors import UsageError
from pipeline.log import mask

# Far above any real document, low enough that a hostile one costs seconds.
_LARGEST_BYTES = 16_000_000
_MOST_PATHS = 5_000
_MOST_SERVERS = 3
_LONGEST_BASE = 200
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_ORIGIN = re.compile(r"^(?:(?:[a-z][a-z0-9+.-]*:)?//[^/]*|\{[^{}/]*\})", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{[^{}]*\}")
# No scalar is made anything but text: response codes stay "200", and no date, number or tag of YAML does anything.
_YamlLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `path` is full, as the document writes it."""

    method: str
    path: str
    node: Mapping[str, Any]
    shared_parameters: object

    @property
    def is_change(self) -> bool:
        """It does more than read."""
        return self.method not in ("GET", "HEAD")


class Document:
    """What a document lists: `operations` by method and pattern of the full path."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.schemas = Schemas(tree)
        self.operations: dict[tuple[str, str], Operation] = {}
        paths = tree.get("paths")
        for path, item in paths.items() if isinstance(paths, dict) else ():
            if isinstance(path, str) and path.startswith("/"):
                for operation in self._operations(path, self.schemas.follow(item), tree):
                    self.operations.setdefault((operation.method, pattern(operation.path)), operation)

    def _operations(self, path: str, item: Mapping[str, Any], tree: Mapping[str, Any]) -> Iterator[Operation]:
        for method in _METHODS:
            node = item.get(method)
            if isinstance(node, dict):
                servers = next((s for s in (node.get("servers"), item.get("servers"), tree.get("servers")) if s), None)
                for base in _base_paths(servers):
                    full = path if path.startswith(f"{base}/") else base + path
                    yield Operation(method.upper(), full, node, item.get("parameters"))


def pattern(path: str) -> str:
    """The path without the names of its templates and without a slash at its end."""
    return _TEMPLATE.sub("{}", path).rstrip("/")


def read_document(body: bytes, place: str) -> dict[str, Any]:
    """The OpenAPI 3 document in `body` (JSON or YAML); `place` names it in the UsageError for anything else."""
    if len(body) > _LARGEST_BYTES:
        msg = f"{place} is larger than {_LARGEST_BYTES // 1_000_000} MB, too large for an API's description; check it."
        raise UsageError(msg)
    tree = _parse(body.removeprefix(b"\xef\xbb\xbf"), place)
    version = tree.get("openapi") if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or not isinstance(version, str) or not re.match(r"3\.\d", version):
        found = "a Swagger 2 document: convert it to OpenAPI 3" if isinstance(tree, dict) and "swagger" in tree else ""
        msg = f"{place} is {found or 'no OpenAPI 3 document (no `openapi: 3.x` at its top): check what it is'}."
        raise UsageError(msg)
    paths = tree.get("paths", {})
    if not isinstance(paths, dict) or len(paths) > _MOST_PATHS:
        found = f"has more than {_MOST_PATHS} paths" if isinstance(paths, dict) else "has no mapping under `paths`"
        msg = f"{place} is no OpenAPI 3 document of this API (it {found}); check what it is."
        raise UsageError(msg)
    return tree


def shown(text: object) -> str:
    """A word of the document for a sentence of ours: one line, printable, short, without our secrets."""
    flat = "".join(c if c.isprintable() else "?" for c in str(text)[:200])
    return mask(flat if len(flat) <= 100 else flat[:100] + "...")


def _parse(body: bytes, place: str) -> object:
    start = body[:512].lstrip().lower()
    try:
        if start.startswith((b"{", b"[")):
            return msgspec.json.decode(body)
        if start.startswith((b"<!doctype", b"<html")):
            raise _unreadable(place, "it is an HTML page")
        return yaml.load(body, Loader=_YamlLoader)  # noqa: S506 -- the base loader makes nothing but text
    except msgspec.DecodeError as error:
        raise _unreadable(place, f"as JSON: {error}") from None
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _unreadable(place, f"as YAML: {error.problem}{line}") from None
    except (yaml.YAMLError, ValueError):
        raise _unreadable(place, "it is not text in UTF-8") from None
    except RecursionError:
        raise _unreadable(place, "it is nested too deeply") from None


def _unreadable(place: str, why: str) -> UsageError:
    return UsageError(f"{place} cannot be read ({shown(why)}); give an OpenAPI 3 document in JSON or YAML.")


def _base_paths(servers: object) -> list[str]:
    """The paths of server URLs, without a slash at the end; one empty path where there are no servers."""
    bases = []
    for server in servers[:_MOST_SERVERS] if isinstance(servers, list) else ():
        url = server.get("url") if isinstance(server, dict) else None
        if isinstance(url, str) and len(url) <= 2 * _LONGEST_BASE:
            filled = _TEMPLATE.sub(partial(_default, server.get("variables")), url)
            path = re.split(r"[?#]", _ORIGIN.sub("", filled, count=1))[0].strip("./")
            if len(path) < _LONGEST_BASE:
                bases.append(f"/{path}" if path else "")
    return list(dict.fromkeys(bases)) or [""]


def _default(variables: object, template: re.Match[str]) -> str:
    """What a variable of a server's URL stands for; itself where the document does not say."""
    variable = variables.get(template[0].strip("{}")) if isinstance(variables, dict) else None
    default = variable.get("default") if isinstance(variable, dict) else None
    return default if isinstance(default, str) and len(default) <= _LONGEST_BASE else template[0]
