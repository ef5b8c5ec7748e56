"""The faults on demand: their names, what each does, and when it strikes. Pure.

    Plan(faults=(Fault("503-seconds", first=2), Fault("rows-removed", calls=("endpoints.discovered",))))

Faults combine. Most end by themselves, so that a client which tries again gets through; `NAME-forever` does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import msgspec

from pipeline.api.contract import BY_NAME, LISTS

_LISTS = tuple(call.name for call in LISTS)
_EVERY_CALL = tuple(BY_NAME)
_ONE_CATEGORY = ("endpoints.discovered",)


class Family(StrEnum):
    """What a fault changes: the account's access, one answer, its pace, a list's form, items, rows, or all errors."""

    ACCESS = "access"
    ANSWER = "answer"
    PACE = "pace"
    FORM = "form"
    ITEM = "item"
    SHIFT = "shift"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Kind:
    """A fault as it is unless told otherwise; see `Fault` for the numbers.

    `calls` are those it concerns; `is_endless`: `first`, `every` and `times` are of no account.
    """

    family: Family
    sentence: str
    amount: float = 0
    calls: tuple[str, ...] = _LISTS
    first: int = 1
    every: int = 0
    times: int | None = None
    after: int = 0
    is_endless: bool = False


def _all_kinds() -> dict[str, Kind]:
    access, answer, pace, form = Family.ACCESS, Family.ANSWER, Family.PACE, Family.FORM
    item, shift, error = Family.ITEM, Family.SHIFT, Family.ERROR
    ending = {
        "429-seconds": Kind(answer, "429, Retry-After in seconds", 1),
        "429-date": Kind(answer, "429, Retry-After as an HTTP date", 1),
        "429": Kind(answer, "429 without Retry-After"),
        "503-seconds": Kind(answer, "503, Retry-After in seconds", 1),
        "503-date": Kind(answer, "503, Retry-After as an HTTP date", 1),
        "503": Kind(answer, "503 without Retry-After"),
        "500": Kind(answer, "500, an internal error"),
        "reset": Kind(answer, "the connection is reset instead of an answer"),
        "hang": Kind(answer, "no answer until the client gives up, once for each call", times=1),
        "cut": Kind(answer, "the connection ends in the middle of the body"),
        "truncated": Kind(answer, "half of the JSON, with the Content-Length of that half"),
        "html": Kind(answer, "200 with the console's HTML page"),
        "slow": Kind(pace, "the answer comes 0.2 s late", 0.2),
        "trickle": Kind(pace, "the answer comes in twenty pieces over 0.2 s", 0.2),
        "total-drifting": Kind(form, "the total goes down to the truth with each request", times=5),
        "rows-inserted": Kind(shift, "rows appear before the current position while paging", every=2, times=5),
        "rows-removed": Kind(shift, "rows vanish before the current position while paging", every=2, times=5),
        "rows-moved": Kind(shift, "the last row moves before the current position while paging", every=2, times=5),
    }
    endless = {
        f"{name}-forever": replace(kind, sentence=f"{kind.sentence.split(', once')[0]}; without end", is_endless=True)
        for name, kind in ending.items()
    }
    lasting = {
        "capped-limit": Kind(form, "at most 37 items a page, whatever is asked for; only `limit` tells", 37),
        "bare-arrays": Kind(form, "lists are bare arrays that honour offset and limit"),
        "bare-arrays-whole": Kind(form, "lists are bare arrays that ignore paging and give everything"),
        "total-high": Kind(form, "the total is too high by 3", 3),
        "total-low": Kind(form, "the total is too low by 3", 3),
        "repeated-item": Kind(item, "the first item comes again in the middle and at the end of the list"),
        "no-id": Kind(item, "about one item in seven lacks its identifier", 7),
        "hostile-surrogate": Kind(item, "one item has a text with the escape of a lone surrogate"),
        "hostile-utf8": Kind(item, "one item has a text with bytes that are not UTF-8"),
        "hostile-duplicate": Kind(item, "one item has a key twice, with different values"),
        "hostile-retyped": Kind(item, "one item has an object where a text belongs"),
        "hostile-large": Kind(item, "one item has a text of a million characters"),
        "hostile-nan": Kind(item, "one item has NaN for a value"),
        "forbidden": Kind(access, "403 for endpoints.discovered", 403, _ONE_CATEGORY),
        "absent": Kind(access, "404 for endpoints.discovered", 404, _ONE_CATEGORY),
        "key-expires": Kind(access, "401 after 20 requests of an account", 401, _EVERY_CALL, after=20),
        "rate-limit": Kind(access, "429 above 100 requests in 5 s or 1000 in 3 min, with Retry-After", 0, _EVERY_CALL),
        "health-down": Kind(access, "the health call answers 500 DOWN", 500, ("health",)),
        "error-object": Kind(error, "errors are a single `error` object instead of the `errors` array"),
        "error-text": Kind(error, "errors are plain text"),
        "error-html": Kind(error, "errors are HTML pages"),
        "error-empty": Kind(error, "errors have an empty body"),
    }
    return ending | endless | {name: replace(kind, is_endless=True) for name, kind in lasting.items()}


FAULTS = MappingProxyType(_all_kinds())
"""Every fault by its name."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault that is wanted; what is not given is as its `Kind` says.

    `calls`, `accounts`: where it strikes. It strikes the `first` n requests of each page (account, call and query), or
    requests n, 2n, ... of an account's call (`every`), with chance `share`, not among the account's `after` first
    requests of that call (a fault of access: of all calls), and at most `times` for each account and call.
    `amount`: the seconds of Retry-After or of a slow answer; the cap of a limit; the error of a total; one item in so
    many. Raises ValueError for what no fault is.
    """

    name: str
    calls: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    first: int | None = None
    every: int | None = None
    share: float = 1.0
    after: int | None = None
    times: int | None = None
    amount: float | None = None

    def __post_init__(self) -> None:
        if self.name not in FAULTS:
            ending = ", ".join(name for name in FAULTS if not name.endswith("-forever"))
            raise ValueError(f"There is no fault {self.name!r}; there are: {ending}; many also as NAME-forever.")
        unknown = [call for call in self.calls if call not in BY_NAME]
        if unknown:
            raise ValueError(f"There is no call {unknown[0]!r}; there are: {', '.join(BY_NAME)}.")
        if self.kind.is_endless and (self.first, self.every, self.times) != (None, None, None):
            raise ValueError(f"The fault {self.name} has no end: it takes none of first, every and times.")

    @property
    def kind(self) -> Kind:
        """What the fault is."""
        return FAULTS[self.name]

    @property
    def base(self) -> str:
        """The name without `-forever`."""
        return self.name.removesuffix("-forever")

    @property
    def size(self) -> float:
        """The `amount` that counts."""
        return self.kind.amount if self.amount is None else self.amount

    def concerns(self, account: str, call: str) -> bool:
        """Whether it may strike here."""
        return call in (self.calls or self.kind.calls) and (not self.accounts or account in self.accounts)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request in its place, counted from 1: `total` among the account's requests, `number` among those of the call,
    `attempt` among those of the page. `page` is the query without the account, `furthest` the largest offset of the
    call that was asked for so far.
    """

    account: str
    call: str
    page: str
    furthest: int
    total: int
    number: int
    attempt: int

    def chance(self, seed: int, *words: str) -> float:
        """A throw between 0 and 1 that depends on the page and the attempt, not on the order of arrival."""
        text = "\0".join((str(seed), self.account, self.call, self.page, str(self.attempt), *words))
        return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()[:6]) / 2**48


def strikes(fault: Fault, turn: Turn, struck: int, seed: int) -> bool:
    """Whether a fault that concerns this call strikes at this turn, having struck so often before."""
    kind = fault.kind
    number = turn.total if kind.family is Family.ACCESS else turn.number
    if number <= _first_given(fault.after, kind.after):
        return False
    if not kind.is_endless:
        times = kind.times if fault.times is None else fault.times
        every = _first_given(fault.every, 0 if fault.first is not None else kind.every)
        due = turn.number % every == 0 if every else turn.attempt <= _first_given(fault.first, kind.first)
        if not due or (times is not None and struck >= times):
            return False
    elif kind.family is Family.SHIFT and turn.number % max(kind.every, 1):
        return False
    return fault.share >= 1 or turn.chance(seed, fault.name) < fault.share


def _first_given(value: int | None, default: int) -> int:
    return default if value is None else value


def read_faults(names: Sequence[str]) -> tuple[Fault, ...]:
    """Faults by their names alone, as they are unless told otherwise; ValueError for an unknown one."""
    return tuple(Fault(name) for name in names)
