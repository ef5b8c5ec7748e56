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

_JSON = {"content-type": "application/json"}
_TEXT = {"content-type": "text/plain;charset=utf-8"}
_HTML = {"content-type": "text/html;charset=utf-8"}
_CONSOLE = b"<!doctype html><html><head><title>DigiCert ONE</title></head><body>Loading...</body></html>"
_FILTERS = {"certificates": certificate_tests, "audit_log": audit_tests}
_FIXED_PATHS = {call.path: call for call in CALLS if "{" not in call.path}
_CERTIFICATE_PREFIX = BY_NAME["certificate"].path.split("{")[0]
_CODES = {400: "invalid_request", 401: "invalid_api_key", 403: "access_denied", 404: "resource_not_found"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; header names in lower case, `query` still escaped."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Refusal(Exception):
    """An error answer of the API: HTTP status, sentence, and the field it is about."""

    def __init__(self, status: int, sentence: str, *, code: str | None = None, about: str | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code or _CODES[status]
        self.about = about

    def reply(self) -> Reply:
        """As the `errors` array."""
        error = {"code": self.code, "message": str(self)}
        if self.about is not None:
            error["field"] = self.about
        return Reply(self.status, _JSON, msgspec.json.encode({"errors": [error]}))


def make_key(account: str, seed: int) -> str:
    """The invented API key of an account; not a secret, shaped like a real one."""
    digest = hashlib.sha256(f"sandbox key of {account}, seed {seed}".encode()).hexdigest()
    return f"01{digest[:24]}_{hashlib.sha256(digest.encode()).hexdigest()}"


class Service:
    """The API over one snapshot at a time.

    `keys`: API key by account name. `refusals`: by account name, the status (403 or 404) with which each named call is
    refused: an account without the endpoints feature is `{"prod": dict.fromkeys(ENDPOINT_CALLS, 403)}`.
    """

    def __init__(
        self, snapshot: Snapshot, keys: Mapping[str, str], refusals: Mapping[str, Mapping[str, int]] | None = None
    ) -> None:
        self._accounts = {key: account for account, key in keys.items()}
        self._refusals = dict(refusals or {})
        self._openapi = msgspec.json.encode(describe_api())
        self.show(snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """From now on the estate is this one."""
        self._filtered: dict[tuple[str, str, Parameters], Sequence[bytes]] = {}
        self._snapshot = snapshot

    def answer(self, request: Request) -> Reply:
        """The reply to one request; never raises for anything that a client sends."""
        # Faults on demand (429, resets, lies about totals, ...) belong here, between the request and its honest reply.
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refusal.reply()
        except BadParameter as error:
            return Refusal(400, str(error), about=error.field).reply()

    def _answer(self, request: Request) -> Reply:
        call = self._find(request.path)
        if call is None:
            return Reply(200, _HTML, _CONSOLE)
        if request.method != call.method:
            raise Refusal(405, f"{request.method} is not supported here", code="method_not_allowed")
        if call.name == "hello":
            return Reply(200, _TEXT, HELLO)
        if call.name == "openapi":
            return Reply(200, _JSON, self._openapi)
        account = self._accounts.get(request.headers.get("x-api-key", ""))
        if account is None:
            raise Refusal(401, "The API key is missing, unknown or expired")
        if call.name == "health":
            return Reply(200, _TEXT, b"UP")
        _check_accept(request.headers.get("accept", ""))
        self._check_access(account, call)
        view = self._snapshot.accounts[account]
        parameters = tuple(parse_qsl(request.query, keep_blank_values=True))
        _check_account(view, parameters)
        if call in LISTS:
            return Reply(200, _JSON, self._list(account, call, parameters))
        return Reply(200, _JSON, _show_certificate(view, request.path, parameters))

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
