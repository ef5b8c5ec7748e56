"""The slow path: a page with a hostile item is split by its bytes, and a page that was cut is still no page."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.api.reply import Page, Reply, read_page
from pipeline.api.tolerant import split_items, split_members
from pipeline.errors import ServiceUnavailable

GOOD = b'{"id":"a","text":"], }, \\" [{"}'
DEEP = b'{"id":"d","x":' + b"[" * 6000 + b"]" * 6000 + b"}"
HOSTILE = (
    b'{"id":"s","x":"\\ud800"}',
    b'{"id":"c","x":"a\x01b"}',
    b'{"id":"n","x":NaN}',
    b'{"id":"u","x":"\xff\xfe"}',
    b'{"id":"k","x":1,"x":2}',
    b'{"id":"l","x":"' + b"y" * 1_000_000 + b'"}',
    DEEP,
)


def read(body: bytes) -> Page:
    """The page that is read from a body."""
    return read_page(Reply(200, {}, body, datetime(2026, 11, 24, tzinfo=UTC)), "agents of account prod")


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda item: item[7:8].decode())
@pytest.mark.parametrize("is_array", [True, False])
def test_a_hostile_item_keeps_its_bytes_and_its_page(hostile: bytes, is_array: bool) -> None:
    """Also the items beside it, the counts of the envelope, and blanks between tokens."""
    items = [GOOD, hostile, b'{"id": "z", "y": {"items": [1, 2]}}']
    array = b"[ " + b" ,\n".join(items) + b"\n]"
    page = read(array if is_array else b'{"total": 7,"items":' + array + b', "offset" :3 ,"limit":20, "x": null}')
    assert [bytes(item) for item in page.items] == items
    assert page.is_bare_array == is_array
    assert (page.total, page.offset, page.limit) == ((None, None, None) if is_array else (7, 3, 20))


@pytest.mark.parametrize("hostile", HOSTILE[:3])
def test_every_cut_of_a_hostile_page_is_noticed(hostile: bytes) -> None:
    """However many bytes are missing at its end: asked for again, never a smaller page."""
    body = b'{"items":[' + GOOD + b"," + hostile + b'],"total":2}'
    assert (len(read(body).items), read(body).is_hostile) == (2, True)
    for length in range(len(body)):
        with pytest.raises(ServiceUnavailable):
            read(body[:length])


def test_a_line_break_inside_a_text_is_escaped() -> None:
    """One item is one line in the landing zone."""
    assert split_items(b'[{"a":"x\ny\r"},\n {"b":1}]') == [b'{"a":"x\\ny\\r"}', b'{"b":1}']


@pytest.mark.parametrize("body", [b"[1 2]", b"[{}{}]", b"[1,,2]", b"[1,]", b"[}", b"[]]", b"", b"{}", b"[x]", b'["a]'])
def test_what_no_reader_takes_for_a_list_is_none(body: bytes) -> None:
    """Such a page is asked for again."""
    assert split_items(body) is None


@pytest.mark.parametrize("body", [b'{"a"}', b"{1:2}", b"[1]", b'{"a":1', b'{"a":1}}'])
def test_what_no_reader_takes_for_an_object_is_none(body: bytes) -> None:
    """The same for the envelope."""
    assert split_members(body) is None


def test_an_empty_list_has_no_items() -> None:
    """Blanks are no item."""
    assert (split_items(b"[ \n ]"), split_members(b"{ }")) == ([], {})
