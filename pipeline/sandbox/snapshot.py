"""What the service serves: the estate as it stands at one instant, items already encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class Issued(Protocol):
    """A certificate that can show its DER; hexadecimal upper case, as on the wire."""

    @property
    def serial_number(self) -> str: ...
    @property
    def thumbprint(self) -> str: ...
    def der(self) -> bytes:
        """The X.509 certificate; its SHA-256 is `thumbprint`."""
        ...


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account at one instant.

    `lists`: for each list call of the contract its items, each one JSON object. `issued`: the certificates in the order of
    `lists["certificates"]`. The audit log holds every event up to the instant, oldest first.
    """

    account_id: str
    lists: Mapping[str, Sequence[bytes]]
    issued: Sequence[Issued]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The estate at `as_of` (aware UTC), by account name."""

    as_of: datetime
    accounts: Mapping[str, AccountView]
