"""The certification authorities that the invented company buys from or runs, and how long their certificates live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PUBLIC_LIMITS = ((date(2029, 3, 15), 47), (date(2027, 3, 15), 100), (date(2026, 3, 15), 200), (date(2020, 9, 1), 398))
"""CA/B Forum ballot SC-081v3: the longest lifetime in days of a public TLS certificate issued from a day on, newest first."""


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing CA. `days`: the longest lifetime that it sells from a day on, newest first; the public limit holds besides."""

    name: str
    vendor: str
    organization: str
    country: str
    is_public: bool
    algorithm: str
    days: tuple[tuple[date, int], ...]
    ends_at_midnight: bool = False

    def longest_days(self, issued_on: date) -> int:
        """The lifetime of a certificate issued on a day."""
        own = next((days for first, days in self.days if first <= issued_on), self.days[-1][1])
        return min(own, public_limit(issued_on)) if self.is_public else own


def public_limit(issued_on: date) -> int:
    """The longest lifetime in days that the public rule permits for a day of issue."""
    return next((days for first, days in PUBLIC_LIMITS if first <= issued_on), 825)


_ALWAYS = date(2000, 1, 1)
# DigiCert sells 199 days since 2026-02-24 and keeps a day below each later limit.
_DIGICERT = ((date(2029, 3, 1), 46), (date(2027, 2, 24), 99), (date(2026, 2, 24), 199), (_ALWAYS, 397))
_SECTIGO = ((date(2029, 3, 12), 47), (date(2027, 3, 12), 99), (date(2026, 3, 12), 199), (_ALWAYS, 397))
_LETS_ENCRYPT = ((date(2028, 2, 16), 45), (date(2027, 2, 10), 64), (_ALWAYS, 90))
_AMAZON = ((date(2026, 2, 18), 198), (_ALWAYS, 395))
_RSA256, _RSA384, _EC384 = "sha256WithRSA", "sha384WithRSA", "ecdsaWithSHA384"


def _fixed(days: int) -> tuple[tuple[date, int], ...]:
    return ((_ALWAYS, days),)


def _digicert(name: str, algorithm: str = _RSA256, organization: str = "DigiCert Inc") -> Authority:
    return Authority(name, "DigiCert", organization, "US", True, algorithm, _DIGICERT, True)


def _own(name: str, vendor: str, days: int, algorithm: str = _RSA256) -> Authority:
    return Authority(name, vendor, "Tarnholm Group", "NL", False, algorithm, _fixed(days))


DIGICERT_G2 = _digicert("DigiCert Global G2 TLS RSA SHA256 2020 CA1")
DIGICERT_G3 = _digicert("DigiCert Global G3 TLS ECC SHA384 2020 CA1", _EC384)
DIGICERT_EV = _digicert("DigiCert EV RSA CA G2")
GEOTRUST = _digicert("GeoTrust TLS RSA CA G1")
SECTIGO_OV = Authority(
    "Sectigo Public Server Authentication CA OV R36", "Sectigo", "Sectigo Limited", "GB", True, _RSA384, _SECTIGO, True
)
SECTIGO_DV = Authority(
    "Sectigo Public Server Authentication CA DV E36",
    "Sectigo",
    "Sectigo Limited",
    "GB",
    True,
    "ecdsaWithSHA256",
    _SECTIGO,
    True,
)
LETS_ENCRYPT_R = Authority("R13", "Let's Encrypt", "Let's Encrypt", "US", True, _RSA256, _LETS_ENCRYPT)
LETS_ENCRYPT_E = Authority("E8", "Let's Encrypt", "Let's Encrypt", "US", True, _EC384, _LETS_ENCRYPT)
GLOBALSIGN = Authority(
    "GlobalSign RSA OV SSL CA 2018", "GlobalSign", "GlobalSign nv-sa", "BE", True, _RSA256, _fixed(397)
)
AMAZON = Authority("Amazon RSA 2048 M03", "Amazon", "Amazon", "US", True, _RSA256, _AMAZON, True)
GOOGLE = Authority("WR1", "Google Trust Services", "Google Trust Services", "US", True, _RSA256, _fixed(90))
GODADDY = Authority(
    "Go Daddy Secure Certificate Authority - G2", "GoDaddy", "GoDaddy.com, Inc.", "US", True, _RSA256, _fixed(397)
)
DIGICERT_PRIVATE = Authority(
    "Tarnholm Private TLS CA G1", "DigiCert", "Tarnholm Group", "NL", False, _RSA256, _fixed(365), True
)
ADCS = _own("Tarnholm Internal Issuing CA 1", "Microsoft AD CS", 730)
ADCS_SHORT = _own("Tarnholm Internal Issuing CA 2", "Microsoft AD CS", 365)
# A domain controller's default name says neither "private" nor "internal": its trust stays unknown.
ADCS_APAC = _own("APAC-ISSUING-CA01", "Microsoft AD CS", 730)
VAULT = _own("Tarnholm Internal Vault CA v3", "HashiCorp Vault", 90, "ecdsaWithSHA256")
LEGACY = _own("Tarnholm Internal Legacy CA", "Tarnholm CA", 1095)
SELF_SIGNED = Authority("", "Self signed", "", "", False, _RSA256, _fixed(1825))
"""Stands for a certificate that its own key signed: the issuer is the subject."""
