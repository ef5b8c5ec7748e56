"""What comes in and what goes back: request, reply, and the API's refusals. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain;charset=utf-8"}
HTML = {"content-type": "text/html;charset=utf-8"}
CONSOLE = b"<!doctype html><html><head><title>DigiCert ONE</title></head><body>Loading...</body></html>"
"""The page of the console, which a wrong region or an unknown path answers with status 200."""

_CODES = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "access_denied",
    404: "resource_not_found",
    429: "request_limit_exceeded",
    500: "internal_error",
    503: "service_unavailable",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it arrived; header names in lower case, `query` still escaped."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Delivery(StrEnum):
    """How far a reply gets: whole; a reset instead of it; never (the connection stays open); half of its body."""

    WHOLE = "whole"
    RESET = "reset"
    HANG = "hang"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back, how far it gets, and in how many pieces over how many seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    delivery: Delivery = Delivery.WHOLE
    seconds: float = 0.0
    pieces: int = 1

    @property
    def is_plain(self) -> bool:
        """Sent at once and whole."""
        return self.delivery is Delivery.WHOLE and not self.seconds


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


class ErrorShape(StrEnum):
    """The forms in which the API, or something in front of it, tells an error."""

    ARRAY = "error-array"
    OBJECT = "error-object"
    TEXT = "error-text"
    HTML = "error-html"
    EMPTY = "error-empty"


class Refusal(Exception):
    """An error answer of the API: HTTP status, sentence, code, and the field it is about."""

    def __init__(self, status: int, sentence: str, *, code: str | None = None, about: str | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code or _CODES.get(status, _CODES[400])
        self.about = about

    def reply(self, shape: ErrorShape = ErrorShape.ARRAY, headers: Mapping[str, str] | None = None) -> Reply:
        """As the `errors` array, unless another shape is asked for; `headers` come on top."""
        error = {"code": self.code, "message": str(self)}
        if self.about is not None:
            error["field"] = self.about
        more = dict(headers or {})
        match shape:
            case ErrorShape.ARRAY:
                return Reply(self.status, JSON | more, msgspec.json.encode({"errors": [error]}))
            case ErrorShape.OBJECT:
                return Reply(self.status, JSON | more, msgspec.json.encode({"error": error}))
            case ErrorShape.TEXT:
                return Reply(self.status, TEXT | more, str(self).encode())
            case ErrorShape.HTML:
                return Reply(self.status, HTML | more, f"<html><body><h1>{self}</h1></body></html>".encode())
            case ErrorShape.EMPTY:
                return Reply(self.status, more, b"")
