"""When certificates are issued, how long they live, and when somebody renews them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from pipeline.sandbox.authorities import (
    ADCS,
    ADCS_APAC,
    ADCS_SHORT,
    LEGACY,
    LETS_ENCRYPT_E,
    LETS_ENCRYPT_R,
    SELF_SIGNED,
    Authority,
)
from pipeline.sandbox.certificates import Certificate
from pipeline.sandbox.chance import Dice
from pipeline.sandbox.estate import DAY, Deployment, Record, Renewal
from pipeline.sandbox.keys import appliance_key, host_keys

ACME_AUTHORITIES = (LETS_ENCRYPT_R, LETS_ENCRYPT_E)
_OVER_LONG_DAYS = 397
_REPEATED_SERIALS = {LEGACY: 6, ADCS_SHORT: 150}
_WINDOWS = ((30, 45.0), (21, 25.0), (14, 20.0), (7, 10.0))
_BACKDATED = {LETS_ENCRYPT_R: 3600, LETS_ENCRYPT_E: 3600, ADCS: 600, ADCS_SHORT: 600, ADCS_APAC: 600}
_SERIAL_BYTES = {LETS_ENCRYPT_R: (b"\x05", 18), LETS_ENCRYPT_E: (b"\x06", 18), ADCS: (b"\x1d\x00\x00", 19)}


def plan_validity(authority: Authority, issued_at: int, *, is_over_long: bool = False) -> tuple[int, int]:
    """Start and end, both inclusive, of a certificate issued at an instant; within that day's rule unless over-long."""
    start = issued_at - issued_at % DAY if authority.ends_at_midnight else issued_at - _BACKDATED.get(authority, 0)
    days = authority.longest_days(datetime.fromtimestamp(start, UTC).date())
    if is_over_long:
        days = max(days, _OVER_LONG_DAYS)
    return start, start + days * DAY - 1


def plan_renewal(dice: Dice, renewal: Renewal, validity: tuple[int, int]) -> int | None:
    """When the next one is asked for: up to 30 days before the end, by hand later or too late; None for never."""
    start, end = validity
    if renewal is Renewal.NEVER:
        return None
    window = min(dice.pick(_WINDOWS) * DAY, (end - start) // 3)
    if renewal is not Renewal.HAND:
        # Robots work in the small hours of the night.
        return end - window - (end - window) % DAY + dice.randrange(DAY // 24, DAY // 5)
    kind = dice.random()
    if kind < 0.60:
        left = dice.uniform(3, 35) * DAY
    elif kind < 0.84:
        left = dice.uniform(0, 12) * DAY
    else:
        left = -dice.expovariate(1 / 10) * DAY
    return to_office_hours(dice, end - min(int(left), (end - start) // 3))


def to_office_hours(dice: Dice, at: int) -> int:
    """The same day or, from a weekend, the next Monday, between 07:00 and 16:00 UTC."""
    day = at - at % DAY
    weekday = (day // DAY + 3) % 7
    if weekday > 4:
        day += (7 - weekday) * DAY
    return day + dice.randrange(7 * 3600, 16 * 3600)


def make_serial(dice: Dice, authority: Authority) -> int:
    """A serial number as long as the authority's own; positive."""
    prefix, size = _SERIAL_BYTES.get(authority, (b"", 16))
    rest = dice.randbytes(size - len(prefix))
    return int.from_bytes(prefix + rest) & ~(1 << (8 * size - 1)) | 1 << (8 * size - 4)


class Issuer:
    """Makes the certificates of the inventory.

    Two authorities of the company's own were once restored from a backup: some of their serial numbers occur twice.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._issued: Counter[tuple[Authority, str]] = Counter()
        self._last: dict[tuple[Authority, str], int] = {}

    def issue(self, deployment: Deployment, issued_at: int) -> Record:
        """A new certificate of a deployment; not yet installed."""
        validity = plan_validity(deployment.authority, issued_at, is_over_long=deployment.is_over_long)
        return self.record(deployment, validity)

    def record(self, deployment: Deployment, validity: tuple[int, int]) -> Record:
        """A certificate with this validity, in the inventory of the accounts that have the deployment's endpoints."""
        accounts = sorted({endpoint.account for endpoint in deployment.endpoints})
        kind, size = deployment.key
        signs_itself = deployment.authority is SELF_SIGNED and kind == "RSA"
        certificate = Certificate(
            subject=deployment.subject,
            authority=deployment.authority,
            key=appliance_key(size) if signs_itself else self._dice.choice(host_keys(kind, size)),
            algorithm=deployment.algorithm,
            serial=self._number(deployment.authority, accounts[0]),
            valid_from=validity[0],
            valid_to=validity[1],
            also_client=deployment.also_client,
        )
        if deployment.authority is SELF_SIGNED and self._dice.happens(0.1):
            # A scan saw it at its endpoint, and nobody imported it into the inventory.
            accounts = []
        source = "certificate_manager" if deployment.renewal is Renewal.MANAGED else "discovery"
        return Record(certificate, deployment, {account: self._dice.identifier() for account in accounts}, source)

    def _number(self, authority: Authority, account: str) -> int:
        place = (authority, account)
        self._issued[place] += 1
        if place in self._last and self._issued[place] % _REPEATED_SERIALS.get(authority, 1 << 60) == 0:
            return self._last[place]
        self._last[place] = make_serial(self._dice, authority)
        return self._last[place]
