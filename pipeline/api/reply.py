"""Status, headers and body of a reply -> a page of raw items, or an error with one sentence. Pure.

The status alone proves nothing: a wrong region or an undeployed service answers 200 with an HTML page, and an error may
come as an `errors` array, an `error` object, plain text, HTML, or nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

import msgspec

from pipeline import errors
from pipeline.api.tolerant import split_items, split_members
from pipeline.log import mask

PASSING = frozenset({408, 425, 429})
"""Statuses below 500 that pass by themselves: the same request may succeed later."""
_SHOWN_CHARACTERS = 200  # of a text that the service sent, in our sentence
_SECONDS = re.compile(r"\d+(\.\d+)?")
_COUNT = re.compile(rb'("?)(-?\d{1,999})(?:[.]0+)?\1')
_NO_ERROR = frozenset((b"null", b"[]", b"{}", b'""', b"false"))
_LARGEST = 2**63 - 1  # of a column; what is larger is as wrong as this
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it came: header names in lower case, the body decoded from its transfer and content encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: each item as its bytes in `body`; `total`, `offset`, `limit` as the API says them, or None.

    `is_hostile`: the fast reader refused it, so it was split by its bytes.
    """

    items: list[msgspec.Raw]
    total: int | None
    offset: int | None
    limit: int | None
    is_bare_array: bool
    body: bytes
    is_hostile: bool = False


class _Envelope(msgspec.Struct):
    items: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    total: int | None = None
    offset: int | None = None
    limit: int | None = None
    errors: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"null")


