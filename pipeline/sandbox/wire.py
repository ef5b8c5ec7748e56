"""From the estate to the items of the API: dictionaries in the contract's words, encoded once and kept.

An endpoint's item ends with `last_discovered`, which changes with every scan: `encode_endpoint` gives the rest, and
`ScanClock` the ending, so that a week changes only the items in which something else happened.
"""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from pipeline.sandbox.certificates import format_instant
from pipeline.sandbox.estate import DAY, Branch, Endpoint, Protection, Record, Renewal, name_identifier
from pipeline.sandbox.founding import SCAN_GROUPS
from pipeline.sandbox.profiles import profile_of

_encode = msgspec.json.Encoder().encode
_DISCOVERY = {Protection.NONE: "NO_CERTIFICATE", Protection.ERROR: "DISCOVERY_ERROR"}


class ScanClock:
    """The endings of endpoint items: when the scan of each group last ran before an instant.

    Four groups of a hundred have fallen silent on some day, one gives bare dates, one says nothing.
    """

    def __init__(self, now: int, began: int) -> None:
        self.endings = tuple(_end_item(group, now, began) for group in range(SCAN_GROUPS))


def _end_item(group: int, now: int, began: int) -> bytes:
    if group % 100 == 99:
        return b"}"
    # Spread over the day before the instant, at odd minutes.
    at = now - 1200 - group * 7919 % (22 * 3600)
    if group % 100 in (17, 43, 61, 83):
        at = min(at, began + group * 104729 % (130 * DAY))
    text = format_instant(at)
    return f',"last_discovered":"{text[:10] if group % 100 == 5 else text}"}}'.encode()


def encode_endpoint(branch: Branch, endpoint: Endpoint, now: int) -> bytes:
    """The endpoint's item without its ending; kept until the endpoint is touched."""
    if endpoint.head is None:
        deployment, platform = endpoint.deployment, endpoint.deployment.platform
        item: dict[str, Any] = {
            "id": endpoint.id if endpoint.knows != "place" else None,
            "inventory_id": endpoint.guid if endpoint.is_automatable and endpoint.knows != "serial" else None,
            "location": f"{endpoint.ip}:{endpoint.port}" if endpoint.ip else None,
            "ip": endpoint.ip,
            "port": endpoint.port,
            "host_name": endpoint.host_name,
            "domain_name": endpoint.domain_name,
            "os_name": endpoint.machine[0] or None,
            "os_version": endpoint.machine[1] or None,
            "application": platform.application or None,
            "application_version": endpoint.version or None,
            "sensor_name": endpoint.sensor,
            "agent_name": endpoint.agent,
            "connector_name": endpoint.connector,
            "source": endpoint.source,
            "automation_status": endpoint.status if endpoint.knows != "thumbprint" else None,
            "job_name": endpoint.job_name,
            "security_rating": endpoint.rating,
            "business_unit": branch.show_unit(deployment.unit) if deployment.is_unit_known else None,
        }
        if endpoint.protection is Protection.CERTIFICATE and endpoint.record is not None:
            item.update(_show_installed(endpoint, endpoint.record, now))
        else:
            item["discovery_status"] = _DISCOVERY.get(endpoint.protection)
            item["discovery_error"] = endpoint.error
        endpoint.head = _encode(item)[:-1]
    return endpoint.head


def _show_installed(endpoint: Endpoint, record: Record, now: int) -> dict[str, Any]:
    """The certificate's fields of an endpoint item, as far as this endpoint knows them."""
    certificate = record.certificate
    ends = format_instant(certificate.valid_to)
    if endpoint.knows == "name":
        return {"common_name": certificate.subject.common_name, "valid_to": ends}
    fields: dict[str, Any] = {
        "common_name": certificate.subject.common_name,
        "serial_number": certificate.serial_number,
        "issuing_ca_name": certificate.issuer,
        "ca_vendor": certificate.authority.vendor,
        "valid_to": ends,
    }
    if endpoint.knows == "serial":
        return fields
    fields["thumbprint"] = certificate.thumbprint
    if endpoint.knows == "all":
        fields["certificate_id"] = record.ids.get(endpoint.account)
    fields.update(
        sans=certificate.subject.sans,
        valid_from=format_instant(certificate.valid_from),
        key_type=certificate.key.kind,
        key_size=str(certificate.key.size),
        signature_algorithm=certificate.algorithm,
        status=record.status(now),
        tags=record.deployment.tags,
        **_show_owners(record),
    )
    return fields


