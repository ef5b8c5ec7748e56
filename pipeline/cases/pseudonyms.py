"""Pseudonyms: other letters and digits for a word, another address for an address; the same ones within a case. Pure.

Each is drawn by a keyed HMAC-SHA-256 from texts of the same form: as long, letters for letters of the same case and
script, digits for digits, hexadecimal for hexadecimal. Different words get different ones, so what was equal, and only
that, is equal afterwards; upper and lower case of a word get the same, and so do a word with and without leading zeros,
which stay before it: 0A1B and A1B are one serial number. Latin letters become consonants where there is room: no name
can appear by chance, and a reader sees what was replaced. Short words are remembered, which also keeps one's pseudonym
from being another's original; of long ones no two meet.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from itertools import count

_LONG = 16  # characters from which on the chance of two drawing the same is below 10^-6 for millions
_ROOMY, _CROWDED = 64, 96  # tries with consonants; tries that spare originals
_CONSONANTS, _LETTERS = "bcdfghjklmnpqrstvwxz", "abcdefghijklmnopqrstuvwxyz"
_DIGITS, _HEXADECIMAL = "0123456789", "0123456789abcdef"
_is_mixed_hex = re.compile(r"(?=.*\d)(?=.*[a-f])[0-9a-f]{8,}", re.DOTALL).fullmatch
_LINE = 64  # characters in a line of PEM
# Bytes that are not UTF-8, as Python reads them ("surrogateescape"): all, and those of which no two are a letter.
_STRAY = "\udc80-\udcff"
_STRAY_BYTES = "".join(chr(0xDC00 + byte) for byte in (*range(0x80, 0xC2), *range(0xF5, 0x100)))
_is_stray = re.compile(f"[{_STRAY}]").search
_OWN = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")))
_FULL = 1_000  # tries after which a network has no address left: then one of the largest
_RESERVED = IPv4Network("240.0.0.0/4")  # nobody's: where public addresses go
_BEYOND = 0x40000  # from here on signs have no script, or none at all
_DOCUMENTATION = (0x2001, 0x0DB8)  # RFC 3849, the same for IPv6

Address = IPv4Address | IPv6Address


def _separators() -> str:
    """The signs beyond ASCII that are no part of a word: punctuation, blanks, controls, unassigned ones."""
    signs = map(chr, range(0x80, 0x10000))  # beyond there is little but letters and pictures
    kinds = {sign: unicodedata.category(sign) for sign in signs if not _is_stray(sign)}
    return "".join(
        sign for sign, kind in kinds.items() if kind in {"Sm", "Sc", "Sk", "Cc", "Cs", "Cn"} or kind[0] in "PZ"
    )


SIGN = rf"[^\x00-/:-@\[-`{{-\x7f{_separators()}]"
"""The regular expression of one sign of a word: letters, digits, marks, pictures (Ⓐ, braille), all from U+10000 on, and
bytes that are not UTF-8, which may be letters of another code page."""
_is_sign = re.compile(SIGN).fullmatch


class Survey:
    """Replaces nothing; remembers the short words and the addresses of a case."""

    def __init__(self) -> None:
        self.originals: set[str | Address] = set()

    def word(self, word: str) -> str:
        """The same word."""
        lower = lower_case(word).lstrip("0")
        if len(lower) < _LONG:
            self.originals.add(lower)
        return word

    def blob(self, text: str) -> str:
        """The same base64."""
        return text

    def address(self, address: Address) -> Address:
        """The same address."""
        self.originals.add(address)
        return address


class Pseudonyms(Survey):
    """Those of one case: `key` is made for it and written nowhere, `originals` are words and addresses to be spared."""

    def __init__(self, key: bytes, originals: Collection[str | Address] = ()) -> None:
        super().__init__()
        self._key = key
        self.originals.update(originals)
        self._known: dict[str | Address, str | Address] = {}
        self._used: set[str | Address] = set()
        self._replaced: set[int] = set()  # hashes: identifiers are many

    def word(self, word: str) -> str:
        """Another word for a run of letters and digits; nothing but zeros stay."""
        own = word.lstrip("0")
        if not own:
            return word
        lower = lower_case(own)
        known = self._known.get(lower)
        if not isinstance(known, str):
            known = self._choose_word(lower)
        return word[: -len(own)] + (known if lower == own else _like(known, own))

    @property
    def count(self) -> int:
        """How many different words and addresses were replaced."""
        return len(self._replaced)

    def has_replaced(self, original: str | Address) -> bool:
        """Whether a word in lower case without zeros before it, or an address, was replaced and is no pseudonym."""
        return hash(original) in self._replaced and original not in self._used

    def blob(self, text: str) -> str:
        """Other base64, of the length rounded up to lines."""
        size = -(-len(text) // _LINE) * _LINE
        return base64.b64encode(self._draw(text, 0, size))[:size].decode()

    def address(self, address: Address) -> Address:
        """Another address of the same kind: private ones in their own network, public ones in a reserved one."""
        known = self._known.get(address)
        if isinstance(known, IPv4Address | IPv6Address):
            return known
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        new: Address
        if address.is_loopback or address.is_unspecified or address == IPv4Address(2**32 - 1):
            new = address
        elif mapped is not None:
            inner = self.address(mapped)
            new = IPv6Address(bytes(10) + b"\xff\xff" + inner.packed)
        else:
            new = self._choose_address(address)
            self._replaced.add(hash(address))
        self._known[address] = new
        return new

    def _choose_word(self, lower: str) -> str:
        is_long = len(lower) >= _LONG
        is_any_right = is_long or _is_stray(lower)  # of stray bytes there are too few to tell all of them apart
        is_hex = _is_mixed_hex(lower) is not None
        for tries in count():
            found = self._draw_word(lower, tries, is_hex=is_hex)
            if is_hex and not _is_mixed_hex(found):
                continue
            if is_any_right or (found not in self._used and (tries >= _CROWDED or found not in self.originals)):
                break
        self._replaced.add(hash(lower))
        if not is_long:
            self._known[lower] = found
            self._used.add(found)
        return found

    def _draw_word(self, lower: str, tries: int, *, is_hex: bool) -> str:
        """One of the words of the same form; as `lower` it does not begin with a zero."""
        letters = _CONSONANTS if tries < _ROOMY else _LETTERS
        alphabets = [_HEXADECIMAL if is_hex else _alphabet(sign, letters) for sign in lower]
        if alphabets[0][0] == "0":
            alphabets[0] = alphabets[0][1:]
        drawn = self._draw(lower, tries, 2 * len(alphabets))
        return "".join(
            alphabet[int.from_bytes(drawn[2 * place : 2 * place + 2]) % len(alphabet)]
            for place, alphabet in enumerate(alphabets)
        )

    def _choose_address(self, address: Address) -> Address:
        for tries in count():
            drawn = self._draw(str(address), tries, 16)
            if isinstance(address, IPv4Address):
                own = next((network for network in _OWN if address in network), _RESERVED)
                own = own if tries < _FULL else _OWN[0]
                new: Address = own[int.from_bytes(drawn) % (own.num_addresses - 1)]
            else:
                new = _like_ipv6(address, drawn, keeps_zeros=tries < _CROWDED)
            if new not in self._used and (tries >= _CROWDED or new not in self.originals):
                break
        self._used.add(new)
        return new

    def _draw(self, text: str, tries: int, size: int) -> bytes:
        seed = hmac.digest(self._key, tries.to_bytes(8) + text.encode("utf-8", "surrogatepass"), "sha256")
        return hashlib.shake_256(seed).digest(size) if size > len(seed) else seed


def lower_case(word: str) -> str:
    """In lower case, but for letters that have no way back."""
    if word.isascii():
        return word.lower()
    return "".join(low if _upper(low := sign.lower()) == sign else sign for sign in word)


def _upper(sign: str) -> str:
    upper = sign.upper()
    return upper if len(sign) == len(upper) == 1 and upper.lower() == sign else sign


def _like(known: str, word: str) -> str:
    """With capitals where `word` has them."""
    if word.isascii() and word.isupper():
        return known.upper()
    return "".join(_upper(new) if old != lower_case(old) else new for new, old in zip(known, word, strict=True))


def _alphabet(sign: str, letters: str) -> str:
    """The letters or digits that may take the place of one in lower case."""
    if sign.isascii():
        return letters if sign.isalpha() else _DIGITS
    if _is_stray(sign):
        return _STRAY_BYTES
    return _private() if ord(sign) >= _BEYOND else _classes().get(_class_of(sign), sign)


def _class_of(sign: str) -> tuple[str, ...]:
    """Its script, or where its like stand; category, direction and bytes of itself and of its capital."""
    script = unicodedata.name(sign, "").partition(" ")[0] if sign.isalnum() else f"{ord(sign) >> 7}"
    return script, *(text for one in (sign, _upper(sign)) for text in _kind_of(one))


def _kind_of(sign: str) -> tuple[str, ...]:
    return unicodedata.category(sign), unicodedata.bidirectional(sign), str(len(sign.encode()))


@cache
def _classes() -> dict[tuple[str, ...], str]:
    """All signs of words beyond ASCII that are in lower case or have none, by class."""
    found: dict[tuple[str, ...], list[str]] = {}
    for sign in map(chr, range(0x80, _BEYOND)):
        if _is_sign(sign) and lower_case(sign) == sign and not _is_stray(sign):
            found.setdefault(_class_of(sign), []).append(sign)
    return {kind: "".join(signs) for kind, signs in found.items()}


@cache
def _private() -> str:
    """For signs without a script: tags, variation selectors, those of private use."""
    return "".join(map(chr, range(0xF0000, 0xFFFFE)))


def _like_ipv6(address: IPv6Address, drawn: bytes, *, keeps_zeros: bool) -> IPv6Address:
    """Another address: groups of zeros stay, a local prefix stays, a public one becomes that of documentation."""
    old = [int.from_bytes(address.packed[place : place + 2]) for place in range(0, 16, 2)]
    new = [
        int.from_bytes(drawn[2 * place : 2 * place + 2]) % 0xFFFF + 1 if group or not keeps_zeros else 0
        for place, group in enumerate(old)
    ]
    if address.is_link_local or address.is_multicast:
        new[0] = old[0]
    elif old[0] >> 9 == 0xFC >> 1:  # fc00::/7, unique local
        new[0] = old[0] & 0xFF00 | new[0] & 0xFF
    else:
        new[:2] = _DOCUMENTATION
    return IPv6Address(b"".join(group.to_bytes(2) for group in new))
