"""From request to reply: the TLM API over a snapshot of the invented estate. Pure, no I/O.

It does what `pipeline.api.contract` and the notes on the API say, limits included: `limit` is capped silently at 1,000,
an offset past the end gives no items and the true total, an unknown path outside the API answers 200 with HTML.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import msgspec

from pipeline.api.contract import BY_NAME, CALLS, LISTS, Call, Paging
from pipeline.sandbox.filters import BadParameter, Parameters, audit_tests, certificate_tests, keep
from pipeline.sandbox.openapi import describe_api
from pipeline.sandbox.snapshot import AccountView, Issued, Snapshot

DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 1000
HELLO = b"Hello from DigiCert ONE - Trust Lifecycle Manager REST API!"
ENDPOINT_CALLS = ("endpoints.automatable", "endpoints.unsecured", "endpoints.discovered", "automation_inventory")
"""The calls that an account without the automation feature does not have."""

_FILTERS = {"certificates": certificate_tests, "audit_log": audit_tests}
_FIXED_PATHS = {call.path: call for call in CALLS if "{" not in call.path}
_CERTIFICATE_PREFIX = BY_NAME["certificate"].path.split("{")[0]
_JOURNAL = 200_000  # requests remembered: a server that runs for weeks must not grow


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A request that came: for a list its `offset` and `limit`, else 0. `account` and `call` are empty when unknown.

    `page` is the query without the account; `status` what was answered, by the fault named in `fault` if there is a
    name; `at` the seconds of the clock.
    """

    account: str
    call: str
    offset: int
    limit: int
    page: str
    status: int
    fault: str
    at: float

    @property
    def is_served(self) -> bool:
        """Answered with 200 and undamaged."""
        return self.status == 200 and not self.fault


def make_key(account: str, seed: int) -> str:
    """The invented API key of an account; not a secret, shaped like a real one."""
    digest = hashlib.sha256(f"sandbox key of {account}, seed {seed}".encode()).hexdigest()
    return f"01{digest[:24]}_{hashlib.sha256(digest.encode()).hexdigest()}"


