"""The estate from week to week: hosts come and go, fail and return, are enrolled and covered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pipeline.sandbox.audit import ROBOT, Trail
from pipeline.sandbox.authorities import DIGICERT_G2, SELF_SIGNED
from pipeline.sandbox.certificates import format_instant
from pipeline.sandbox.chance import Dice
from pipeline.sandbox.company import DISCOVERY_ERRORS, HOSTILE_NAMES, PEOPLE
from pipeline.sandbox.estate import DAY, WEEK, Branch, Deployment, Endpoint, Protection, Renewal
from pipeline.sandbox.founding import FAILURES, Founder
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.renewals import Renewals, touch_all

BURN_IN_WEEKS = 5
"""Weeks lived before the first one that is shown: outages, waiting installations and revocations have settled."""
_GROWTH = 0.004
_EVERYDAY = 0.018
_FAILED = frozenset(status for status, _, _ in FAILURES)
_ENROLLED = 0.0070
_PROTECTED = 0.0010
_WORSE = {"VERY_SECURE": "SECURE", "SECURE": "AT_RISK", "AT_RISK": "NOT_SECURE"}
_BETTER = {after: before for before, after in _WORSE.items()}


class Life:
    """The estate at one instant, `now`; `live_week` takes it to the next. Counts below are a week's among 10,000."""

    def __init__(self, plan: Plan, branches: tuple[Branch, ...]) -> None:
        self.plan = plan
        self._dice = Dice(
            f"{plan.seed} {plan.endpoints} {plan.as_of.isoformat()} {plan.weeks} {sorted(plan.shares.items())}"
        )
        self._branches = branches
        self.trail = Trail(self._dice, branches)
        self._founder = Founder(self._dice, branches, min(len(HOSTILE_NAMES), plan.endpoints // 20))
        self.renewals = Renewals(self._dice, self._founder, self.trail)
        self.endpoints: list[Endpoint] = []
        self._weeks_left = plan.weeks - 1 + BURN_IN_WEEKS
        self.now = _seconds(plan.as_of) - self._weeks_left * WEEK
        self._settle()
        for _ in range(BURN_IN_WEEKS):
            self.live_week()

    def _size(self, branch: Branch) -> int:
        """How many endpoints an account has now; at `as_of` exactly its share of the plan."""
        total = sum(self.plan.shares.values()) or 1
        size = round(self.plan.endpoints * self.plan.shares[branch.account] / total)
        return round(size * max(1 - _GROWTH * self._weeks_left, 0.2))

    def _settle(self) -> None:
        """The estate as it was before the first week."""
        self._founder.lag = (_ENROLLED * self._weeks_left, _PROTECTED * self._weeks_left)
        founded: list[Deployment] = []
        for branch in self._branches:
            self._share_certificates(branch, founded)
            missing = self._size(branch) - len(self.endpoints_of(branch))
            while missing > 0:
                deployment = self._founder.found(branch, missing)
                founded.append(deployment)
                self.endpoints += deployment.endpoints
                missing -= len(deployment.endpoints)
        for deployment in founded:
            if deployment.endpoints[0].protection is Protection.CERTIFICATE:
                self.renewals.begin(deployment, self.now)
        for branch in self._branches:
            # Ninety days of everyday events, because that is how far the first extraction looks back.
            count = round(_EVERYDAY * self._size(branch) * 90 / 7)
            self.trail.everyday(branch.account, self.now - 90 * DAY, self.now, count)

    def _share_certificates(self, branch: Branch, founded: list[Deployment]) -> None:
        """A branch installs a few certificates of the head office on machines of its own."""
        names = {unit.name for unit in branch.units}
        shared = [d for d in founded if len(d.endpoints) > 3 and d.unit.name in names]
        for deployment in self._dice.some(shared, self._size(branch) // 250):
            for _ in range(2):
                self.endpoints.append(self._founder.add_endpoint(branch, deployment, Protection.CERTIFICATE))

    def endpoints_of(self, branch: Branch) -> list[Endpoint]:
        """The endpoints that a scan of this account finds now, oldest first."""
        account = branch.account
        return [e for e in self.endpoints if e.account == account and not e.is_absent]

    def live_week(self) -> None:
        """Seven days later."""
        start = self.now
        self._weeks_left -= 1
        self._founder.lag = (0.0, 0.0)
        self.now += WEEK
        self._calm_down()
        share = len(self.endpoints) / 10_000
        steps: tuple[tuple[Callable[[Endpoint, int], None], Callable[[Endpoint], bool], float], ...] = (
            (self._remove, _is_anything, 48),
            (self._hide, _has_certificate, 9),
            (self._fail_scan, _has_certificate, 30),
            (self._uncover, _has_certificate, 12),
            (self._cover, _has_none, 25),
            (self._enrol, _can_enrol, 10_000 * _ENROLLED * 0.8),
            (self._fail_automation, _is_managed, 60),
            (self._refresh_status, _is_managed, 300),
            (self._rate_worse, _has_certificate, 45),
            (self._rate_better, _has_certificate, 80),
            (self._assign_unit, _has_no_unit, 6),
            (self._reissue, _is_small, 17),
            (self._switch, _has_public_certificate, 3),
            (self._revoke, _is_small, 1.6),
        )
        for act, may, expected in steps:
            for endpoint in self._draw(may, self._dice.about(expected * share)):
                act(endpoint, self._dice.randrange(start + 60, self.now - 3600))
        self.endpoints = [e for e in self.endpoints if not e.is_gone]
        self.renewals.run_until(self.now)
        self._arrive(start)
        self._age(start)
        for branch in self._branches:
            self.trail.everyday(branch.account, start, self.now, round(_EVERYDAY * self._size(branch)))

    def _draw(self, may: Callable[[Endpoint], bool], count: int) -> list[Endpoint]:
        """Different endpoints that qualify, at random; fewer where hardly any do."""
        drawn: dict[Endpoint, None] = {}
        for _ in range(100 * count if self.endpoints else 0):
            endpoint = self._dice.choice(self.endpoints)
            if may(endpoint) and not endpoint.is_gone and not endpoint.is_absent and endpoint not in drawn:
                drawn[endpoint] = None
            if len(drawn) == count:
                break
        return list(drawn)

    def _arrive(self, start: int) -> None:
        """New hosts, until every account has the size that it should have."""
        for branch in self._branches:
            missing = self._size(branch) - len(self.endpoints_of(branch))
            while missing > 0:
                deployment = self._founder.found(branch, missing)
                self.endpoints += deployment.endpoints
                missing -= len(deployment.endpoints)
                at = self._dice.randrange(start + 60, self.now - 3600)
                for endpoint in deployment.endpoints[:1]:
                    self.trail.endpoint(at, "create", ("success", "Endpoint discovered"), endpoint, ROBOT)
                if deployment.endpoints[0].protection is Protection.CERTIFICATE:
                    self.renewals.start(deployment, at)

    def _calm_down(self) -> None:
        """Success is shown for 24 hours only; one failure in three is repaired within the week."""
        for endpoint in self.endpoints:
            status = endpoint.status
            if status == "AUTOMATION_SUCCESSFUL" or (status in _FAILED and self._dice.happens(0.33)):
                endpoint.status = "AUTO_RENEW_SCHEDULED" if _is_managed(endpoint) else "CONFIGURED"
                endpoint.touch()

    def _age(self, start: int) -> None:
        """What the passing of the week alone changes: expired certificates, fresh successes."""
        for endpoint in self.endpoints:
            record = endpoint.record
            if record is not None and start <= record.certificate.valid_to < self.now:
                if endpoint.rating is not None:
                    endpoint.rating = "NOT_SECURE"
                endpoint.touch()
        for endpoint, at in self.renewals.take_fresh():
            if at > self.now - DAY and _is_managed(endpoint):
                endpoint.status = "AUTOMATION_SUCCESSFUL"
                endpoint.touch()

    def _remove(self, endpoint: Endpoint, at: int) -> None:
        endpoint.is_gone = True
        endpoint.deployment.endpoints.remove(endpoint)
        outcome = ("success", "Endpoint and its certificate data deleted")
        self.trail.endpoint(at, "delete", outcome, endpoint, self._dice.choice((*PEOPLE, ROBOT)))

    def _hide(self, endpoint: Endpoint, at: int) -> None:
        """Switched off: no scan sees it for a week or two."""
        endpoint.is_absent = True

        def come_back(_: int) -> None:
            endpoint.is_absent = False

        self.renewals.schedule(at + self._dice.randrange(7 * DAY, 16 * DAY), come_back)

    def _fail_scan(self, endpoint: Endpoint, at: int) -> None:
        """An outage: scans fail until it returns with the certificate that it had, or a newer one."""
        endpoint.protection = Protection.ERROR
        endpoint.error = self._dice.choice(DISCOVERY_ERRORS)
        endpoint.touch()
        self.trail.endpoint(at, "update", ("failure", f"Discovery failed: {endpoint.error}"), endpoint, ROBOT)

        def recover(_: int) -> None:
            if endpoint.protection is Protection.ERROR:
                endpoint.protection = Protection.CERTIFICATE
                endpoint.error = None
                endpoint.touch()

        self.renewals.schedule(at + self._dice.randrange(2 * DAY, 20 * DAY), recover)

    def _uncover(self, endpoint: Endpoint, at: int) -> None:
        """Its certificate is gone."""
        endpoint.protection = Protection.NONE if self._dice.happens(0.75) else Protection.UNSPECIFIED
        endpoint.record = None
        self._founder.dress(endpoint)
        self.trail.endpoint(at, "update", ("warning", "No certificate is installed any more"), endpoint, ROBOT)

    def _cover(self, endpoint: Endpoint, at: int) -> None:
        """It gets a certificate."""
        endpoint.protection = Protection.CERTIFICATE
        self._founder.dress(endpoint)
        self.renewals.start(endpoint.deployment, at)

    def _enrol(self, endpoint: Endpoint, at: int) -> None:
        """Automation takes over."""
        deployment = endpoint.deployment
        deployment.renewal = Renewal.MANAGED
        for member in deployment.endpoints:
            member.status = self._founder.draw_status(member)
            member.job_name = f"enrol-{format_instant(at)[:10]}"
            self.trail.endpoint(at, "update", ("success", "Automation configured"), member, self._dice.choice(PEOPLE))
        touch_all(deployment.endpoints)
        self.renewals.take_over(deployment, at)

    def _fail_automation(self, endpoint: Endpoint, at: int) -> None:
        status, _, sentence = self._dice.choices(FAILURES, [row[1] for row in FAILURES])[0]
        endpoint.status = status
        endpoint.touch()
        self.trail.endpoint(at, "update", ("failure", sentence), endpoint, ROBOT)

    def _refresh_status(self, endpoint: Endpoint, _at: int) -> None:
        endpoint.status = self._founder.draw_managed_status()
        endpoint.touch()

    def _rate_worse(self, endpoint: Endpoint, _at: int) -> None:
        self._rate(endpoint, _WORSE)

    def _rate_better(self, endpoint: Endpoint, _at: int) -> None:
        if endpoint.rating != "NOT_SECURE" and endpoint.deployment.authority is not SELF_SIGNED:
            self._rate(endpoint, _BETTER)

    def _rate(self, endpoint: Endpoint, moves: dict[str, str]) -> None:
        if endpoint.rating in moves:
            endpoint.rating = moves[endpoint.rating]
            endpoint.touch()

    def _assign_unit(self, endpoint: Endpoint, at: int) -> None:
        deployment = endpoint.deployment
        deployment.is_unit_known = True
        if deployment.newest is not None:
            deployment.newest.shown.clear()
        touch_all(deployment.endpoints)
        self.trail.endpoint(at, "update", ("success", "Business unit updated"), endpoint, self._dice.choice(PEOPLE))

    def _reissue(self, endpoint: Endpoint, at: int) -> None:
        self.renewals.reissue(endpoint.deployment, at)

    def _switch(self, endpoint: Endpoint, at: int) -> None:
        self.renewals.switch(endpoint.deployment, at)

    def _revoke(self, endpoint: Endpoint, at: int) -> None:
        self.renewals.revoke(endpoint.deployment, at)


def _is_anything(_endpoint: Endpoint) -> bool:
    return True


def _has_certificate(endpoint: Endpoint) -> bool:
    return endpoint.protection is Protection.CERTIFICATE and endpoint.record is not None


def _is_small(endpoint: Endpoint) -> bool:
    """What happens to a wildcard on forty endpoints would be news; the everyday happens to small ones."""
    return _has_certificate(endpoint) and len(endpoint.deployment.endpoints) < 4


def _has_none(endpoint: Endpoint) -> bool:
    return endpoint.protection in (Protection.NONE, Protection.UNSPECIFIED)


def _has_public_certificate(endpoint: Endpoint) -> bool:
    deployment = endpoint.deployment
    return _has_certificate(endpoint) and deployment.authority is DIGICERT_G2 and len(deployment.endpoints) == 1


def _has_no_unit(endpoint: Endpoint) -> bool:
    return not endpoint.deployment.is_unit_known


def _is_managed(endpoint: Endpoint) -> bool:
    return endpoint.is_managed and _has_certificate(endpoint)


def _can_enrol(endpoint: Endpoint) -> bool:
    deployment = endpoint.deployment
    is_by_hand = deployment.renewal is Renewal.HAND and deployment.authority is not SELF_SIGNED
    return endpoint.is_automatable and is_by_hand and _has_certificate(endpoint)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
