"""The audit log of the invented estate."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from pipeline.sandbox.certificates import format_instant
from pipeline.sandbox.chance import Dice
from pipeline.sandbox.company import PEOPLE, SERVICE_USERS
from pipeline.sandbox.estate import DAY, Branch, Deployment, Endpoint, Record, name_identifier

ROBOT = SERVICE_USERS[0]
_OFFICE = (
    ("update", "profile", "Certificate profile updated", 2.0),
    ("create", "user", "Administrator invited", 0.5),
    ("update", "user", "Administrator role changed", 1.0),
    ("login", "user", "Administrator signed in", 26.0),
    ("create", "report", "Report created", 4.0),
    ("update", "end_entity_certificate", "Certificate tags updated", 6.0),
    ("create", "enrollment", "Enrollment created", 5.0),
    ("update", "seat", "Seat updated", 3.0),
    ("import", "end_entity_certificate", "Certificates imported from file", 2.0),
)
_MACHINE = (
    ("complete", "scan", "Network scan completed", "success", 30.0),
    ("complete", "scan", "Network scan completed, some targets did not answer", "warning", 5.0),
    ("update", "agent", "Agent configuration refreshed", "success", 8.0),
    ("update", "agent", "Agent unreachable", "failure", 3.0),
    ("update", "connector", "Connector synchronised", "success", 9.0),
    ("update", "connector", "Connector could not sign in: credentials expired", "failure", 1.0),
)


class Trail:
    """Writes the events of all accounts, also some that lie ahead; reads those up to an instant."""

    def __init__(self, dice: Dice, branches: tuple[Branch, ...]) -> None:
        self._dice = dice
        self._branches = {branch.account: branch for branch in branches}
        self._events: dict[str, list[tuple[int, bytes]]] = defaultdict(list)

    def read(self, account: str, now: int) -> list[bytes]:
        """The encoded events of an account up to an instant, oldest first."""
        events = self._events[account]
        # Nearly sorted already: only the last week is new.
        events.sort(key=lambda event: event[0])
        return [encoded for at, encoded in events if at <= now]

    def certificate(self, at: int, action: str, sentence: str, record: Record, actor: str) -> None:
        """An event about a certificate, in each account that holds it."""
        certificate = record.certificate
        data = {
            "thumbprint": certificate.thumbprint,
            "serial_number": certificate.serial_number,
            "common_name": certificate.subject.common_name,
        }
        for account, identifier in record.ids.items():
            about = ("end_entity_certificate", identifier, record.deployment)
            self._write(account, at, (action, "success", sentence), about, (data, actor))

    def endpoint(self, at: int, action: str, outcome: tuple[str, str], endpoint: Endpoint, actor: str) -> None:
        """An event about an endpoint; `outcome` is the status and the sentence."""
        data = {"location": f"{endpoint.ip}:{endpoint.port}", "domain_name": endpoint.domain_name}
        if endpoint.record is not None:
            data["thumbprint"] = endpoint.record.certificate.thumbprint
        about = ("endpoint", endpoint.id, endpoint.deployment)
        self._write(endpoint.account, at, (action, *outcome), about, (data, actor))

    def everyday(self, account: str, start: int, end: int, count: int) -> None:
        """What happens in an account anyway: people in office hours (a few not), machines around the clock."""
        for _ in range(count):
            at = self._dice.randrange(start, end)
            unit = self._dice.choice(self._branches[account].units)
            if self._dice.happens(0.5):
                action, kind, sentence, _ = self._dice.choices(_OFFICE, [row[-1] for row in _OFFICE])[0]
                if self._dice.happens(0.94):
                    at = _in_office_hours(at)
                status, actor = "success", self._dice.choice(PEOPLE)
            else:
                action, kind, sentence, status, _ = self._dice.choices(_MACHINE, [row[-1] for row in _MACHINE])[0]
                actor = self._dice.choice(SERVICE_USERS)
            if start <= at < end:
                about = (kind, self._dice.identifier(), None)
                self._write(account, at, (action, status, sentence), about, ({"business_unit": unit.name}, actor))

    def _write(
        self,
        account: str,
        at: int,
        what: tuple[str, str, str],
        about: tuple[str, str, Deployment | None],
        extra: tuple[dict[str, str], str],
    ) -> None:
        """`what`: action, status, sentence; `about`: kind, identifier, deployment; `extra`: details, actor."""
        branch = self._branches[account]
        data, actor = extra
        deployment = about[2]
        unit = branch.show_unit(deployment.unit) if deployment is not None and deployment.is_unit_known else None
        event = {
            "id": self._dice.identifier(),
            "timestamp": self._format(at),
            "action": what[0],
            "status": what[1],
            "resource_type": about[0],
            "resource_id": about[1],
            "description": what[2],
            "data": self._pack(data),
            "user": {"id": name_identifier("user", actor), "name": actor},
            "account": {"id": branch.account_id},
            "business_unit": unit and {"id": unit["id"]},
        }
        self._events[account].append((at, msgspec.json.encode(event)))

    def _format(self, at: int) -> str:
        """Most instants end in Z; a few carry milliseconds and an offset."""
        text = format_instant(at)
        return text if self._dice.happens(0.96) else text.replace("Z", f".{self._dice.randrange(1000):03}+00:00")

    def _pack(self, data: dict[str, str]) -> str | dict[str, str]:
        """Details are a JSON text; here and there an object."""
        return msgspec.json.encode(data).decode() if self._dice.happens(0.94) else data


def _in_office_hours(at: int) -> int:
    """The same working day between 07:00 and 17:00 UTC; a weekend becomes the Friday before."""
    day = at // DAY
    weekday = (day + 3) % 7
    day -= max(weekday - 4, 0)
    return day * DAY + 7 * 3600 + at % (10 * 3600)