class Service:
    """The API over one snapshot at a time.

    `keys`: API key by account name; `plan` has the refusals, the faults and their seed; `clock` gives seconds since
    1970 to Retry-After dates and the rate limit.
    """

    def __init__(
        self, snapshot: Snapshot, keys: Mapping[str, str], plan: Plan, clock: Callable[[], float] = time.time
    ) -> None:
        self._accounts = {key: account for account, key in keys.items()}
        self._plan = plan
        self._clock = clock
        self._openapi = msgspec.json.encode(describe_api())
        self._journal: deque[Asked] = deque(maxlen=_JOURNAL)
        self._faults = plan.faults
        self.show(snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """From now on the estate is this one; rows that came and went are forgotten, faults count anew."""
        self._lists = Lists(snapshot, self._plan.seed)
        self.change_faults(self._faults)

    def change_faults(self, faults: tuple[Fault, ...]) -> None:
        """From now on these faults and no others, counted anew; rows that came and went stay as they are."""
        self._faults = faults
        self._troubles = Troubles(faults, self._plan.seed, self._clock)
        self._lists.change_faults(faults)
        self._filtered: dict[tuple[str, str, Parameters], Sequence[bytes]] = {}

    def requests(self) -> tuple[Asked, ...]:
        """The requests that came, oldest first; the newest 200,000."""
        return tuple(self._journal)

    def truth(self, account: str, call: str) -> list[bytes]:
        """The items that a list holds now, as they are served, without any filter."""
        return self._lists.truth(account, call)

    def answer(self, request: Request) -> Reply:
        """The reply to one request; never raises for anything that a client sends."""
        parameters = tuple(parse_qsl(request.query, keep_blank_values=True))
        account = self._accounts.get(request.headers.get("x-api-key", ""), "")
        trouble: Trouble | None = None
        call: Call | None = None
        try:
            call = self._find(request.path)
            if self._faults and call is not None and account:
                trouble = self._meet(account, call, parameters)
            reply = self._spoil(trouble, request, call, account, parameters)
        except Refusal as refusal:
            reply = refusal.reply(self._troubles.shape)
        self._note(account, call, parameters, reply, trouble)
        return reply

    def _meet(self, account: str, call: Call, parameters: Parameters) -> Trouble:
        """What the request meets; the rows shift before it is answered."""
        trouble = self._troubles.meet(account, call.name, _page(parameters), _number(parameters, "offset"))
        for fault in trouble.shifts:
            self._lists.shift(fault, trouble.turn)
            self._filtered.clear()
        return trouble
    def _find(self, path: str) -> Call | None:
        """The call of a path; None for a page of the console."""
        call = _FIXED_PATHS.get(path)
        if call is None and path.startswith(_CERTIFICATE_PREFIX) and "/" not in path[len(_CERTIFICATE_PREFIX) :]:
            call = BY_NAME["certificate"]
        if call is None and path.startswith("/mpki/api/"):
            raise Refusal(404, f"Nothing is found at {path}")
        return call

    def _check_access(self, account: str, call: Call) -> None:
        status = self._refusals.get(account, {}).get(call.name)
        if status == 404:
            raise Refusal(404, f"Nothing is found at {call.path}")
        if status is not None:
            raise Refusal(status, "The key is known but lacks the role for this call")

    def _list(self, account: str, call: Call, parameters: Parameters) -> bytes:
        items = self._select(account, call, parameters)
        if call.paging is Paging.ARRAY:
            return b"[" + b",".join(items) + b"]"
        offset = _read_count(parameters, "offset", 0, 0)
        limit = min(_read_count(parameters, "limit", 1, DEFAULT_LIMIT), MAXIMUM_LIMIT)
        tail = f'],"total":{len(items)},"offset":{offset},"limit":{limit}}}'
        return b'{"items":[' + b",".join(items[offset : offset + limit]) + tail.encode()

    def _select(self, account: str, call: Call, parameters: Parameters) -> Sequence[bytes]:
        """The list's items that pass its filters; kept, because the pages of one listing ask the same again."""
        items = self._snapshot.accounts[account].lists[call.name]
        if call.name not in _FILTERS:
            return items
        wanted = tuple(sorted(pair for pair in parameters if pair[0] not in ("offset", "limit", "account_id")))
        known = (account, call.name, wanted)
        if known not in self._filtered:
            if len(self._filtered) > 64:
                self._filtered.clear()
            self._filtered[known] = keep(items, _FILTERS[call.name](wanted))
        return self._filtered[known]


def _check_accept(accept: str) -> None:
    """The API answers JSON only; a client that accepts nothing of the kind is refused."""
    if accept and not any(kind in accept for kind in ("*/*", "application/*", "json")):
        raise Refusal(406, "Only application/json can be answered", code="not_acceptable")


def _check_account(view: AccountView, parameters: Parameters) -> None:
    for name, value in parameters:
        if name == "account_id" and value != view.account_id:
            raise Refusal(403, f"No access to account {value}, or it does not exist", code="no_access")


def _read_count(parameters: Parameters, name: str, least: int, default: int) -> int:
    """A whole number of the query, at least `least`; the last one wins."""
    text = dict(parameters).get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        kind = "a positive integer" if least else "zero or a positive integer"
        raise Refusal(400, f"{name} must be {kind}", about=name)
    return int(text)


def _show_certificate(view: AccountView, path: str, parameters: Parameters) -> bytes:
    serial = unquote(path[len(_CERTIFICATE_PREFIX) :]).upper()
    thumbprint = dict(parameters).get("thumbprint_sha256", "").upper()
    found = [
        (item, issued)
        for item, issued in zip(view.lists["certificates"], view.issued, strict=True)
        if issued.serial_number == serial and thumbprint in ("", issued.thumbprint)
    ]
    if not found:
        raise Refusal(404, f"No certificate has serial number {serial}")
    if len(found) > 1:
        sentence = f"More than one certificate has serial number {serial}: add thumbprint_sha256"
        raise Refusal(400, sentence, about="thumbprint_sha256")
    return _encode_certificate(*found[0])


def _encode_certificate(item: bytes, issued: Issued) -> bytes:
    """The fields of the contract's `certificate` call, with bare base64 DER."""
    values = msgspec.json.decode(item)
    shown = {known.name: values.get(known.name) for known in BY_NAME["certificate"].fields}
    shown["certificate"] = base64.b64encode(issued.der()).decode()
    return msgspec.json.encode(shown)
