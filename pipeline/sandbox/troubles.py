"""Which faults a request meets, and what they make of its answer. No I/O; the clock is given."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime

from pipeline.api.contract import BY_NAME
from pipeline.sandbox.faults import Family, Fault, Turn, strikes
from pipeline.sandbox.messages import CONSOLE, HTML, TEXT, Delivery, ErrorShape, Refusal, Reply

_WINDOWS = ((5.0, 100), (180.0, 1000))  # seconds, requests: what the sibling product documents
_STATUSES = {"429": "Too many requests", "503": "The service is being maintained", "500": "An internal error"}
_PIECES = 20
_REACH = {"reset": Delivery.RESET, "hang": Delivery.HANG, "cut": Delivery.CUT}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a request meets: its turn, the fault in the place of an answer, faults of pace, shifts of the rows."""

    turn: Turn
    fault: Fault | None
    paces: tuple[Fault, ...]
    shifts: tuple[Fault, ...]


class Troubles:
    """Counts requests and strikes for a set of faults; the same requests meet the same troubles."""

    def __init__(self, faults: tuple[Fault, ...], seed: int, clock: Callable[[], float]) -> None:
        self._faults = faults
        self._seed = seed
        self._clock = clock
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._struck: Counter[tuple[Fault, str, str]] = Counter()
        self._furthest: Counter[tuple[str, str]] = Counter()
        self._times: dict[str, deque[float]] = {}
        shapes = [fault.base for fault in faults if fault.kind.family is Family.ERROR]
        self.shape = ErrorShape(shapes[0]) if shapes else ErrorShape.ARRAY
        """The form of every error."""

    def meet(self, account: str, call: str, page: str, offset: int) -> Trouble:
        """Count a request and say what strikes it; of several answers one, chosen by the seed."""
        self._furthest[account, call] = max(self._furthest[account, call], offset)
        turn = Turn(
            account,
            call,
            page,
            furthest=self._furthest[account, call],
            total=self._count(account),
            number=self._count(account, call),
            attempt=self._count(account, call, page),
        )
        struck = [fault for fault in self._faults if self._strikes(fault, turn)]
        by_family = {family: [fault for fault in struck if fault.kind.family is family] for family in Family}
        answers = by_family[Family.ANSWER]
        fault = next(iter(by_family[Family.ACCESS]), None)
        if fault is None and answers:
            fault = answers[int(turn.chance(self._seed, "which") * len(answers))]
        chosen = [*([fault] if fault else []), *by_family[Family.PACE], *by_family[Family.SHIFT]]
        self._struck.update((one, account, call) for one in chosen)
        return Trouble(turn, fault, tuple(by_family[Family.PACE]), tuple(by_family[Family.SHIFT]))

    def _count(self, *key: str) -> int:
        self._counts[key] += 1
        return self._counts[key]

    def _strikes(self, fault: Fault, turn: Turn) -> bool:
        if not fault.concerns(turn.account, turn.call):
            return False
        if fault.name == "rate-limit":
            return self._seconds_to_wait(turn.account) > 0
        return strikes(fault, turn, self._struck[fault, turn.account, turn.call], self._seed)

    def _seconds_to_wait(self, account: str) -> float:
        """Until the account may ask again, 0 when it may now: then this request is counted."""
        now = self._clock()
        times = self._times.setdefault(account, deque(maxlen=_WINDOWS[-1][1]))
        waits = [times[-most] + seconds - now for seconds, most in _WINDOWS if len(times) >= most]
        wait = max(waits, default=0.0)
        if wait <= 0:
            times.append(now)
        return max(wait, 0.0)

    def spoil(self, trouble: Trouble, answer: Callable[[], Reply]) -> Reply:
        """The reply that goes out; `answer` makes the honest one and is asked only where it is needed."""
        reply = answer() if trouble.fault is None else self._replace(trouble.fault, trouble.turn, answer)
        for fault in trouble.paces:
            pieces = _PIECES if fault.base == "trickle" else reply.pieces
            reply = replace(reply, seconds=reply.seconds + fault.size, pieces=pieces)
        return reply

    def _replace(self, fault: Fault, turn: Turn, answer: Callable[[], Reply]) -> Reply:
        if fault.base in _REACH:
            reply = answer() if fault.base == "cut" else Reply(200, {}, b"")
            return replace(reply, delivery=_REACH[fault.base])
        if fault.base == "html":
            return Reply(200, HTML, CONSOLE)
        if fault.base == "truncated":
            reply = answer()
            return replace(reply, body=reply.body[: len(reply.body) // 2])
        if fault.base == "health-down":
            return Reply(500, TEXT, b"DOWN")
        return self._refuse(fault, turn)

    def _refuse(self, fault: Fault, turn: Turn) -> Reply:
        """The API's own refusals, in the shape that is asked for."""
        match fault.base:
            case "key-expires":
                return Refusal(401, "The API key has expired").reply(self.shape)
            case "forbidden":
                return Refusal(403, "The key is known but lacks the role for this call").reply(self.shape)
            case "absent":
                return Refusal(404, f"Nothing is found at {BY_NAME[turn.call].path}").reply(self.shape)
            case "rate-limit":
                # Asked a second time: a refused request is not counted, so the answer is the same.
                wait = str(math.ceil(self._seconds_to_wait(turn.account)))
                return Refusal(429, "Too many requests").reply(self.shape, {"retry-after": wait})
        status, _, form = fault.base.partition("-")
        headers = {}
        if form == "seconds":
            headers["retry-after"] = str(math.ceil(fault.size))
        elif form == "date":
            # A date has whole seconds: rounded up, so that it is never over before it is read.
            moment = datetime.fromtimestamp(math.ceil(self._clock() + fault.size), UTC)
            headers["retry-after"] = format_datetime(moment, usegmt=True)
        return Refusal(int(status), _STATUSES[status]).reply(self.shape, headers)
