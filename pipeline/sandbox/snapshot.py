"""What the service serves: the estate as it stands at one instant, items already encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, overload


class Issued(Protocol):
    """A certificate that can show its DER; hexadecimal upper case, as on the wire."""

    @property
    def serial_number(self) -> str:
        """The serial number."""
        ...

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the DER."""
        ...

    def der(self) -> bytes:
        """The X.509 certificate; its SHA-256 is `thumbprint`."""
        ...


class Ended(Sequence[bytes]):
    """Items whose last field changes every week: each is a head, shared by the weeks, and one of a few endings.

    Put together only when a page is asked for, so that a week costs a list of references and not a copy of every item.
    """

    def __init__(self, heads: Sequence[bytes], groups: Sequence[int], endings: Sequence[bytes]) -> None:
        self._heads = heads
        self._groups = groups
        self._endings = endings

    def __len__(self) -> int:
        return len(self._heads)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[bytes]: ...
    def __getitem__(self, place: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(place, int):
            return self._heads[place] + self._endings[self._groups[place]]
        endings = self._endings
        return [head + endings[group] for head, group in zip(self._heads[place], self._groups[place], strict=True)]


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account at one instant.

    `lists`: for each list call of the contract its items, each one JSON object; the audit log holds every event up to
    the instant, oldest first. `issued`: the certificates in the order of `lists["certificates"]`.
    """

    account_id: str
    lists: Mapping[str, Sequence[bytes]]
    issued: Sequence[Issued]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The estate at `as_of` (aware UTC), by account name."""

    as_of: datetime
    accounts: Mapping[str, AccountView]
