"""The invented estate over its simulated weeks, ready to be served."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from pipeline.sandbox.estate import WEEK, Branch, Endpoint, Protection, make_branches
from pipeline.sandbox.life import Life
from pipeline.sandbox.lists import NO_FORMS
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.profiles import account_profiles
from pipeline.sandbox.snapshot import AccountView, Ended, Snapshot
from pipeline.sandbox.wire import (
    ScanClock,
    encode_agent,
    encode_certificate,
    encode_endpoint,
    encode_entry,
    encode_unit,
)


class World:
    """The estate of a plan. The same plan gives the same bytes, in whatever order the weeks are asked for."""

    forms = NO_FORMS

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._branches = make_branches(tuple(plan.shares))
        self._life = Life(plan, self._branches)
        self._began = self._life.now
        self._weeks = [self._show()]

    def at(self, week: int) -> Snapshot:
        """The estate at a week's instant; week 0 is the oldest. Weeks are lived when they are first needed."""
        if not 0 <= week < self.plan.weeks:
            raise IndexError(f"The plan has weeks 0 to {self.plan.weeks - 1}, not {week}.")
        while len(self._weeks) <= week:
            self._life.live_week()
            self._weeks.append(self._show())
        return self._weeks[week]

    def _show(self) -> Snapshot:
        week = (self._life.now - self._began) // WEEK
        clock = ScanClock(self._life.now, self._began - 40 * 86400)
        accounts = {branch.account: self._show_account(branch, clock) for branch in self._branches}
        return Snapshot(self.plan.instants[week], accounts)

    def _show_account(self, branch: Branch, clock: ScanClock) -> AccountView:
        now = self._life.now
        endpoints = self._life.endpoints_of(branch)

        def list_endpoints(belongs: Callable[[Endpoint], bool]) -> Ended:
            members = [endpoint for endpoint in endpoints if belongs(endpoint)]
            heads = [encode_endpoint(branch, endpoint, now) for endpoint in members]
            return Ended(heads, [endpoint.scan for endpoint in members], clock.endings)

        records = self._life.renewals.inventory(branch.account, now)
        agents = {endpoint.agent: endpoint for endpoint in reversed(endpoints) if endpoint.agent is not None}
        lists: dict[str, Sequence[bytes]] = {
            "endpoints.automatable": list_endpoints(lambda endpoint: endpoint.is_automatable),
            "endpoints.unsecured": list_endpoints(_is_unsecured),
            "endpoints.discovered": list_endpoints(
                lambda endpoint: endpoint.is_discovered and not _is_unsecured(endpoint)
            ),
            "automation_inventory": [
                encode_entry(branch, endpoint) for endpoint in endpoints if endpoint.is_automatable
            ],
            "audit_log": self._life.trail.read(branch.account, now),
            "certificates": [encode_certificate(branch, record, now) for record in records],
            "business_units": [encode_unit(branch, number) for number in range(len(branch.units))],
            "profiles": [msgspec.json.encode(profile) for profile in account_profiles(branch)],
            "agents": [encode_agent(endpoint) for endpoint in agents.values()],
        }
        return AccountView(branch.account_id, lists, [record.certificate for record in records])


def _is_unsecured(endpoint: Endpoint) -> bool:
    return endpoint.protection is not Protection.CERTIFICATE
