"""The invented estate over its simulated weeks."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

import msgspec

from pipeline.api.contract import LISTS
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.snapshot import AccountView, Snapshot


class World:
    """The estate of a plan; `at(week)` is its state at that week's instant."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def at(self, week: int) -> Snapshot:
        """Week 0 is the oldest."""
        as_of = self.plan.instants[week]
        accounts = {}
        for name, share in self.plan.shares.items():
            lists: dict[str, list[bytes]] = {call.name: [] for call in LISTS}
            for number in range(round(share * self.plan.endpoints)):
                uid = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}{number}"))
                serial = hashlib.sha256(uid.encode()).hexdigest()[:32].upper()
                item = {
                    "id": uid, "inventory_id": uid, "ip": f"10.0.{number // 250}.{number % 250 + 1}", "port": 443,
                    "host_name": f"web{number}.tarnholm.example", "domain_name": f"www{number}.tarnholm.example",
                    "common_name": f"www{number}.tarnholm.example", "serial_number": serial, "thumbprint": serial * 2,
                    "valid_from": (as_of - timedelta(days=30)).isoformat(), "valid_to": (as_of + timedelta(days=number % 190)).isoformat(),
                    "automation_status": "AUTO_RENEW_SCHEDULED", "status": "issued", "ca_vendor": "DigiCert",
                }
                lists["endpoints.discovered"].append(msgspec.json.encode(item))
                lists["endpoints.automatable"].append(msgspec.json.encode(item))
            accounts[name] = AccountView(str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), lists, [])
        return Snapshot(as_of, accounts)
