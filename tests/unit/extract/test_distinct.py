"""Counting distinct items."""

from __future__ import annotations

import msgspec

from pipeline.extract.distinct import Distinct


def count(identity: str | None, *items: bytes) -> int:
    """How many distinct ones `items` are."""
    distinct = Distinct(identity)
    distinct.add([msgspec.Raw(item) for item in items])
    return distinct.count()


def test_items_with_the_same_identity_are_one() -> None:
    """Whatever else they say; a nested id is not the item's."""
    items = [b'{"id":"a","x":1}', b'{"x":2,"id":"a"}', b'{"business_unit":{"id":"a"},"id":"b"}']
    assert count("id", *items) == 2


def test_items_without_identity_count_by_their_content() -> None:
    """Missing, null, empty, or no object at all."""
    assert count("id", b'{"x":1}', b'{"x":1}', b'{"x":2}', b'{"id":null}', b'{"id":""}', b"5", b"5") == 5
    assert count(None, b'{"id":"a","x":1}', b'{"id":"a","x":2}') == 2


def test_a_number_and_a_text_are_two_identities() -> None:
    """1 and "1" are not the same id."""
    assert count("id", b'{"id":1}', b'{"id":"1"}', b'{"id":1}') == 2


def test_many_pages_add_up() -> None:
    """The count is over all that was added."""
    distinct = Distinct("id")
    for start in range(0, 3000, 100):
        distinct.add([msgspec.Raw(b'{"id":%d}' % (number % 2500)) for number in range(start, start + 100)])
    assert distinct.count() == 2500
