"""What the estate consists of: endpoints, the deployments that they belong to, and the certificates in the inventory.

All times are whole seconds since 1970, UTC.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.sandbox.authorities import Authority
from pipeline.sandbox.certificates import Certificate, Subject
from pipeline.sandbox.company import (
    BRANCH_SITES,
    BRANCH_UNITS,
    HEAD_OFFICE_SITES,
    HEAD_OFFICE_UNITS,
    PAYMENTS_APAC,
    Platform,
    Site,
    Unit,
)

DAY = 86400
WEEK = 7 * DAY


class Protection(StrEnum):
    """What a scan finds at an endpoint."""

    CERTIFICATE = "certificate"
    NONE = "none"
    UNSPECIFIED = "unspecified"
    ERROR = "error"


class Renewal(StrEnum):
    """Who renews: TLM's managed automation, an ACME client of the host itself, a person, or nobody any more."""

    MANAGED = "managed"
    ACME = "acme"
    HAND = "hand"
    NEVER = "never"


@dataclass(slots=True, eq=False)
class Record:
    """A certificate in the inventory. `ids`: its identifier by account; `shown`: its item by account and status.

    `is_silent`: no event tells of it.
    """

    certificate: Certificate
    deployment: Deployment
    ids: dict[str, str]
    source: str
    is_silent: bool = False
    revoked_at: int | None = None
    reason: str = ""
    shown: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def status(self, now: int) -> str:
        """As the API writes it."""
        if self.revoked_at is not None:
            return "suspended" if self.reason == "certificate_hold" else "revoked"
        return "expired" if self.certificate.valid_to < now else "issued"


@dataclass(slots=True, eq=False)
class Deployment:
    """A service: endpoints that share one certificate, and how it is renewed.

    `newest` is the certificate issued last, not yet installed perhaps. `due_at` names the one entry of the
    agenda that still counts.
    """

    subject: Subject
    authority: Authority
    key: tuple[str, int]
    algorithm: str
    unit: Unit
    platform: Platform
    renewal: Renewal
    tags: tuple[str, ...]
    owner: str
    is_unit_known: bool = True
    is_over_long: bool = False
    also_client: bool = False
    newest: Record | None = None
    due_at: int | None = None
    endpoints: list[Endpoint] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Endpoint:
    """A location. `head` and `entry` are its encoded items, forgotten (`touch`) when something in them changes."""

    id: str
    guid: str
    account: str
    ip: str | None
    port: int | None
    host_name: str
    domain_name: str
    machine: tuple[str, str]
    version: str
    sensor: str | None
    agent: str | None
    connector: str | None
    source: str
    deployment: Deployment
    protection: Protection
    is_automatable: bool
    is_discovered: bool
    scan: int
    rating: str | None = None
    status: str | None = None
    record: Record | None = None
    error: str | None = None
    job_name: str | None = None
    knows: str = "all"
    is_gone: bool = False
    is_absent: bool = False
    head: bytes | None = None
    entry: bytes | None = None

    def touch(self) -> None:
        """Something changed: encode anew."""
        self.head = self.entry = None

    @property
    def is_managed(self) -> bool:
        """Under managed automation."""
        return self.is_automatable and self.deployment.renewal is Renewal.MANAGED


@dataclass(frozen=True, slots=True)
class Branch:
    """An account's part of the company."""

    account: str
    account_id: str
    units: tuple[Unit, ...]
    sites: tuple[Site, ...]

    def show_unit(self, unit: Unit) -> dict[str, str] | None:
        """A business unit as this account names it, by its name; None when the account has no such unit."""
        return _show_unit(self, unit.name)


@functools.cache
def _show_unit(branch: Branch, name: str) -> dict[str, str] | None:
    if all(own.name != name for own in branch.units):
        return None
    return {"id": str(uuid.uuid5(uuid.UUID(branch.account_id), f"business unit {name}")), "name": name}


@functools.cache
def name_identifier(kind: str, name: str) -> str:
    """The identifier of a thing that has a name of its own: an agent, a connector, a person."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{kind}.tarnholm.example"))


def make_branches(accounts: Sequence[str]) -> tuple[Branch, ...]:
    """The first account is the head office's, the others are branches; a single one holds the whole company."""
    branches = []
    for number, account in enumerate(accounts):
        account_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{account}.accounts.tarnholm.example"))
        units: tuple[Unit, ...] = BRANCH_UNITS if number else HEAD_OFFICE_UNITS
        sites: tuple[Site, ...] = BRANCH_SITES if number else HEAD_OFFICE_SITES
        if len(accounts) == 1:
            units += tuple(unit for unit in BRANCH_UNITS if unit is not PAYMENTS_APAC)
            sites += BRANCH_SITES
        branches.append(Branch(account, account_id, units, sites))
    return tuple(branches)
