"""The records that the extraction is measured on: endpoints of about 2.5 KB, audit events of about 440 B, one a line.

Every field of the contract is filled; the chain is a field that the contract does not know. Chance is seeded, so two
machines measure the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
AUDIT_DAYS = 80
_CAS = ("DigiCert Global G3 TLS ECC SHA384 2020 CA1", "Example Issuing CA 04", "R11", "Sectigo RSA DV Secure Server CA")
_WORDS = ("api", "shop", "mail", "vpn", "edge", "auth", "files", "grid", "lab", "pay", "search", "stage", "web", "wiki")


def write_endpoints(path: Path, count: int) -> None:
    """NDJSON with `count` endpoints."""
    chance = random.Random(12)  # noqa: S311 -- for made-up records
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(_endpoint(chance, number)) + b"\n" for number in range(count))


def write_events(path: Path, count: int) -> None:
    """NDJSON with `count` audit events of the days before NOW, in the order of their time."""
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(event) + b"\n" for event in _events(count))


def _guid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128)))


def _hexadecimal(chance: random.Random, size: int) -> str:
    return f"{chance.getrandbits(4 * size):0{size}X}"


def _endpoint(chance: random.Random, number: int) -> dict[str, object]:
    unit, ca = number % 23, _CAS[number % 4]
    name = f"{chance.choice(_WORDS)}-{number:06}"
    domain = f"{name}.unit{unit:02}.example.com"
    address = f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"
    start = NOW - timedelta(seconds=chance.randrange(300 * 86_400))
    owners = [chance.randrange(400) for _ in range(2)]
    return {
        "id": _guid(chance),
        "inventory_id": _guid(chance),
        "location": f"{address}:443",
        "ip": address,
        "port": 443,
        "host_name": f"host-{number:06}.dc{unit % 5}.example.net",
        "domain_name": domain,
        "os_name": "linux" if number % 3 else "windows server",
        "os_version": f"{8 + number % 4}.{number % 10}",
        "application": ("nginx", "apache", "iis", "f5")[number % 4],
        "application_version": f"1.{number % 30}.{number % 7}",
        "sensor_name": f"sensor-{unit:02}",
        "agent_name": f"agent-{number % 900:03}",
        "connector_name": f"connector-{number % 12:02}",
        "source": "Network scan",
        "automation_status": ("AVAILABLE", "MANAGED", "NOT_AVAILABLE")[number % 3],
        "job_name": f"Renewal wave {number % 60}",
        "security_rating": ("VERY_SECURE", "SECURE", "AT_RISK", "NOT_SECURE")[number % 4],
        "discovery_status": "COMPLETED",
        "discovery_error": "",
        "last_discovered": f"{NOW - timedelta(seconds=chance.randrange(86_400)):%Y-%m-%dT%H:%M:%SZ}",
        "certificate_id": _guid(chance),
        "common_name": domain,
        "sans": [f"{word}.{domain}" for word in _WORDS[: 9 + number % 6]],
        "serial_number": _hexadecimal(chance, 32),
        "thumbprint": _hexadecimal(chance, 64),
        "issuing_ca_name": ca,
        "ca_vendor": ("DigiCert", "Private CA", "Let's Encrypt", "Sectigo")[number % 4],
        "valid_from": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "valid_to": f"{start + timedelta(days=397):%Y-%m-%dT%H:%M:%SZ}",
        "key_type": "RSA",
        "key_size": "2048",
        "signature_algorithm": "sha256WithRSA",
        "status": "issued",
        "business_unit": {"id": f"5d3c1c9e-0000-4000-8000-{unit:012}", "name": f"Business unit {unit:02}"},
        "tags": [{"id": number % 40, "name": f"service:{name}"}, {"id": number % 7, "name": f"tier-{number % 7}"}],
        "owners": [
            {"id": one, "first_name": f"First{one}", "last_name": f"Last{one}", "email": f"owner{one}@example.com"}
            for one in owners
        ],
        "cert_owner_ids": owners,
        "chain": [
            {"subject": f"CN={ca}, O=Example Trust, C=US", "issuer": f"CN=Example Root G{number % 4}, C=US"}
            | {"serial_number": f"0A{number % 4:030}", "key": "EC 384", "valid_to": "2031-04-13T23:59:59Z"},
            {"subject": f"CN=Example Root G{number % 4}, C=US", "issuer": f"CN=Example Root G{number % 4}, C=US"}
            | {"serial_number": f"0B{number % 4:030}", "key": "RSA 4096", "valid_to": "2038-01-15T12:00:00Z"},
        ],
    }


def _events(count: int) -> Iterator[dict[str, object]]:
    chance = random.Random(13)  # noqa: S311 -- the same
    first, step = NOW - timedelta(days=AUDIT_DAYS), AUDIT_DAYS * 86_400 / count
    for number in range(count):
        action = ("create", "update", "renew", "revoke")[number % 4]
        yield {
            "id": _guid(chance),
            "timestamp": f"{first + timedelta(seconds=int(number * step)):%Y-%m-%dT%H:%M:%SZ}",
            "action": action,
            "status": "success",
            "resource_type": "certificate",
            "resource_id": _guid(chance),
            "description": f"Certificate of host-{chance.randrange(200_000):06}.example.net: {action}",
            "data": '{"serial_number": "' + _hexadecimal(chance, 32) + '"}',
            "user": {"id": f"7b1e0000-0000-4000-8000-{number % 50:012}", "name": f"user{number % 50}@example.com"},
            "account": {"id": 1_234_567},
            "business_unit": {"id": f"5d3c1c9e-0000-4000-8000-{number % 23:012}"},
        }
