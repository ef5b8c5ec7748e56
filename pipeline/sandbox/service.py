"""From request to reply: the TLM API over a snapshot of the invented estate. Pure, no I/O.

It does what `pipeline.api.contract` and the notes on the API say, limits included: `limit` is capped silently at 1,000,
an offset past the end gives no items and the true total, an unknown path outside the API answers 200 with HTML.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote

import msgspec

from pipeline.api.contract import BY_NAME, CALLS, LISTS, Call
from pipeline.sandbox.faults import Fault
from pipeline.sandbox.filters import BadParameter, Parameters, audit_tests, certificate_tests, keep
from pipeline.sandbox.lists import NO_FORMS, Form, Lists
from pipeline.sandbox.messages import CONSOLE, HTML, JSON, TEXT, Asked, Refusal, Reply, Request
from pipeline.sandbox.openapi import describe_api
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.snapshot import AccountView, Issued, Snapshot
from pipeline.sandbox.troubles import Trouble, Troubles

MAXIMUM_LIMIT = 1000
HELLO = b"Hello from DigiCert ONE - Trust Lifecycle Manager REST API!"

_FILTERS = {"certificates": certificate_tests, "audit_log": audit_tests}
_FIXED_PATHS = {call.path: call for call in CALLS if "{" not in call.path}
_CERTIFICATE_PREFIX = BY_NAME["certificate"].path.split("{")[0]
_NO_FAULTS = Plan()
_JOURNAL = 200_000  # requests remembered: a server that runs for weeks must not grow


_Entry = tuple[str, Call | None, str, int, str, float]
"""A line of the journal: account, call, query, status, fault, time. Read only when somebody asks: requests are many."""


@dataclass(frozen=True, slots=True)
class _Question:
    """A request understood: `account` is empty without a known key, `call` None for a page of the console.

    `number` counts the account's requests of the call from 1; 0 where no faults are wanted.
    """

    request: Request
    account: str
    call: Call | None
    parameters: Parameters
    number: int = 0


def make_key(account: str, seed: int) -> str:
    """The invented API key of an account; not a secret, shaped like a real one."""
    digest = hashlib.sha256(f"sandbox key of {account}, seed {seed}".encode()).hexdigest()
    return f"01{digest[:24]}_{hashlib.sha256(digest.encode()).hexdigest()}"


class Service:
    """The API over one snapshot at a time.

    `keys`: API key by account name; `plan` has the refusals, the faults and their seed; `clock` gives seconds since
    1970 to Retry-After dates and the rate limit; `forms` how lists are paged where not as usual.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        keys: Mapping[str, str],
        plan: Plan = _NO_FAULTS,
        clock: Callable[[], float] = time.time,
        *,
        forms: Mapping[tuple[str, str], Form] = NO_FORMS,
    ) -> None:
        self._forms = forms
        self._accounts = {key: account for account, key in keys.items()}
        self._plan = plan
        self._clock = clock
        self._openapi = msgspec.json.encode(describe_api())
        self._journal: deque[_Entry] = deque(maxlen=_JOURNAL)
        self._faults = plan.faults
        self.show(snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """From now on the estate is this one; rows that came and went are forgotten, faults count anew."""
        self._lists = Lists(snapshot, self._plan.seed, self._forms)
        self.change_faults(self._faults)

    def change_faults(self, faults: tuple[Fault, ...]) -> None:
        """From now on these faults and no others, counted anew; rows that came and went stay as they are."""
        self._faults = faults
        self._troubles = Troubles(faults, self._plan.seed, self._clock)
        self._lists.change_faults(faults)
        self._filtered: dict[tuple[str, str, Parameters], Sequence[bytes]] = {}

    def requests(self) -> tuple[Asked, ...]:
        """The requests that came, oldest first; the newest 200,000."""
        return tuple(_read_entry(entry) for entry in self._journal)

    def truth(self, account: str, call: str) -> list[bytes]:
        """The items that a list holds now, as they are served, without any filter."""
        return self._lists.truth(account, call)

    def answer(self, request: Request) -> Reply:
        """The reply to one request; never raises for anything that a client sends."""
        account = self._accounts.get(request.headers.get("x-api-key", ""), "")
        call: Call | None = None
        fault = ""
        try:
            call = _find(request.path)
            question = _Question(request, account, call, tuple(parse_qsl(request.query, keep_blank_values=True)))
            trouble = self._meet(question) if self._faults else None
            if trouble is None:
                reply = self._answer(question)
            else:
                fault = "" if trouble.fault is None else trouble.fault.name
                numbered = replace(question, number=trouble.turn.number)
                reply = self._troubles.spoil(trouble, lambda: self._answer(numbered))
        except Refusal as refusal:
            reply = refusal.reply(self._troubles.shape)
        except BadParameter as error:
            reply = Refusal(400, str(error), about=error.field).reply(self._troubles.shape)
        self._journal.append((account, call, request.query, reply.status, fault, self._clock()))
        return reply

    def _meet(self, question: _Question) -> Trouble | None:
        """What a request of a known account meets; rows shift before it is answered."""
        if question.call is None or not question.account:
            return None
        page, offset = _read_page(question.parameters), _peek(question.parameters, "offset")
        trouble = self._troubles.meet(question.account, question.call.name, page, offset)
        for fault in trouble.shifts:
            selected = self._select(question.account, question.call, question.parameters)
            self._lists.shift(fault, trouble.turn, selected)
            self._filtered.clear()
        return trouble

    def _answer(self, question: _Question) -> Reply:
        """The honest reply."""
        request, account, call = question.request, question.account, question.call
        if call is None:
            return Reply(200, HTML, CONSOLE)
        if request.method != call.method:
            raise Refusal(405, f"{request.method} is not supported here", code="method_not_allowed")
        if call.name == "hello":
            return Reply(200, TEXT, HELLO)
        if call.name == "openapi":
            return Reply(200, JSON, self._openapi)
        if not account:
            raise Refusal(401, "The API key is missing, unknown or expired")
        if call.name == "health":
            return Reply(200, TEXT, b"UP")
        _check_accept(request.headers.get("accept", ""))
        self._check_access(account, call)
        view = self._lists.snapshot.accounts[account]
        _check_account(view, question.parameters)
        if call in LISTS:
            return Reply(200, JSON, self._list(account, call, question))
        return Reply(200, JSON, _show_certificate(view, request.path, question.parameters))

    def _check_access(self, account: str, call: Call) -> None:
        status = self._plan.refusals.get(account, {}).get(call.name)
        if status is not None:
            raise _refuse(call, status)

    def _list(self, account: str, call: Call, question: _Question) -> bytes:
        items = self._select(account, call, question.parameters)
        form = self._lists.form(account, call.name, MAXIMUM_LIMIT)
        offset = _read_count(question.parameters, "offset", 0, 0)
        limit = min(_read_count(question.parameters, "limit", 1, form.unasked), form.cap)
        if form.refusal is not None and offset + limit > len(items):
            raise _refuse(call, form.refusal)
        if form.is_whole:
            return b"[" + self._join(account, call, items) + b"]"
        if form.is_bare:
            return b"[" + self._join(account, call, items[offset : offset + limit]) + b"]"
        total = max(len(items) + form.lie(question.number), 0)
        tail = f'],"total":{total},"offset":{offset},"limit":{limit}}}'
        return b'{"items":[' + self._join(account, call, items[offset : offset + limit]) + tail.encode()

    def _join(self, account: str, call: Call, items: Sequence[bytes]) -> bytes:
        return b",".join(self._lists.serve(account, call.name, items))

    def _select(self, account: str, call: Call, parameters: Parameters) -> Sequence[bytes]:
        """The list's items that pass its filters; kept, because the pages of one listing ask the same again."""
        items = self._lists.items(account, call.name)
        if call.name not in _FILTERS:
            return self._lists.repeat(account, call.name, items)
        wanted = tuple(sorted(pair for pair in parameters if pair[0] not in ("offset", "limit", "account_id")))
        known = (account, call.name, wanted)
        if known not in self._filtered:
            if len(self._filtered) > 64:
                self._filtered.clear()
            kept = keep(items, _FILTERS[call.name](wanted))
            self._filtered[known] = self._lists.repeat(account, call.name, kept)
        return self._filtered[known]


def _refuse(call: Call, status: int) -> Refusal:
    """The refusal of a call that is not there, that cannot be answered, or that the key may not make."""
    if status == 404:
        return Refusal(404, f"Nothing is found at {call.path}")
    if status >= 500:
        return Refusal(status, "The rest of the list cannot be read")
    return Refusal(status, "The key is known but lacks the role for this call")


def _find(path: str) -> Call | None:
    """The call of a path; None for a page of the console."""
    call = _FIXED_PATHS.get(path)
    if call is None and path.startswith(_CERTIFICATE_PREFIX) and "/" not in path[len(_CERTIFICATE_PREFIX) :]:
        call = BY_NAME["certificate"]
    if call is None and path.startswith("/mpki/api/"):
        raise Refusal(404, f"Nothing is found at {path}")
    return call


def _read_page(parameters: Parameters) -> str:
    """What is asked for, whoever asks."""
    return "&".join(f"{name}={value}" for name, value in parameters if name != "account_id")


def _read_entry(entry: _Entry) -> Asked:
    account, call, query, status, fault, at = entry
    parameters = tuple(parse_qsl(query, keep_blank_values=True))
    return Asked(
        account=account,
        call="" if call is None else call.name,
        offset=_peek(parameters, "offset"),
        limit=_peek(parameters, "limit"),
        page=_read_page(parameters),
        status=status,
        fault=fault,
        at=at,
    )


def _peek(parameters: Parameters, name: str) -> int:
    """A whole number of the query; 0 where there is none."""
    text = dict(parameters).get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _check_accept(accept: str) -> None:
    """The API answers JSON only; a client that accepts nothing of the kind is refused."""
    if accept and not any(kind in accept for kind in ("*/*", "application/*", "json")):
        raise Refusal(406, "Only application/json can be answered", code="not_acceptable")


def _check_account(view: AccountView, parameters: Parameters) -> None:
    for name, value in parameters:
        if name == "account_id" and value != view.account_id and view.account_id:
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
    # What a recorded run has of its certificates is their list.
    pairs = zip(view.lists["certificates"], view.issued, strict=True) if view.issued else ()
    found = [
        (item, issued)
        for item, issued in pairs
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
