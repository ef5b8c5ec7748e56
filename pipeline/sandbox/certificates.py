"""X.509 certificates of the invented estate: real DER, made anew whenever asked, always the same bytes.

A self-signed certificate carries a signature that verifies. That of an authority has the right form and length but
verifies under no key: the authorities exist by name only, and 255 microseconds for each RSA signature would be most of
the time of making an estate.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes

from pipeline.sandbox import der
from pipeline.sandbox.authorities import SELF_SIGNED, Authority
from pipeline.sandbox.keys import Key


@dataclass(frozen=True, slots=True)
class _Algorithm:
    """A signature algorithm: encoded identifier, digest, and the bytes of an authority's signature (EC: of r and s)."""

    encoded: bytes
    digest: hashes.HashAlgorithm
    size: int
    is_ec: bool = False


def _rsa(dotted: str, digest: hashes.HashAlgorithm, size: int) -> _Algorithm:
    return _Algorithm(der.sequence(der.identifier(dotted), b"\x05\x00"), digest, size)


_ALGORITHMS = {
    "md5WithRSA": _rsa("1.2.840.113549.1.1.4", hashes.MD5(), 256),  # noqa: S303 -- what is weak must be seen
    "sha1WithRSA": _rsa("1.2.840.113549.1.1.5", hashes.SHA1(), 256),  # noqa: S303 -- the same
    "sha256WithRSA": _rsa("1.2.840.113549.1.1.11", hashes.SHA256(), 256),
    "sha384WithRSA": _rsa("1.2.840.113549.1.1.12", hashes.SHA384(), 384),
    "ecdsaWithSHA256": _Algorithm(der.sequence(der.identifier("1.2.840.10045.4.3.2")), hashes.SHA256(), 32, is_ec=True),
    "ecdsaWithSHA384": _Algorithm(der.sequence(der.identifier("1.2.840.10045.4.3.3")), hashes.SHA384(), 48, is_ec=True),
}
_VERSION_3 = der.encode(0xA0, der.integer(2))
_SERVER, _CLIENT = der.identifier("1.3.6.1.5.5.7.3.1"), der.identifier("1.3.6.1.5.5.7.3.2")
_FIXED_EXTENSIONS = {
    # Key usage is digitalSignature, and keyEncipherment for RSA; basic constraints say "no CA".
    kind: der.extension("2.5.29.15", der.bits(usage, unused), critical=True)
    + der.extension("2.5.29.19", der.sequence(), critical=True)
    for kind, usage, unused in (("RSA", b"\xa0", 5), ("EC", b"\x80", 7))
}
_PURPOSES = {
    also_client: der.extension("2.5.29.37", der.sequence(_SERVER, *([_CLIENT] if also_client else [])))
    for also_client in (False, True)
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate names; `sans` are ASCII."""

    common_name: str
    sans: tuple[str, ...]
    organization: str = ""
    country: str = ""


@dataclass(slots=True, eq=False)
class Certificate:
    """One certificate. Times are whole seconds since 1970, both ends inclusive; `algorithm` is the signature's."""

    subject: Subject
    authority: Authority
    key: Key
    algorithm: str
    serial: int
    valid_from: int
    valid_to: int
    also_client: bool = False
    serial_number: str = field(init=False)
    thumbprint: str = field(init=False)

    def __post_init__(self) -> None:
        self.serial_number = f"{self.serial:0{(self.serial.bit_length() + 7) // 8 * 2}X}"
        self.thumbprint = hashlib.sha256(self.der()).hexdigest().upper()

    @property
    def is_self_signed(self) -> bool:
        """The issuer is the subject."""
        return self.authority is SELF_SIGNED

    @property
    def issuer(self) -> str:
        """Common name of the issuer."""
        return self.subject.common_name if self.is_self_signed else self.authority.name

    @property
    def purposes(self) -> str:
        """Extended key usages as the API writes them."""
        return "serverAuth, clientAuth" if self.also_client else "serverAuth"

    def der(self) -> bytes:
        """The certificate; about 20 microseconds."""
        algorithm = _ALGORITHMS[self.algorithm]
        subject = der.name(self.subject.country, self.subject.organization, self.subject.common_name)
        authority = self.authority
        issuer = subject if self.is_self_signed else _issuer_name(authority)
        signed = der.sequence(
            _VERSION_3,
            der.integer(self.serial),
            algorithm.encoded,
            issuer,
            der.sequence(der.instant(self.valid_from), der.instant(self.valid_to)),
            subject,
            self.key.public,
            der.encode(0xA3, der.sequence(*self._extensions())),
        )
        return der.sequence(signed, algorithm.encoded, der.bits(self._sign(signed, algorithm)))

    def _extensions(self) -> list[bytes]:
        extensions = [_FIXED_EXTENSIONS[self.key.kind], _PURPOSES[self.also_client]]
        extensions.append(der.extension("2.5.29.14", der.encode(0x04, self.key.identifier)))
        if not self.is_self_signed:
            extensions.append(_authority_key(self.authority))
        if self.subject.sans:
            extensions.append(der.alternative_names(self.subject.sans))
        return extensions

    def _sign(self, signed: bytes, algorithm: _Algorithm) -> bytes:
        if self.is_self_signed and self.key.sign is not None:
            return self.key.sign(signed, algorithm.digest)
        filling = hashlib.shake_256(signed).digest(2 * algorithm.size)
        if algorithm.is_ec:
            r, s = filling[: algorithm.size], filling[algorithm.size :]
            return der.sequence(der.integer(int.from_bytes(r)), der.integer(int.from_bytes(s)))
        return filling[: algorithm.size]


_issuer_names: dict[str, bytes] = {}
_authority_keys: dict[str, bytes] = {}


def _issuer_name(authority: Authority) -> bytes:
    """Encoded once for each authority."""
    if authority.name not in _issuer_names:
        _issuer_names[authority.name] = der.name(authority.country, authority.organization, authority.name)
    return _issuer_names[authority.name]


def _authority_key(authority: Authority) -> bytes:
    """The authority key identifier extension; encoded once for each authority."""
    if authority.name not in _authority_keys:
        identifier = hashlib.sha256(authority.name.encode()).digest()[:20]
        _authority_keys[authority.name] = der.extension("2.5.29.35", der.sequence(der.encode(0x80, identifier)))
    return _authority_keys[authority.name]


def format_instant(seconds: int) -> str:
    """Seconds since 1970 as the API writes an instant."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
