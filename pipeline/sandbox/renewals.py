"""The life of certificates: asked for, issued, installed, renewed, reissued, replaced, revoked, forgotten."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable

from pipeline.sandbox.audit import ROBOT, Trail
from pipeline.sandbox.authorities import LETS_ENCRYPT_R
from pipeline.sandbox.chance import Dice
from pipeline.sandbox.company import PEOPLE
from pipeline.sandbox.estate import DAY, Deployment, Endpoint, Protection, Record, Renewal
from pipeline.sandbox.founding import Founder
from pipeline.sandbox.issuing import Issuer, plan_renewal, plan_validity

_SILENT_SHARE = 0.02
_FAILED_SHARE = 0.012
_STUCK_SHARE = 0.012
_HISTORY_DAYS = 120
_KEPT_DAYS = 60


class Renewals:
    """Certificates of the estate, and the agenda of what is due.

    `records` are all certificates of the inventory in the order they came in.
    """

    def __init__(self, dice: Dice, founder: Founder, trail: Trail) -> None:
        self._dice = dice
        self._issuer = Issuer(dice)
        self._founder = founder
        self._trail = trail
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._numbers = itertools.count()
        self.records: list[Record] = []
        self._fresh: list[tuple[Endpoint, int]] = []

    def inventory(self, account: str, now: int) -> list[Record]:
        """The certificates that an account still keeps: two months after their end they leave, unless installed."""
        kept = now - _KEPT_DAYS * DAY
        return [
            record
            for record in self.records
            if account in record.ids
            and (
                record.certificate.valid_to > kept
                or any(endpoint.record is record for endpoint in record.deployment.endpoints)
            )
        ]

    def schedule(self, at: int, act: Callable[[int], None]) -> None:
        """Do something at an instant."""
        heapq.heappush(self._agenda, (at, next(self._numbers), act))

    def run_until(self, end: int) -> None:
        """Do everything that is due at or before an instant, in order."""
        while self._agenda and self._agenda[0][0] <= end:
            at, _, act = heapq.heappop(self._agenda)
            act(at)

    def begin(self, deployment: Deployment, now: int) -> None:
        """Give an existing deployment the certificate that it would have: issued some time ago, not yet renewed."""
        dice = self._dice
        for longest_ago in [1100 * DAY] * 60 + [20 * DAY] * 60:
            issued_at = now - int(dice.random() * longest_ago)
            validity = plan_validity(deployment.authority, issued_at, is_over_long=deployment.is_over_long)
            due_at = plan_renewal(dice, deployment.renewal, validity)
            # What nobody renews any more may have expired half a year ago.
            if (validity[1] + 180 * DAY if due_at is None else due_at) > now:
                break
        self._remember_older(deployment, issued_at, now)
        record = self._issuer.record(deployment, validity)
        self.records.append(record)
        if issued_at > now - 90 * DAY:
            self._trail.certificate(issued_at, "create", "Certificate issued", record, self._actor(deployment))
        self._put(deployment, record)
        self._expect(deployment, due_at)

    def _remember_older(self, deployment: Deployment, issued_at: int, now: int) -> None:
        """The certificate before a young one is still in the inventory."""
        if issued_at < now - _HISTORY_DAYS * DAY or self._dice.happens(0.4):
            return
        start, end = plan_validity(deployment.authority, issued_at - 60 * DAY)
        start, end = plan_validity(deployment.authority, issued_at + 30 * DAY - (end - start))
        if start < issued_at:
            older = self._issuer.record(deployment, (start, end))
            self.records.append(older)

    def start(self, deployment: Deployment, at: int) -> None:
        """The first certificate of a new or newly covered deployment, issued and installed at once."""
        record = self._issue(deployment, at)
        self._install(deployment, record, at + 600)

    def _issue(self, deployment: Deployment, at: int) -> Record:
        record = self._issuer.issue(deployment, at)
        self._announce(deployment, record, at)
        return record

    def _announce(self, deployment: Deployment, record: Record, at: int) -> None:
        """Into the inventory, and an event, except for two in a hundred of which no event ever tells."""
        deployment.newest = record
        self.records.append(record)
        record.is_silent = len(deployment.endpoints) < 5 and self._dice.happens(_SILENT_SHARE)
        if not record.is_silent:
            self._trail.certificate(at, "create", "Certificate issued", record, self._actor(deployment))

    def _install(self, deployment: Deployment, record: Record, at: int) -> None:
        """Put a certificate on the endpoints, unless a newer one has overtaken it."""
        if deployment.newest is not record:
            return
        self._put(deployment, record)
        actor = self._actor(deployment)
        for endpoint in deployment.endpoints[: 0 if record.is_silent else 3]:
            self._trail.endpoint(at, "update", ("success", "Certificate installed"), endpoint, actor)
        if deployment.renewal is Renewal.MANAGED:
            self._fresh += [(endpoint, at) for endpoint in deployment.endpoints]
        certificate = record.certificate
        validity = (certificate.valid_from, certificate.valid_to)
        self._expect(deployment, plan_renewal(self._dice, deployment.renewal, validity))

    def _put(self, deployment: Deployment, record: Record) -> None:
        deployment.newest = record
        for endpoint in deployment.endpoints:
            if endpoint.protection in (Protection.CERTIFICATE, Protection.ERROR):
                endpoint.record = record
                if endpoint.protection is Protection.CERTIFICATE and endpoint.rating in (None, "NOT_SECURE"):
                    endpoint.rating = self._founder.draw_rating(deployment)
                endpoint.touch()

    def _expect(self, deployment: Deployment, due_at: int | None) -> None:
        deployment.due_at = due_at
        if due_at is not None:
            self.schedule(due_at, lambda at: self._renew(deployment, at))

    def take_over(self, deployment: Deployment, at: int) -> None:
        """Automation renews from now on: in its window, or within a day when that has begun."""
        if deployment.newest is not None and deployment.due_at is not None:
            certificate = deployment.newest.certificate
            due_at = plan_renewal(self._dice, deployment.renewal, (certificate.valid_from, certificate.valid_to))
            self._expect(deployment, max(due_at or at, at + 3600))

    def take_fresh(self) -> list[tuple[Endpoint, int]]:
        """Endpoints on which automation has installed a certificate since the last call, and when."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def _renew(self, deployment: Deployment, at: int) -> None:
        if deployment.due_at != at or not any(e.record for e in deployment.endpoints):
            return
        dice = self._dice
        deployment.is_over_long = False
        if deployment.renewal is Renewal.MANAGED and dice.happens(_FAILED_SHARE):
            for endpoint in deployment.endpoints:
                endpoint.status = "AUTOMATION_FAILED"
                endpoint.touch()
                outcome = ("failure", "Automation failed: the authority did not answer")
                self._trail.endpoint(at, "update", outcome, endpoint, ROBOT)
            self._expect(deployment, at + dice.randrange(2 * DAY, 12 * DAY))
            return
        record = self._issue(deployment, at)
        wait = 900
        if deployment.renewal is Renewal.HAND:
            wait = dice.randrange(900, 6 * 3600) if dice.happens(0.5) else int(dice.expovariate(1 / (12 * DAY))) + DAY
        elif dice.happens(_STUCK_SHARE):
            wait = dice.randrange(4 * DAY, 16 * DAY)
            for endpoint in deployment.endpoints:
                endpoint.status = "INSTALL_FAILED"
                endpoint.touch()
        deployment.due_at = None
        self.schedule(at + wait, lambda then: self._install(deployment, record, then))

    def reissue(self, deployment: Deployment, at: int) -> None:
        """Another certificate with the same end."""
        old = deployment.newest
        if old is None or at >= old.certificate.valid_to:
            return
        start, _ = plan_validity(deployment.authority, at)
        validity = (start, old.certificate.valid_to)
        record = self._issuer.record(deployment, validity)
        self._announce(deployment, record, at)
        self._install(deployment, record, at)

    def switch(self, deployment: Deployment, at: int) -> None:
        """Another authority, with a shorter certificate: replaced by one that ends earlier."""
        deployment.authority = LETS_ENCRYPT_R
        deployment.algorithm = LETS_ENCRYPT_R.algorithm
        deployment.renewal = Renewal.ACME
        self._install(deployment, self._issue(deployment, at), at + 600)

    def revoke(self, deployment: Deployment, at: int) -> None:
        """Revoked while installed; somebody replaces it days later."""
        record = deployment.newest
        if record is None or record.revoked_at is not None:
            return
        dice = self._dice
        record.revoked_at = at
        record.reason = dice.pick((("key_compromise", 30.0), ("superseded", 40.0), ("cessation_of_operation", 30.0)))
        record.shown.clear()
        touch_all(deployment.endpoints)
        self._trail.certificate(at, "revoke", "Certificate revoked", record, dice.choice(PEOPLE))
        self._expect(deployment, at + dice.randrange(2 * DAY, 16 * DAY))

    def _actor(self, deployment: Deployment) -> str:
        return self._dice.choice(PEOPLE) if deployment.renewal is Renewal.HAND else ROBOT


def touch_all(endpoints: Iterable[Endpoint]) -> None:
    """Encode these anew."""
    for endpoint in endpoints:
        endpoint.touch()
