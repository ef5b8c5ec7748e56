"""A small pool of keys, the same on every machine, although RSA keys cannot be seeded and take 60 ms each to make.

- EC: the private number is derived, so the point is real.
- RSA of a host: only the public half exists, an odd number without small factors. Nobody ever signs with it.
- RSA of an appliance that signs its own certificate: both primes are derived from a label and a counter found once
  (the first prime from there on), so no private key lies in the source.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.sandbox import der

_SMALL_PRIMES = math.prod(p for p in range(3, 752, 2) if all(p % q for q in range(3, int(p**0.5) + 1, 2)))
_RSA = der.sequence(der.identifier("1.2.840.113549.1.1.1"), b"\x05\x00")
_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1()}
_POOL_SIZES = {("RSA", 1024): 4, ("RSA", 2048): 24, ("RSA", 3072): 6, ("RSA", 4096): 8, ("EC", 256): 12, ("EC", 384): 3}
_APPLIANCE_COUNTERS = {2048: (1015, 39), 1024: (148, 168)}


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A key of a host: type, size in bits, encoded public key, its identifier; `sign` where it signs for itself."""

    kind: str
    size: int
    public: bytes
    identifier: bytes
    sign: Callable[[bytes, hashes.HashAlgorithm], bytes] | None = None


@functools.cache
def host_keys(kind: str, size: int) -> tuple[Key, ...]:
    """The pool of one kind ("RSA", "EC") and size in bits."""
    make = _rsa_public if kind == "RSA" else _ec_key
    return tuple(make(size, number) for number in range(_POOL_SIZES[kind, size]))


@functools.cache
def appliance_key(size: int) -> Key:
    """The RSA key with which appliances of one make sign their own certificates; 2048 or 1024 bits."""
    p, q = (
        _derive_number(f"appliance RSA {size} {which}", size // 2) + 2 * counter
        for which, counter in zip("pq", _APPLIANCE_COUNTERS[size], strict=True)
    )
    d = rsa.rsa_recover_private_exponent(65537, p, q)
    exponents = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    numbers = rsa.RSAPrivateNumbers(p, q, d, *exponents, rsa.RSAPublicNumbers(65537, p * q))
    private = numbers.private_key()
    return _make_rsa(p * q, size, lambda data, digest: private.sign(data, padding.PKCS1v15(), digest))


def _derive_number(label: str, size: int) -> int:
    """An odd number of exactly `size` bits whose two highest bits are set."""
    digest = hashlib.shake_256(label.encode()).digest(size // 8)
    return int.from_bytes(digest) | 3 << (size - 2) | 1


def _rsa_public(size: int, number: int) -> Key:
    modulus = _derive_number(f"host RSA {size} {number}", size)
    while math.gcd(modulus, _SMALL_PRIMES) != 1:
        modulus += 2
    return _make_rsa(modulus, size, None)


def _make_rsa(modulus: int, size: int, sign: Callable[[bytes, hashes.HashAlgorithm], bytes] | None) -> Key:
    content = der.sequence(der.integer(modulus), der.integer(65537))
    return Key("RSA", size, der.sequence(_RSA, der.bits(content)), _identify(content), sign)


def _identify(content: bytes) -> bytes:
    """Key identifier of RFC 5280, method 1."""
    return hashlib.sha1(content, usedforsecurity=False).digest()


def _ec_key(size: int, number: int) -> Key:
    seed = _derive_number(f"host EC {size} {number}", size) >> 2
    private = ec.derive_private_key(seed, _CURVES[size])
    public = private.public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def sign(data: bytes, digest: hashes.HashAlgorithm) -> bytes:
        return private.sign(data, ec.ECDSA(digest, deterministic_signing=True))

    encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Key("EC", size, encoded, _identify(point), sign)
