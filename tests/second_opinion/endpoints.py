"""One run, endpoint by endpoint: identity, protection, automation, certificate, unit, dates. Then its place in history."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from second_opinion.items import (
    Item,
    Snapshot,
    first,
    forward,
    hexadecimal,
    instant,
    place,
    text,
    texts,
    validity,
    word,
)

CATEGORIES = ("automatable", "discovered", "unsecured")  # the order in which attributes are taken
AVAILABLE = {"CONFIGURED", "NOT_CONFIGURED"}
OUTCOMES = {
    "ok": {"AUTO_RENEW_SCHEDULED", "AUTOMATION_SUCCESSFUL", "SUCCESSFULLY_RENEWED", "CERTIFICATE_DELIVERED"},
    "running": {"AUTOMATION_REQUESTED", "AUTOMATION_SCHEDULED", "APPROVAL_PENDING", "ACCOUNT_CREATED"},
    "attention": {"ACTION_REQUIRED", "AUTOMATION_AT_RISK"},
    "failed": {"AUTOMATION_FAILED", "AGENT_ERROR", "APPROVAL_DENIED", "AUTOMATION_PROFILE_BLOCKED",
               "ACCOUNT_CREATION_FAILED", "INSTALL_FAILED", "INSTALL_VALIDATION_FAILED", "ERROR"},
}  # fmt: skip
OWNER_TAG = "owner:"
OPEN = ("none", "unspecified")  # unsecured, as far as protection and age are concerned


def _was_revoked(told: Any) -> bool:
    """Whether what is told about a revocation has a reason or a date."""
    return isinstance(told, dict) and any(text(told.get(name)) for name in ("reason", "revocation_date"))


@dataclass
class Certificate:
    """What all searches and endpoints say of one certificate, first non-null; unit, tags and owners are an account's own."""

    common_name: str | None = None
    thumbprint: str | None = None
    serial_number: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    is_revoked: bool = False
    units: dict[str, str | None] = field(default_factory=dict)
    tags: dict[str, list[str] | None] = field(default_factory=dict)
    names_owners: set[str] = field(default_factory=set)
    searched_in: set[str] = field(default_factory=set)

    def hear(self, account: str, item: Item, unit: str | None) -> None:
        """Take from one more source what is not known yet."""
        start, end = validity(item.get("valid_from"), item.get("valid_to"))
        self.start, self.end = first((self.start, start)), first((self.end, end))
        self.common_name = first((self.common_name, text(item.get("common_name"))))
        self.thumbprint = first((self.thumbprint, hexadecimal(item.get("thumbprint"))))
        self.serial_number = first((self.serial_number, hexadecimal(item.get("serial_number"))))
        self.is_revoked |= word(text(item.get("status"))) == "REVOKED" or _was_revoked(item.get("revocation"))
        self.units[account] = first((self.units.get(account), unit))
        self.tags[account] = first((self.tags.get(account), texts(item.get("tags"))))
        if texts(item.get("owners")) or texts(item.get("cert_owner_ids")):
            self.names_owners.add(account)

    def owned(self) -> set[str]:
        """The accounts in which it has a business unit, and an owner: a tag, or a list of owners."""
        tagged = {name for name, tags in self.tags.items() if any(tag.startswith(OWNER_TAG) for tag in tags or [])}
        return {name for name in tagged | self.names_owners if self.units.get(name) is not None}


def describe(snapshot: Snapshot) -> tuple[list[Item], dict[str, Certificate]]:
    """Every endpoint of the run as a record of facts, and every certificate by its key."""
    endpoints = [one for account in sorted(snapshot.lists) for one in _endpoints(account, snapshot.lists[account])]
    certificates = _certificates(snapshot, endpoints)
    carried = {one["certificate_key"] for one in endpoints if one["certificate_key"]}
    for one in endpoints:
        _judge(one, snapshot.as_of_at, certificates, carried)
    return endpoints, certificates


