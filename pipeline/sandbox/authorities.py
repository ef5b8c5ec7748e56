"""The certification authorities that the invented company buys from or runs, and how long their certificates live."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

PUBLIC_LIMITS = ((date(2029, 3, 15), 47), (date(2027, 3, 15), 100), (date(2026, 3, 15), 200), (date(2020, 9, 1), 398))
"""CA/B Forum ballot SC-081v3: the longest lifetime in days of a public TLS certificate issued from a day on."""


@dataclass(frozen=True, slots=True, eq=False)
class Authority:
    """An issuing CA. `days`: the longest lifetime that it sells from a day on, newest first, the public limit besides.

    Compared by identity, because it is a key of dictionaries on the busiest paths.
    """

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
_RSA256, _RSA384 = "sha256WithRSA", "sha384WithRSA"
_EC256, _EC384 = "ecdsaWithSHA256", "ecdsaWithSHA384"


def _fixed(days: int) -> tuple[tuple[date, int], ...]:
    return ((_ALWAYS, days),)


def _public(vendor: str, name: str, days: tuple[tuple[date, int], ...], algorithm: str = _RSA256) -> Authority:
    organization, country = _VENDORS[vendor]
    midnight = vendor in ("DigiCert", "Sectigo", "Amazon")
    return Authority(
        name, vendor, organization, country, is_public=True, algorithm=algorithm, days=days, ends_at_midnight=midnight
    )


def _own(vendor: str, name: str, days: int, algorithm: str = _RSA256) -> Authority:
    midnight = vendor == "DigiCert"
    return Authority(
        name,
        vendor,
        "Tarnholm Group",
        "NL",
        is_public=False,
        algorithm=algorithm,
        days=_fixed(days),
        ends_at_midnight=midnight,
    )


_VENDORS = {
    "DigiCert": ("DigiCert Inc", "US"),
    "Sectigo": ("Sectigo Limited", "GB"),
    "Let's Encrypt": ("Let's Encrypt", "US"),
    "GlobalSign": ("GlobalSign nv-sa", "BE"),
    "Amazon": ("Amazon", "US"),
    "Google Trust Services": ("Google Trust Services", "US"),
    "GoDaddy": ("GoDaddy.com, Inc.", "US"),
}

DIGICERT_G2 = _public("DigiCert", "DigiCert Global G2 TLS RSA SHA256 2020 CA1", _DIGICERT)
DIGICERT_G3 = _public("DigiCert", "DigiCert Global G3 TLS ECC SHA384 2020 CA1", _DIGICERT, _EC384)
DIGICERT_EV = _public("DigiCert", "DigiCert EV RSA CA G2", _DIGICERT)
GEOTRUST = _public("DigiCert", "GeoTrust TLS RSA CA G1", _DIGICERT)
SECTIGO_OV = _public("Sectigo", "Sectigo Public Server Authentication CA OV R36", _SECTIGO, _RSA384)
SECTIGO_DV = _public("Sectigo", "Sectigo Public Server Authentication CA DV E36", _SECTIGO, _EC256)
LETS_ENCRYPT_R = _public("Let's Encrypt", "R13", _LETS_ENCRYPT)
LETS_ENCRYPT_E = _public("Let's Encrypt", "E8", _LETS_ENCRYPT, _EC384)
GLOBALSIGN = _public("GlobalSign", "GlobalSign RSA OV SSL CA 2018", _fixed(397))
AMAZON = _public("Amazon", "Amazon RSA 2048 M03", _AMAZON)
GOOGLE = _public("Google Trust Services", "WR1", _fixed(90))
GODADDY = _public("GoDaddy", "Go Daddy Secure Certificate Authority - G2", _fixed(397))

DIGICERT_PRIVATE = _own("DigiCert", "Tarnholm Private TLS CA G1", 365)
ADCS = _own("Microsoft AD CS", "Tarnholm Internal Issuing CA 1", 730)
ADCS_SHORT = _own("Microsoft AD CS", "Tarnholm Internal Issuing CA 2", 365)
# A domain controller's default name says neither "private" nor "internal": its trust stays unknown.
ADCS_APAC = _own("Microsoft AD CS", "APAC-ISSUING-CA01", 730)
VAULT = _own("HashiCorp Vault", "Tarnholm Internal Vault CA v3", 90, _EC256)
LEGACY = _own("Tarnholm CA", "Tarnholm Internal Legacy CA", 1095)
SELF_SIGNED = Authority("", "Self signed", "", "", is_public=False, algorithm=_RSA256, days=_fixed(1825))
"""Stands for a certificate that its own key signed: the issuer is the subject."""