def _show_owners(record: Record) -> dict[str, Any]:
    owner = record.deployment.owner
    if not owner:
        return {"owners": [], "cert_owner_ids": []}
    return {
        "owners": [{"name": owner, "email": f"{owner}@tarnholm.example"}],
        "cert_owner_ids": [name_identifier("owner", owner)],
    }


def encode_entry(branch: Branch, endpoint: Endpoint) -> bytes:
    """The endpoint's entry in the automation inventory; kept until the endpoint is touched."""
    if endpoint.entry is None:
        managed = endpoint.deployment.renewal is Renewal.MANAGED
        endpoint.entry = _encode(
            {
                "guid": endpoint.guid,
                "inventory_id": endpoint.guid,
                "id": endpoint.guid,
                "common_name": endpoint.record.certificate.subject.common_name if endpoint.record else None,
                "ip": endpoint.ip,
                "port": endpoint.port,
                "domain_name": endpoint.domain_name,
                "automation_status": endpoint.status,
                "profile_id": profile_of(branch, endpoint.deployment)["id"] if managed else None,
                "agent_id": endpoint.agent and name_identifier("agent", endpoint.agent),
                "connector_id": endpoint.connector and name_identifier("connector", endpoint.connector),
            }
        )
    return endpoint.entry


def encode_certificate(branch: Branch, record: Record, now: int) -> bytes:
    """The certificate's item in an account; kept by account and status."""
    status = record.status(now)
    shown = record.shown.get((branch.account, status))
    if shown is None:
        shown = record.shown[branch.account, status] = _encode(_show_certificate(branch, record, status))
    return shown


def _show_certificate(branch: Branch, record: Record, status: str) -> dict[str, Any]:
    certificate, deployment = record.certificate, record.deployment
    subject = certificate.subject
    revocation = None
    if record.revoked_at is not None:
        revocation = {"reason": record.reason, "revocation_date": format_instant(record.revoked_at), "comments": ""}
    profile = profile_of(branch, deployment) if deployment.renewal is Renewal.MANAGED else None
    # A validity that an import gave as days ends with its day, so only such ends may be written as one.
    is_bare = certificate.authority.ends_at_midnight and certificate.serial % 37 == 0
    size = 10 if is_bare else None
    return {
        "id": record.ids[branch.account],
        "common_name": subject.common_name,
        "sans": subject.sans,
        "serial_number": certificate.serial_number,
        "thumbprint": certificate.thumbprint,
        "status": status,
        "valid_from": format_instant(certificate.valid_from)[:size],
        "valid_to": format_instant(certificate.valid_to)[:size],
        "issuing_ca_name": certificate.issuer,
        "ca_vendor": certificate.authority.vendor,
        "key_type": certificate.key.kind,
        "key_size": str(certificate.key.size),
        "signature_algorithm": certificate.algorithm,
        "subject": {"common_name": subject.common_name, "organization_name": subject.organization or None},
        "extended_key_usage": certificate.purposes,
        "pqc_vulnerable": True,
        "source": record.source,
        "connector": deployment.endpoints[0].connector if deployment.endpoints else None,
        "business_unit": branch.show_unit(deployment.unit) if deployment.is_unit_known else None,
        "profile": profile and {"id": profile["id"], "name": profile["name"]},
        "seat": {"seat_id": subject.sans[0]},
        "seat_type": {
            "id": "SERVER_SEAT" if profile else "UNMANAGED_SEAT",
            "name": "Server seat" if profile else "Unmanaged seat",
        },
        "account": {"id": branch.account_id},
        "revocation": revocation,
        "tags": deployment.tags,
        "custom_attributes": [],
        **_show_owners(record),
    }


def encode_agent(endpoint: Endpoint) -> bytes:
    """The agent of an endpoint's host; it has one."""
    return _encode_agent(endpoint.agent or "", endpoint.host_name, endpoint.machine[0], endpoint.scan % 100)


@functools.cache
def _encode_agent(name: str, host_name: str, os_name: str, group: int) -> bytes:
    status = {43: "Communication error", 61: "Action needed", 17: "Suspended"}.get(group, "Active")
    return _encode(
        {
            "id": name_identifier("agent", name),
            "name": name,
            "host_name": host_name,
            "status": status,
            "os_name": os_name,
        }
    )


def encode_unit(branch: Branch, number: int) -> bytes:
    """A business unit of an account."""
    account = {"id": branch.account_id, "name": f"Tarnholm Group, {branch.account}"}
    return _encode({**(branch.show_unit(branch.units[number]) or {}), "account": account})
