"""Recorded replies (made from the vendor's and public clients' text, see each `source`) -> pages and errors."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import errors, log
from pipeline.api.contract import LISTS
from pipeline.api.reply import Page, Reply, raise_for_status, read_page, retry_after_seconds

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
FOLDERS = sorted(path.parent for path in SAMPLES.glob("*/*/reply.json"))


def reply_of(folder: Path) -> Reply:
    """The recorded reply in `folder`."""
    head = json.loads((folder / "reply.json").read_text())
    body = next(folder.glob("body.*")).read_bytes()
    return Reply(head["status"], head["headers"], body, NOW)


def outcome_of(folder: Path) -> dict[str, Any]:
    """What reading the reply gives, in the words of expected.json."""
    what = f"{folder.parent.name} of account prod"
    try:
        page = read_page(reply_of(folder), what)
    except errors.TlmError as error:
        return {"error": type(error).__name__, "sentence": str(error), **vars(error)}
    return {"items": len(page.items), **{name: getattr(page, name) for name in Page.__slots__ if name != "items"}}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_a_recorded_reply_is_read_as_expected(folder: Path) -> None:
    """Each sample is a page with its counts, or the error that says what to do, with the words that a user needs."""
    expected = json.loads((folder / "expected.json").read_text())
    outcome = outcome_of(folder)
    words = expected.pop("says", [])
    assert {name: outcome.get(name, "missing") for name in expected} == expected
    assert [word for word in words if word not in outcome["sentence"]] == []


def test_every_list_has_a_sample_that_is_not_ours() -> None:
    """A reply of each list that the pipeline reads was made from published text."""
    assert {call.name for call in LISTS} <= {folder.parent.name for folder in FOLDERS}


def test_items_keep_their_bytes() -> None:
    """A number's trailing zero, an escape and the order of keys survive the splitting of a page."""
    items = [b'{"b":1.10,"a":"\\u00e4"}', b'{ "a" : [1,\n2] }', b'"text"']
    page = read_page(Reply(200, {}, b'{"total":3,"items":[' + b",".join(items) + b"]}", NOW), "certificates")
    assert [bytes(item) for item in page.items] == items


def test_items_that_are_null_are_an_empty_page() -> None:
    """A server that writes an empty list as null has no items."""
    page = read_page(Reply(200, {}, b'{"items":null,"total":0}', NOW), "agents")
    assert (page.items, page.total) == ([], 0)


@pytest.mark.parametrize("item", [b'{"a":1}', b'{"a":"\\ud800"}'])
@pytest.mark.parametrize(
    ("total", "read"),
    [
        (b"5", 5),
        (b"-5", -5),
        (b"5.0", 5),
        (b'"5"', 5),
        (b'"5.00"', 5),
        (b"null", None),
        (b"9" * 30, 2**63 - 1),
    ],
)
def test_a_total_is_a_whole_number_however_it_is_written(item: bytes, total: bytes, read: int | None) -> None:
    """As a text or with a point: a total that was taken for none would prove nothing."""
    page = read_page(Reply(200, {}, b'{"items":[%s],"total":%s}' % (item, total), NOW), "certificates")
    assert (len(page.items), page.total) == (1, read)


@pytest.mark.parametrize("item", [b'{"a":1}', b'{"a":"\\ud800"}'])
@pytest.mark.parametrize("total", [b'"many"', b"5.5", b"[5]", b"true", b'"5', b"--5"])
def test_a_total_that_is_none_makes_no_page(item: bytes, total: bytes) -> None:
    """It is there and cannot be read: without it the list would end anywhere."""
    with pytest.raises(
        errors.ServiceUnavailable, match="certificates answered 200 with JSON that is cut short or is no"
    ):
        read_page(Reply(200, {}, b'{"items":[%s],"total":%s}' % (item, total), NOW), "certificates")


@pytest.mark.parametrize("item", [b'{"a":1}', b'{"a":"\\ud800"}'])
@pytest.mark.parametrize(
    "said", [b'"errors":[{"code":"timeout","message":"partial"}]', b'"error":{"message":"partial"}']
)
def test_items_beside_an_error_are_no_page(item: bytes, said: bytes) -> None:
    """What came is not all that there is."""
    with pytest.raises(errors.ServiceUnavailable, match=r"items and an error beside them .*partial"):
        read_page(Reply(200, {}, b'{"items":[%s],%s}' % (item, said), NOW), "certificates")


