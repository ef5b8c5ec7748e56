"""Counting distinct items."""

from __future__ import annotations

import msgspec

from pipeline.extract.distinct import Keys, count_distinct, repeated


def count(identity: str | None, *items: bytes) -> int:
    """How many distinct ones `items` are."""
    return count_distinct(Keys(identity).of([msgspec.Raw(item) for item in items]))


def test_items_with_the_same_identity_are_one() -> None:
    """Whatever else they say; a nested id is not the item's."""
    items = [b'{"id":"a","x":1}', b'{"x":2,"id":"a"}', b'{"business_unit":{"id":"a"},"id":"b"}']
    assert count("id", *items) == 2


def test_items_without_identity_count_by_their_content() -> None:
    """Missing, null, empty, or no object at all."""
    assert count("id", b'{"x":1}', b'{"x":1}', b'{"x":2}', b'{"id":null}', b'{"id":""}', b"5", b"5") == 5
    assert count(None, b'{"id":"a","x":1}', b'{"id":"a","x":2}') == 2


def test_a_number_and_a_text_are_one_identity() -> None:
    """As in the raw tables, which hold it as text; quotes of the text itself still tell."""
    assert count("id", b'{"id":1}', b'{"id":"1"}', b'{"x":NaN,"id":1}', b'{"x":2,"id":"1"}') == 1
    quoted = (b'{"id":"\\"1\\""}', b'{"id":"1\\""}', b'{"id":"\\"1"}', b'{"id":"1\\\\"}')
    assert count("id", b'{"id":"1"}', *quoted) == 5


def test_keys_that_stand_more_than_once_are_found() -> None:
    """Also in a long list, which is counted in shares."""
    keys = Keys("id").of([b'{"id":%d}' % (number % 300_000) for number in range(300_002)])
    assert (count_distinct(keys), repeated(keys)) == (300_000, {keys[0], keys[1]})


def test_a_hostile_item_has_the_identity_that_it_says() -> None:
    """Control characters, lone surrogates, NaN and invalid UTF-8 do not make an item nameless."""
    hostile = (b'{"x":"\x01","id":"a"}', b'{"x":"\\ud800","id":"a"}', b'{"x":NaN,"id":"a"}', b'{"x":"\xff","id":"a"}')
    assert count("id", *hostile, b'{"id":"a"}') == 1


def test_an_item_has_the_same_key_as_its_line_on_the_disk() -> None:
    """Line breaks between tokens are blanks there."""
    assert count("id", b'{\n"x":1}', b'{ "x":1}') == 1


def test_a_hostile_neighbour_does_not_change_the_key_of_an_item() -> None:
    """Pages are glued by it: the same item comes with other neighbours in the next page."""
    item, hostile = b'{"id":"\\u0061","x":1}', b'{"id":"b","x":NaN}'
    assert Keys("id").of([item, hostile])[0] == Keys("id").of([item])[0]
