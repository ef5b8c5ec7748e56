"""The little of ASN.1's distinguished encoding that a certificate needs (X.690; RFC 5280).

`cryptography` builds and signs one certificate in a third of a millisecond and more, and refuses SHA-1, MD5 and common
names of 300 characters, which an inventory must cope with. Putting the encoded parts together takes a tenth of that and
refuses nothing; the tests read the result back with `cryptography`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence

_YEAR_2050 = 2524608000


def encode(tag: int, *contents: bytes) -> bytes:
    """One value: tag, length, contents."""
    content = b"".join(contents)
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 128 | len(length))) + length + content


def sequence(*contents: bytes) -> bytes:
    """SEQUENCE."""
    return encode(0x30, *contents)


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    return encode(0x02, value.to_bytes(value.bit_length() // 8 + 1))


def bits(content: bytes, unused: int = 0) -> bytes:
    """BIT STRING."""
    return encode(0x03, bytes((unused,)), content)


@functools.cache
def identifier(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted text."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    content = bytearray()
    for number in (first * 40 + second, *rest):
        groups = [number & 127]
        while number := number >> 7:
            groups.append(128 | number & 127)
        content += bytes(reversed(groups))
    return encode(0x06, bytes(content))


def instant(seconds: int) -> bytes:
    """UTCTime until 2049, GeneralizedTime from then."""
    if seconds < _YEAR_2050:
        return encode(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(seconds)).encode())
    return encode(0x18, time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds)).encode())


_ATTRIBUTES = {kind: identifier(dotted) for kind, dotted in (("CN", "2.5.4.3"), ("O", "2.5.4.10"))}
_COUNTRY = identifier("2.5.4.6")


def name(country: str, organization: str, common_name: str) -> bytes:
    """A distinguished name; empty parts are left out."""
    parts = []
    if country:
        parts.append(encode(0x31, sequence(_COUNTRY, encode(0x13, country.encode()))))
    for kind, text in (("O", organization), ("CN", common_name)):
        if text:
            parts.append(encode(0x31, sequence(_ATTRIBUTES[kind], encode(0x0C, text.encode()))))
    return sequence(*parts)


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """One extension around its encoded value."""
    return sequence(identifier(dotted), encode(0x01, b"\xff") if critical else b"", encode(0x04, value))


def alternative_names(names: Sequence[str]) -> bytes:
    """The subject alternative names, DNS names only (ASCII)."""
    return extension("2.5.29.17", sequence(*(encode(0x82, text.encode("ascii")) for text in names)))
