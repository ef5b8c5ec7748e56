"""Documents from bytes: JSON or YAML, version 3, and one sentence for everything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from pipeline.api.document import Document, read_document
from pipeline.api.openapi import compare
from pipeline.errors import UsageError

SAMPLE = Path(__file__).parents[2] / "samples" / "openapi" / "vendor-2022" / "document.yaml"


def test_json_and_yaml_say_the_same() -> None:
    """With a byte order mark, too."""
    tree = yaml.safe_load(SAMPLE.read_bytes())
    as_json = json.dumps(tree, default=str).encode()
    expected = compare(read_document(SAMPLE.read_bytes(), "x"))
    assert compare(read_document(as_json, "x")) == expected
    assert compare(read_document(b"\xef\xbb\xbf" + as_json, "x")) == expected
    assert compare(read_document(b"\xef\xbb\xbf" + SAMPLE.read_bytes(), "x")) == expected


def test_nothing_in_yaml_becomes_more_than_text() -> None:
    """Codes and versions stay as written, and a tag makes no object."""
    text = b"openapi: 3.0\ninfo: !!python/object/apply:os.getcwd []\nx: 2019-01-01\npaths: {/a: {get: {responses: {200: {}}}}}"
    tree = read_document(text, "x")
    assert (tree["openapi"], tree["info"], tree["x"]) == ("3.0", [], "2019-01-01")
    assert list(tree["paths"]["/a"]["get"]["responses"]) == ["200"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no OpenAPI 3 document"),
        (b"[]", "no OpenAPI 3 document"),
        (b"{}", "no OpenAPI 3 document"),
        (b'{"openapi": 3}', "no OpenAPI 3 document"),
        (b'{"openapi": "4.0.0", "paths": {}}', "no OpenAPI 3 document"),
        (b'{"swagger": "2.0", "paths": {}}', "Swagger 2"),
        (b'{"openapi": "3.0.3", "paths": []}', "no mapping under `paths`"),
        (b'{"openapi": "3.0.3", "paths": {', "as JSON"),
        (b'{"openapi": "\xff"}', "not text in UTF-8"),
        (b"openapi: 3.0.3\npaths: [\n", "as YAML"),
        (b"openapi: 3.0.3\n\tpaths: {}\n", "as YAML: found a tab character that violates indentation, line 2"),
        (b"openapi: 3.0.3\n? [a]\n: b\n", "as YAML: found unhashable key, line 2"),
        (b"openapi: &a [*a]", "as YAML"),
        (b"a: 1\n---\nb: 2\n", "as YAML"),
        (b"openapi: \x00", "not text"),
        (b"\xff\xfe\x00", "not text"),
        (b"  <!DOCTYPE html><html>", "an HTML page"),
        (b"[" * 100_000, "nested too deeply"),
        (b"a: " + b"{a: " * 100_000, "as YAML"),
        (b'{"openapi": "3.0.3", "paths": {' + b",".join(b'"/%d": 1' % n for n in range(5_001)) + b"}}", "5000 paths"),
        (b" " * 16_000_001, "larger than 16 MB"),
    ],
    ids=range(21),
)
def test_what_is_no_document_is_one_sentence(content: bytes, words: str) -> None:
    """It names the place, and what to do."""
    with pytest.raises(UsageError) as caught:
        read_document(content, "that.yaml")
    text = str(caught.value)
    assert words in text
    assert text.startswith("that.yaml ")
    assert text.endswith(".")
    assert text.isprintable()


def test_a_yaml_of_aliases_is_read_without_unfolding_it() -> None:
    """Thirty levels that double each time would be a billion schemas."""
    levels = "".join(f"  l{n}: &l{n} {{allOf: [*l{n - 1}, *l{n - 1}]}}\n" for n in range(1, 31))
    head = "openapi: 3.0.3\nx:\n  l0: &l0 {type: object, properties: {id: {type: string}}}\n" + levels
    paths = (
        "paths:\n  /mpki/api/v1/agent:\n    get:\n      responses:\n        200:\n          content:\n"
        "            application/json:\n              schema: {type: array, items: *l30}\n"
    )
    agents = next(one for one in compare(read_document((head + paths).encode(), "x")) if one.call.name == "agents")
    assert agents.fields["id"] == "confirmed"


def test_servers_of_an_operation_win() -> None:
    """Over those of the path and of the document."""
    tree = {
        "servers": [{"url": "/a"}],
        "paths": {
            "/p": {"servers": [{"url": "/b"}], "get": {"servers": [{"url": "/c"}]}, "post": {}},
            "/q": {"get": {}},
        },
    }
    assert set(Document(tree).operations) == {("GET", "/c/p"), ("POST", "/b/p"), ("GET", "/a/q")}