def _endpoints(account: str, lists: dict[str, list[Item]]) -> Iterator[Item]:
    """The account's endpoints, merged over the categories, with automation and certificate."""
    items: dict[str, list[tuple[str, Item]]] = {}
    for category in CATEGORIES:
        for item in lists.get(f"endpoints.{category}", []):
            name = text(item.get("id"))
            key = f"{account}:{name if name is not None else '@' + place(item)}"
            items.setdefault(key, []).append((category, item))
    inventory, search = (
        _Inventory(lists.get("automation_inventory", [])),
        _Search(account, lists.get("certificates", [])),
    )
    units = _unit_names(lists)
    for key, found in items.items():
        said = [item for _, item in found]
        seen = {category for category, _ in found}
        entry = inventory.entry_of(said)
        status = word(
            first(text(i.get("automation_status")) for i in said)
            or (text(entry.get("automation_status")) if entry else None)
        )
        reachable = "automatable" in seen or entry is not None
        managed = reachable and status is not None and status not in AVAILABLE
        carrier = next((item for item in said if carries(item)), None)
        unit = first(unit_of(item, units) for item in said)
        yield {
            "account": account,
            "endpoint_key": key,
            "endpoint_id": first(text(i.get("id")) for i in said),
            "protection": _protection(said, carrier, seen),
            "automation_state": "managed" if managed else "available" if reachable else "not_available",
            "outcome": next((name for name, words in OUTCOMES.items() if status in words), "unknown")
            if managed
            else None,
            "rating": word(first(text(i.get("security_rating")) for i in said)) or "NOT_RATED",
            "discovered_at": first(instant(i.get("last_discovered")) for i in said),
            "own_unit": unit,
            "carrier": carrier,
            "certificate_key": search.key_of(carrier) if carrier else None,
        }


def carries(item: Item) -> bool:
    """Whether an item names a certificate: thumbprint, certificate id, serial number, or common name with its end."""
    named = (
        hexadecimal(item.get("thumbprint")),
        text(item.get("certificate_id")),
        hexadecimal(item.get("serial_number")),
    )
    _, end = validity(item.get("valid_from"), item.get("valid_to"))
    return any(name is not None for name in named) or (text(item.get("common_name")) is not None and end is not None)


def _protection(items: list[Item], carrier: Item | None, seen: set[str]) -> str:
    if carrier is not None:
        return "certificate"
    discovery = word(first(text(i.get("discovery_status")) for i in items))
    status = word(first(text(i.get("status")) for i in items))
    has_error = first(text(i.get("discovery_error")) for i in items) is not None
    if has_error or any(bad in (said or "") for said in (discovery, status) for bad in ("ERROR", "FAIL")):
        return "discovery_error"
    return "none" if discovery == "NO_CERTIFICATE" or "unsecured" not in seen else "unspecified"