@pytest.mark.parametrize("said", [b'"errors":[ ]', b'"errors":null', b'"error":{\n}', b'"error":""'])
def test_an_empty_error_is_none(said: bytes) -> None:
    """A server that writes the member always."""
    assert read_page(Reply(200, {}, b'{"items":[{}],%s}' % said, NOW), "certificates").items


@pytest.mark.parametrize(
    "body", [b'{"items":[{"id":"a"}],"total":1}', b'[{"id":"a"}]', b'{"items":[{"a":"\\ud800"}],"total":1}']
)
def test_a_byte_order_mark_is_passed_over(body: bytes) -> None:
    """Also an error with one is read; the body that items are slices of begins behind it."""
    assert read_page(Reply(200, {}, b"\xef\xbb\xbf" + body, NOW), "agents") == read_page(
        Reply(200, {}, body, NOW), "agents"
    )
    error = b'\xef\xbb\xbf{"error":{"code":"busy","message":"come back"}}'
    with pytest.raises(errors.ServiceUnavailable, match="answered 500: busy: come back;"):
        read_page(Reply(500, {}, error, NOW), "agents")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("Tue, 24 Nov 2026 06:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 06:00:30 -0000", 30.0),
        ("Tue, 24 Nov 2026 05:00:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("Tue, 24 Nov 99999999999999999999 06:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    """Both forms count from the moment of the reply; what is neither says nothing."""
    assert retry_after_seconds(value, NOW) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Thu, 26 Nov 2026 06:00:20 GMT", 10.0),
        ("Mon, 23 Nov 2026 06:00:00 GMT", 3 * 86400 + 30.0),
        ("yesterday", 2 * 86400 + 30.0),
        (None, 2 * 86400 + 30.0),
    ],
)
def test_a_date_to_come_back_at_is_by_the_clock_of_the_service(date: str | None, seconds: float) -> None:
    """Its own Date header says what its clock shows; ours may be days away from it, and counts where it says nothing."""
    headers = {"retry-after": "Thu, 26 Nov 2026 06:00:30 GMT"} | ({} if date is None else {"date": date})
    with pytest.raises(errors.RateLimited) as error:
        raise_for_status(Reply(429, headers, b"", NOW), "agents")
    assert error.value.retry_after_seconds == seconds


def test_a_key_echoed_by_the_service_is_masked() -> None:
    """A server that repeats the key in its error text does not bring it into our sentence."""
    log.register_secret("canary-0123456789")
    body = b'{"errors":[{"code":"invalid_api_key","message":"canary-0123456789 is unknown"}]}'
    with pytest.raises(errors.Unauthorized) as caught:
        raise_for_status(Reply(401, {}, body, NOW), "agents")
    assert "canary" not in str(caught.value)
    assert "****" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b"[1, 2]",
        b'{"errors": "text"}',
        b'{"errors": []}',
        b'{"error": "Not Found", "status": 404}',
        b'{"message": "no such thing"}',
        b"null",
        b"x" * 5000,
        b'{"errors":[{"code":17,"message":"a\\nb"}]}',
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="nested"),
    ],
)
def test_any_error_body_gives_one_short_line(body: bytes) -> None:
    """Whatever a server sends as an error, the sentence stays one line of readable length."""
    with pytest.raises(errors.NotFound) as caught:
        raise_for_status(Reply(404, {}, body, NOW), "agents")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 450


def test_a_key_in_a_machine_code_or_at_the_cut_of_a_long_text_is_masked() -> None:
    """The code goes into sentences too; and of a text that is cut, no half of a key is left."""
    log.register_secret("canary-0123456789")
    body = b'{"errors":[{"code":"bad canary-0123456789","message":"%scanary-0123456789"}]}' % (b"x" * 170)
    with pytest.raises(errors.Unauthorized) as caught:
        raise_for_status(Reply(401, {}, body, NOW), "agents")
    assert "canary" not in f"{caught.value} {caught.value.code}"
    with pytest.raises(errors.RequestRejected) as rejected:
        raise_for_status(Reply(400, {}, b"y" * 190 + b"canary-0123456789", NOW), "agents")
    assert "canary" not in str(rejected.value)
