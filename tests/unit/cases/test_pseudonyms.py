"""Pseudonyms have the form of what they stand for, and tell apart what was different, and nothing else."""

from __future__ import annotations

import re
import string
import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cases.pseudonyms import Address, Pseudonyms, lower_case

KEY = bytes(range(32))
WORDS = st.text(st.characters(categories=("L", "Nd"), max_codepoint=0x1FFFF), min_size=1, max_size=24)
PLAIN = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)
IPV4 = st.integers(0, 2**32 - 1).map(IPv4Address)
IPV6 = st.integers(0, 2**128 - 1).map(IPv6Address) | st.integers(0, 2**32).map(
    lambda low: IPv6Address((0x2A01_04F8 << 96) + low)
)


@given(st.lists(WORDS | PLAIN, unique_by=str.lower, max_size=30))
def test_different_words_get_different_ones(found: list[str]) -> None:
    """And the same word the same one, also in capitals."""
    pseudonyms = Pseudonyms(KEY, map(lower_case, found))
    made = [pseudonyms.word(word) for word in found]
    assert len({lower_case(word) for word in made}) == len({lower_case(word) for word in found})
    assert [pseudonyms.word(word) for word in found] == made
    for word in found:
        if word.isascii():
            assert pseudonyms.word(word.upper()) == pseudonyms.word(word.lower()).upper()


@given(WORDS | PLAIN)
def test_a_pseudonym_has_the_form_of_its_word(word: str) -> None:
    """As long, in as many bytes, letters for letters of the same script and case, digits for digits, zeros first."""
    made = Pseudonyms(KEY).word(word)
    assert len(made) == len(word)
    assert len(made.encode()) == len(word.encode())
    assert len(made) - len(made.lstrip("0")) == len(word) - len(word.lstrip("0"))
    if re.fullmatch(r"0*(?=[^0]*[0-9])(?=.*[a-fA-F])(?=.*[1-9])[0-9a-fA-F]{8,}", word):
        assert re.fullmatch(r"[0-9a-fA-F]{8,}", made) or len(word.lstrip("0")) < 8
        return
    for old, new in zip(word, made, strict=True):
        assert unicodedata.category(new) == unicodedata.category(old)
        assert unicodedata.bidirectional(new) == unicodedata.bidirectional(old)


def test_zeros_before_a_word_tell_nothing_apart() -> None:
    """0A1B and A1B are one serial number, and stay one; numbers that are filled up with zeros stay different ones."""
    pseudonyms = Pseudonyms(KEY)
    assert pseudonyms.word("0A1B2C3D4E5F") == "0" + pseudonyms.word("A1B2C3D4E5F")
    assert pseudonyms.word("000") == "000"
    filled = [f"{number:020}" for number in range(1, 1001)]
    pseudonyms = Pseudonyms(KEY, filled)
    made = [pseudonyms.word(word) for word in filled]
    assert len(set(made)) == len(filled)
    assert [len(word) for word in made] == [20] * len(filled)


def test_a_form_that_is_used_up_costs_no_more_than_some_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """All numbers of three digits: each is drawn some hundred times, not for ever."""
    drawn = []
    draw = Pseudonyms._draw
    monkeypatch.setattr(Pseudonyms, "_draw", lambda *asked: drawn.append(1) or draw(*asked))
    found = [str(number) for number in range(100, 1000)]
    pseudonyms = Pseudonyms(KEY, found)
    assert sorted(map(pseudonyms.word, found)) == found
    assert len(drawn) < 150 * len(found)


def test_every_number_of_two_digits_gets_another() -> None:
    """A class that is used up to its last member stays one to one."""
    found = [str(number) for number in range(10, 100)]
    pseudonyms = Pseudonyms(KEY, found)
    assert sorted(map(pseudonyms.word, found)) == found


def test_no_pseudonym_is_a_word_of_the_case() -> None:
    """Where there is room: a name that is replaced is nowhere to be found, not even by chance."""
    found = (
        [f"srv{number:02}" for number in range(100)]
        + [str(number) for number in range(10, 50)]
        + ["bcdf", "ghjk", "qrst", "1234"]
    )
    pseudonyms = Pseudonyms(KEY, found)
    assert not {pseudonyms.word(word) for word in found} & set(found)
    assert pseudonyms.has_replaced("srv07")
    assert not pseudonyms.has_replaced(pseudonyms.word("srv07"))


def test_another_key_gives_other_words() -> None:
    """Two cases have nothing in common."""
    assert Pseudonyms(KEY).word("frankfurt") != Pseudonyms(KEY[::-1]).word("frankfurt")


@given(st.lists(IPV4 | IPV6, unique_by=lambda one: getattr(one, "ipv4_mapped", None) or one, max_size=20))
def test_different_addresses_get_different_ones_of_their_kind(found: list[Address]) -> None:
    """Private ones stay private, local ones local, and a public one is never somebody's."""
    pseudonyms = Pseudonyms(KEY, found)
    made = [pseudonyms.address(one) for one in found]
    assert len(set(made)) == len(found)
    for old, new in zip(found, made, strict=True):
        assert new.version == old.version
        assert not new.is_global or old.is_multicast
        assert new.is_link_local == old.is_link_local
        assert new.is_private or new.is_reserved or not old.is_private


def test_a_network_that_is_used_up_is_left() -> None:
    """Every address of 192.168.0.0/16 and one more: that one is of the largest private network."""
    pseudonyms = Pseudonyms(KEY)
    pseudonyms._used.update(IPv4Network("192.168.0.0/16"))
    assert pseudonyms.address(IPv4Address("192.168.7.1")) in IPv4Network("10.0.0.0/8")


@pytest.mark.parametrize(
    ("old", "network"),
    [("10.1.2.3", "10."), ("192.168.7.1", "192.168."), ("100.64.3.4", "100."), ("8.8.8.8", "2")],
)
def test_an_address_stays_in_its_network(old: str, network: str) -> None:
    """Of the private networks; a public one goes to 240.0.0.0/4, which is nobody's."""
    new = Pseudonyms(KEY, {IPv4Address(old)}).address(IPv4Address(old))
    assert str(new).startswith(network)
    assert str(new) != old
    assert not new.is_global
