"""An invented history for the tests of models: two accounts over some weeks, in which whatever can happen to an endpoint happens.

Endpoints come, go and come back, lose and exchange certificates, move between units and categories, and change status words; some
have no id. Certificates are shared between accounts, revoked, renewed and not deployed, and say different things in different places.
The second account is missing from some weeks. Equal seeds give equal pages (`tests/model_build.py` says how they lie on disk).
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 9, 7, 6, tzinfo=UTC)
ACCOUNTS = ("north", "south")
STATUSES = (None, "AUTO_RENEW_SCHEDULED", "Action required", "AUTOMATION_FAILED", "CONFIGURED", "never heard of")
RATINGS = (None, "SECURE", "At risk", "NOT_SECURE", "VERY_SECURE", "odd")
ISSUERS = (
    ("DigiCert Global G2 TLS RSA SHA256 2020 CA1", "DigiCert"),
    ("Sectigo RSA Organization Validation Secure Server CA", "Sectigo"),
    ("GeoTrust TLS RSA CA G1", "DigiCert"),
    ("Corp Internal CA", None),
    ("Somebody else CA", "Somebody"),
    (None, "Self signed"),
    (None, None),
)
KEYS = (("RSA", "2048"), ("RSA", "1024"), ("EC", "256"), ("DSA", "2048"), ("RSA", None), (None, None), ("ML-DSA", None))
SIGNATURES = ("sha256WithRSA", "sha1WithRSA", None, "ecdsa-with-SHA384")
UNITS = (None, {"id": "bu-1", "name": "Retail"}, {"id": "bu-2"}, {"id": "bu-3", "name": "Payments"})
ACTIONS = ("update", "delete", "certificate_renew")

Item = dict[str, Any]


def run_id(week: int) -> str:
    """The id of the run of a week, from 0."""
    return f"{START + timedelta(weeks=week):%Y%m%dT%H%M%SZ}-{week:06x}"


def write_weeks(folder: Path, seed: int, weeks: int, places: int = 12) -> Path:
    """Write the pages of `weeks` runs below `folder`, with `places` endpoints an account; gives `folder` back."""
    chance = random.Random(seed)  # noqa: S311 -- equal seeds give equal pages
    certificates = [_certificate(chance, number) for number in range(places + 6)]
    estates = {account: [_endpoint(chance, account, number) for number in range(places)] for account in ACCOUNTS}
    for week in range(weeks):
        as_of = START + timedelta(weeks=week)
        for certificate in certificates:
            _live_certificate(chance, certificate)
        run = folder / f"run-{week:02d}"
        for account, endpoints in estates.items():
            for endpoint in endpoints:
                _live_endpoint(chance, endpoint, certificates)
            # In the first week and in most others; an account that is missing is stale.
            if account == "north" or week == 0 or chance.random() < 0.6:
                _write(run / "pages" / account, _lists(chance, account, endpoints, certificates, as_of))
        facts = {"run_id": run_id(week), "as_of_at": as_of.isoformat(), "timezone": "Europe/Berlin"}
        (run / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def _certificate(chance: random.Random, number: int) -> Item:
    issuer, vendor = chance.choice(ISSUERS)
    key_type, key_size = chance.choice(KEYS)
    ends = START + timedelta(days=chance.choice((-10, 3, 10, 20, 24, 31, 38, 45, 60, 95, 200, 300)))
    starts = ends - timedelta(days=chance.choice((60, 90, 199, 250, 398)))
    name = f"c{number // 2}.example.test" if number % 5 else f"*.c{number // 2}.example.test"
    return {
        "id": f"cert-{number}",
        "common_name": name,
        "serial_number": f"5E{number:04X}" if number % 7 else None,
        "thumbprint": f"{number:02X}" * 32 if number % 3 else None,
        "status": "issued",
        "valid_from": f"{starts:%Y-%m-%dT%H:%M:%SZ}" if number % 11 else None,
        "valid_to": f"{ends:%Y-%m-%dT%H:%M:%SZ}" if number % 13 else None,
        "issuing_ca_name": name if number % 9 == 0 else issuer,
        "ca_vendor": vendor,
        "key_type": key_type,
        "key_size": key_size,
        "signature_algorithm": chance.choice(SIGNATURES),
        "tags": chance.choice((None, ["owner:a"], ["x", "owner:b"], [])),
        "is_searched": chance.random() < 0.8,
    }


def _live_certificate(chance: random.Random, certificate: Item) -> None:
    if chance.random() < 0.05:
        certificate["status"] = chance.choice(("issued", "revoked", "Revoked"))
    if chance.random() < 0.05:
        certificate["is_searched"] = not certificate["is_searched"]
    if chance.random() < 0.05:
        certificate["issuing_ca_name"], certificate["ca_vendor"] = chance.choice(ISSUERS)
    if chance.random() < 0.05:
        certificate["tags"] = chance.choice((None, ["owner:a"], ["y"]))


def _endpoint(chance: random.Random, account: str, number: int) -> Item:
    return {
        "id": f"ep-{account}-{number}" if number % 6 else None,
        "inventory_id": f"g-{account}-{number}" if chance.random() < 0.6 else None,
        "ip": f"192.0.2.{number}",
        "port": 443,
        "host_name": f"{account}{number}",
        "is_here": chance.random() < 0.6,
        "kinds": chance.sample(("automatable", "unsecured", "discovered"), chance.randint(1, 2)),
        "certificate": None,
        "unit": chance.choice(UNITS),
        "status": chance.choice(STATUSES),
        "rating": chance.choice(RATINGS),
        "error": None,
    }


def _live_endpoint(chance: random.Random, endpoint: Item, certificates: list[Item]) -> None:
    changes = {
        "is_here": (0.15, lambda: not endpoint["is_here"]),
        "kinds": (0.08, lambda: chance.sample(("automatable", "unsecured", "discovered"), chance.randint(1, 2))),
        "certificate": (
            0.25,
            lambda: None if chance.random() < 0.3 else chance.choice((*certificates, *certificates[:3])),
        ),
        "unit": (0.06, lambda: chance.choice(UNITS)),
        "status": (0.1, lambda: chance.choice(STATUSES)),
        "rating": (0.2, lambda: chance.choice(RATINGS)),
        "error": (0.1, lambda: chance.choice((None, "timeout"))),
    }
    for name, (probability, change) in changes.items():
        if chance.random() < probability:
            endpoint[name] = change()


def _lists(
    chance: random.Random, account: str, endpoints: list[Item], certificates: list[Item], as_of: datetime
) -> dict[str, list[Item]]:
    here = [endpoint for endpoint in endpoints if endpoint["is_here"]]
    pages: dict[str, list[Item]] = {
        f"endpoints.{kind}": [_item(chance, endpoint, as_of) for endpoint in here if kind in endpoint["kinds"]]
        for kind in ("automatable", "unsecured", "discovered")
    }
    searched = [one for number, one in enumerate(certificates) if one["is_searched"] and (number + len(account)) % 4]
    pages["certificates"] = [_entry(one, number) for number, one in enumerate(searched)]
    pages["automation_inventory"] = [
        {"guid": endpoint["inventory_id"], "automation_status": endpoint["status"], "profile_id": "p-20"}
        for endpoint in here[::3]
        if endpoint["inventory_id"]
    ]
    pages["business_units"] = [{"id": "bu-2", "name": "Research"}]
    pages["profiles"] = [
        {"id": f"p-{days}", "name": f"Window {days}", "renewal_period_days": days} for days in (20, 60)
    ]
    pages["audit_log"] = [_event(chance, account, here, as_of, number) for number in range(6)]
    return pages


def _item(chance: random.Random, endpoint: Item, as_of: datetime) -> Item:
    scanned = as_of - timedelta(days=chance.choice((0, 3, 20)))
    item = {name: endpoint[name] for name in ("id", "inventory_id", "ip", "port", "host_name")}
    item |= {
        "automation_status": endpoint["status"],
        "security_rating": endpoint["rating"],
        "discovery_error": endpoint["error"],
        "business_unit": endpoint["unit"],
        "last_discovered": f"{scanned:%Y-%m-%dT%H:%M:%SZ}",
        "sensor_name": "s1",
    }
    certificate = endpoint["certificate"]
    if certificate is not None:
        said = ("common_name", "serial_number", "thumbprint", "issuing_ca_name", "valid_from", "valid_to")
        item |= {name: certificate[name] for name in (*said, "key_type", "key_size", "signature_algorithm")}
        item["certificate_id"] = certificate["id"]
        if chance.random() < 0.1:  # an endpoint may know better, or worse
            item["issuing_ca_name"] = "Corp Internal CA"
    return item


def _entry(certificate: Item, number: int) -> Item:
    entry = {name: value for name, value in certificate.items() if name != "is_searched"}
    profile = {"id": ("p-20", "p-60", "p-unknown")[number % 3]}
    return entry | {
        "business_unit": UNITS[number % 4],
        "profile": profile,
        "extended_key_usage": "serverAuth, clientAuth",
    }


def _event(chance: random.Random, account: str, here: list[Item], as_of: datetime, number: int) -> Item:
    at = as_of - timedelta(hours=chance.randint(0, 200))
    named = chance.choice(here)["id"] if here and chance.random() < 0.7 else "nobody"
    return {
        "id": f"ev-{account}-{chance.randint(0, 40)}",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}" if number else "yesterday",
        "action": chance.choice(ACTIONS),
        "status": chance.choice(("success", "failure")),
        "resource_type": "endpoint",
        "resource_id": named,
        "description": "Something happened",
        "user": {"id": "u1", "name": "svc"},
    }


def _write(pages: Path, lists: dict[str, list[Item]]) -> None:
    pages.mkdir(parents=True, exist_ok=True)
    for resource, items in lists.items():
        (pages / f"{resource}.json").write_text(json.dumps(items), encoding="utf-8")