def _unit_names(lists: dict[str, list[Item]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for unit in lists.get("business_units", []):
        identifier, name = text(unit.get("id")), text(unit.get("name"))
        if identifier is not None and name is not None:
            names.setdefault(identifier, name)
    return names


def unit_of(item: Item, names: dict[str, str]) -> str | None:
    """The unit that an item names: its name, else the name of its identifier, else the identifier."""
    unit = item.get("business_unit")
    if isinstance(unit, str):
        return text(unit)
    if not isinstance(unit, dict):
        return None
    identifier = text(unit.get("id"))
    return first((text(unit.get("name")), names.get(identifier or ""), identifier))


class _Inventory:
    """The automation inventory of an account, by guid, by any identifier, and by place; the first entry as received counts."""

    def __init__(self, entries: list[Item]) -> None:
        self.by_guid: dict[str, Item] = {}
        self.by_any: dict[str, Item] = {}
        self.by_place: dict[str, Item] = {}
        for entry in entries:
            guid = first((text(entry.get("guid")), text(entry.get("inventory_id"))))
            if guid is not None:
                self.by_guid.setdefault(guid.lower(), entry)
            for name in (guid, text(entry.get("id"))):
                if name is not None:
                    self.by_any.setdefault(name.lower(), entry)
            if all(text(entry.get(part)) is not None for part in ("ip", "port", "domain_name")):
                self.by_place.setdefault(place(entry), entry)

    def entry_of(self, items: list[Item]) -> Item | None:
        def of(name: str) -> str | None:
            return first(text(item.get(name)) for item in items)

        where = {name: of(name) for name in ("ip", "port", "domain_name")}
        return first(
            (
                self.by_guid.get((of("inventory_id") or "").lower()),
                self.by_any.get((of("id") or "").lower()),
                self.by_place.get(place(where)) if None not in where.values() else None,
            )
        )


def certificate_key(account: str, item: Item, identifier: str) -> str | None:
    """Thumbprint; serial and issuer; identifier; common name and end; the serial alone. `identifier` names its field."""
    thumbprint, serial = hexadecimal(item.get("thumbprint")), hexadecimal(item.get("serial_number"))
    issuer, name, known = (text(item.get(field)) for field in ("issuing_ca_name", "common_name", identifier))
    _, end = validity(item.get("valid_from"), item.get("valid_to"))
    if thumbprint is not None:
        return f"sha256:{thumbprint}"
    if serial is not None and issuer is not None:
        return f"serial:{account}/{serial}/{issuer}"
    if known is not None:
        return f"id:{account}/{known}"
    if name is not None and end is not None:
        return f"name:{account}/{name}/{end}"
    return f"serial:{account}/{serial}" if serial is not None else None


class _Search:
    """The certificate search of an account, and which certificate of it an endpoint's item means."""

    def __init__(self, account: str, entries: list[Item]) -> None:
        self.account = account
        self.rungs: list[dict[Any, str]] = [{}, {}, {}]
        by_name: dict[Any, set[str]] = {}
        for entry in entries:
            key = certificate_key(account, entry, "id")
            if key is None:
                continue
            for rung, name in zip(self.rungs, self._names(entry, "id"), strict=True):
                if name is not None:
                    rung.setdefault(name, key)
            by_name.setdefault(self._name_and_end(entry), set()).add(key)
        self.unique = {name: next(iter(keys)) for name, keys in by_name.items() if len(keys) == 1 and None not in name}

    @staticmethod
    def _names(item: Item, identifier: str) -> tuple[Any, Any, Any]:
        serial, issuer = hexadecimal(item.get("serial_number")), text(item.get("issuing_ca_name"))
        both = (serial.lstrip("0"), issuer) if serial is not None and issuer is not None else None
        return text(item.get(identifier)), hexadecimal(item.get("thumbprint")), both

    @staticmethod
    def _name_and_end(item: Item) -> tuple[str | None, datetime | None]:
        return text(item.get("common_name")), validity(item.get("valid_from"), item.get("valid_to"))[1]

    def key_of(self, item: Item) -> str | None:
        names = self._names(item, "certificate_id")
        found = (rung.get(name) for rung, name in zip(self.rungs, names, strict=True) if name is not None)
        return first(
            (*found, self.unique.get(self._name_and_end(item)), certificate_key(self.account, item, "certificate_id"))
        )


def _certificates(snapshot: Snapshot, endpoints: list[Item]) -> dict[str, Certificate]:
    """Facts over all accounts: the searches, accounts by name, then the endpoints, by account and key."""
    found: dict[str, Certificate] = {}
    for account in sorted(snapshot.lists):
        units = _unit_names(snapshot.lists[account])
        for entry in snapshot.lists[account].get("certificates", []):
            key = certificate_key(account, entry, "id")
            if key is not None:
                found.setdefault(key, Certificate()).hear(account, entry, unit_of(entry, units))
                found[key].searched_in.add(account)
    for one in sorted(endpoints, key=lambda one: (one["account"], one["endpoint_key"])):
        if one["certificate_key"] is not None:
            certificate = found.setdefault(one["certificate_key"], Certificate())
            certificate.hear(one["account"], one["carrier"], one["own_unit"])
    for certificate in found.values():
        certificate.start, certificate.end = forward(certificate.start, certificate.end)
    return found


def _judge(one: Item, as_of_at: datetime, certificates: dict[str, Certificate], carried: set[str]) -> None:
    """Add to an endpoint what its certificate, its unit and the instant make of it."""
    certificate = certificates.get(one["certificate_key"] or "", Certificate())
    account, carrier = one["account"], one["carrier"] or {}
    own_start, own_end = validity(carrier.get("valid_from"), carrier.get("valid_to"))
    start, end = forward(first((own_start, certificate.start)), first((own_end, certificate.end)))
    left = None if end is None else math.floor((end - as_of_at) / timedelta(days=1))
    newer = (
        other
        for key, other in certificates.items()
        if key not in carried and account in other.searched_in and not other.is_revoked
        and other.common_name is not None and other.common_name == certificate.common_name
        and None not in (other.start, certificate.start, other.end, certificate.end)
        and other.start > certificate.start and other.end > certificate.end
    )  # fmt: skip
    one |= {
        "business_unit": first((one["own_unit"], certificate.units.get(account), "(unassigned)")),
        "end": end,
        "days_left": left if one["protection"] == "certificate" else None,
        "part_left": None if start is None or end is None or end < as_of_at else (end - as_of_at, end - start),
        "is_revoked": certificate.is_revoked,
        "is_owned_here": account in certificate.owned(),
        "is_owned": bool(certificate.owned()),
        "waits": next(newer, None) is not None,
        "names": {
            first((hexadecimal(carrier.get("thumbprint")), certificate.thumbprint)),
            first((hexadecimal(carrier.get("serial_number")), certificate.serial_number)),
        },
    }


def age(history: list[list[Item]], as_of: list[datetime]) -> None:
    """Since when each endpoint of the newest run has been unsecured without a break: `unsecured_days`, whole days."""
    before = [{one["endpoint_key"]: one["protection"] for one in run} for run in history]
    for one in history[-1]:
        since = None
        for run, instant_of_run in zip(reversed(before), reversed(as_of), strict=True):
            if run.get(one["endpoint_key"]) not in OPEN:
                break
            since = instant_of_run
        one["unsecured_days"] = None if since is None else (as_of[-1] - since) // timedelta(days=1)