class _Detail(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None
    field: str | None = None


class _ErrorBody(msgspec.Struct):
    errors: list[_Detail] | _Detail | None = None
    error: list[_Detail] | _Detail | str | None = None
    message: str | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_array = msgspec.json.Decoder(list[msgspec.Raw])
_error_body = msgspec.json.Decoder(_ErrorBody)


def read_page(reply: Reply, what: str) -> Page:
    """The page in `reply`; `what` names the request. Raises what `raise_for_status` raises, or ServiceUnavailable."""
    if reply.body.startswith(_BYTE_ORDER_MARK):  # JSON has none, and RFC 8259 lets a reader pass over it
        reply = replace(reply, body=reply.body.removeprefix(_BYTE_ORDER_MARK))
    raise_for_status(reply, what)
    body = reply.body
    first = body[:256].lstrip()[:1]
    try:
        if first == b"[":
            return Page(_array.decode(body), None, None, None, is_bare_array=True, body=body)
        if first == b"{":
            return _read_envelope(_envelope.decode(body), reply, what)
    except (msgspec.DecodeError, RecursionError) as error:
        page = _read_tolerantly(reply, what)
        if page is None:
            msg = (
                f"{what} answered {reply.status} with JSON that is cut short or is no page ({error}); try again later."
            )
            raise errors.ServiceUnavailable(msg) from None
        return page
    _, text = _describe(reply)
    msg = f"{what} answered {reply.status} with {text}, not with JSON; check base_url and the region in it."
    raise errors.ServiceUnavailable(msg)


def _read_envelope(envelope: _Envelope, reply: Reply, what: str) -> Page:
    if envelope.items is msgspec.UNSET:
        _, text = _describe(reply)
        msg = f"{what} answered {reply.status} without items ({text}); check the path of this call in [contract]."
        raise errors.ServiceUnavailable(msg)
    _refuse_errors(reply, what, envelope.errors, envelope.error)
    return Page(
        envelope.items or [],
        _bounded(envelope.total),
        envelope.offset,
        envelope.limit,
        is_bare_array=False,
        body=reply.body,
    )


def _read_tolerantly(reply: Reply, what: str) -> Page | None:
    """The page split by its bytes; None when it is cut short, no list, or its total is there and no whole number."""
    text = reply.body.strip()
    is_array = text.startswith(b"[")
    members = {"items": text} if is_array else split_members(text) or {}
    items = [] if members.get("items") == b"null" else split_items(members.get("items", b""))
    total, offset, limit = (_read_count(members.get(name, b"null")) for name in ("total", "offset", "limit"))
    if items is None or (total is None and members.get("total", b"null") != b"null"):
        return None
    _refuse_errors(reply, what, *(members[name] for name in ("errors", "error") if name in members))
    raw = [msgspec.Raw(item) for item in items]
    return Page(raw, total, offset, limit, is_bare_array=is_array, body=reply.body, is_hostile=True)


def _refuse_errors(reply: Reply, what: str, *said: msgspec.Raw | bytes) -> None:
    """Items beside an error are not all that there is."""
    if any(b"".join(bytes(one).split()) not in _NO_ERROR for one in said):
        _, text = _describe(reply)
        msg = f"{what} answered {reply.status} with items and an error beside them ({text}); try again later."
        raise errors.ServiceUnavailable(msg)


def _read_count(text: bytes) -> int | None:
    """A whole number, also where it is written as a text or with zeros behind a point."""
    found = _COUNT.fullmatch(text)
    return _bounded(int(found[2])) if found else None


def _bounded(count: int | None) -> int | None:
    return None if count is None else max(-_LARGEST, min(count, _LARGEST))


def raise_for_status(reply: Reply, what: str) -> None:
    """Raise the error of pipeline.errors that says what to do about a status other than 2xx."""
    status = reply.status
    if 200 <= status < 300:
        return
    code, text = _describe(reply)
    said = f"{what} answered {status}: {text}"
    if status in PASSING or (status >= 500 and status != 501):  # 501: the service does not have it
        _raise_try_again(reply, said)
    if status == 401:
        msg = f"{said}; the key is not accepted: check api_key, its end date, and that it belongs to this environment."
        raise errors.Unauthorized(msg, status, code)
    if status == 403:
        msg = f"{said}; the key lacks the role for it: have it assigned to the service user."
        raise errors.Forbidden(msg, status, code)
    if status == 404:
        msg = f"{said}; the feature is not enabled on the account, or the path is another one: set it in [contract]."
        raise errors.NotFound(msg, status, code)
    if 300 <= status < 400:
        target = mask(reply.headers.get("location", "nowhere"))
        msg = f"{what} answered {status}, a redirect to {target}, which is not followed with a key; check base_url."
        raise errors.RequestRejected(msg, status, code)
    msg = f"{said}; the request was rejected: compare its path and parameters with the API's own document."
    raise errors.RequestRejected(msg, status, code)


def _raise_try_again(reply: Reply, said: str) -> NoReturn:
    said_at = read_http_date(reply.headers.get("date")) or reply.received_at  # the clock by which the service counts
    seconds = retry_after_seconds(reply.headers.get("retry-after"), said_at)
    if reply.status == 429 or (reply.status == 503 and seconds is not None):
        msg = f"{said}; lower requests_per_second or try again later."
        raise errors.RateLimited(msg, seconds)
    msg = f"{said}; try again later."
    raise errors.ServiceUnavailable(msg, seconds)


def retry_after_seconds(value: str | None, said_at: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (seconds or an HTTP date, past dates give 0); None if it says nothing.

    `said_at`: when it was said, by the clock of who said it.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    moment = read_http_date(text)
    return None if moment is None else max(0.0, (moment - said_at).total_seconds())


def read_http_date(text: str | None) -> datetime | None:
    """The instant (UTC) of a Date or Retry-After header; None where it is none."""
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)  # "-0000": an HTTP date is always UTC


def _describe(reply: Reply) -> tuple[str | None, str]:
    """The machine code, where there is one, and a phrase for what the body says; registered secrets masked."""
    body = reply.body.strip()
    if not body:
        return None, "an empty body"
    start = body[:512].lower()
    if start.startswith((b"<!doctype", b"<html")) or b"<html" in start:
        return None, "an HTML page"
    try:
        decoded = _error_body.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None, f'the text "{_one_line(body.decode("utf-8", "replace"))}"'
    found = decoded.errors or decoded.error
    details = found if isinstance(found, list) else [found] if isinstance(found, _Detail) else []
    if not details:
        text = found if isinstance(found, str) else decoded.message
        return None, _one_line(text or "no error text")
    phrases = [
        ": ".join(str(part) for part in (one.code, one.message, one.field and f"field {one.field}") if part)
        for one in details
    ]
    code = details[0].code
    shown = None if code is None else _one_line(str(code))
    return shown, _one_line("; ".join(filter(None, phrases)) or "no error text")


def _one_line(text: str) -> str:
    # Masked before it is cut: half a secret would be left standing.
    flat = mask(" ".join("".join(c if c.isprintable() else " " for c in text).split()))
    return flat if len(flat) <= _SHOWN_CHARACTERS else flat[:_SHOWN_CHARACTERS] + "..."
