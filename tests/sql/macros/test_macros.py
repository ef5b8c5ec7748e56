"""The macros: what each form of a value becomes. Expected values are written down, or come from the standard library."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

import pytest

TIMES = [
    ("2026-12-16T07:00:00Z", datetime(2026, 12, 16, 7)),
    ("2026-12-16T07:00:00+01:00", datetime(2026, 12, 16, 6)),
    ("2026-12-16T07:00:00-0530", datetime(2026, 12, 16, 12, 30)),
    ("2026-12-16T07:00:00+01", datetime(2026, 12, 16, 6)),
    ("2026-12-16T07:00:00.000+00:00", datetime(2026, 12, 16, 7)),
    ("2026-12-16T00:30:00.25+01:00", datetime(2026, 12, 15, 23, 30, 0, 250000)),
    ("2026-12-16T07:00:00.123456789Z", datetime(2026, 12, 16, 7, 0, 0, 123456)),
    ("2026-12-16T07:00:00", datetime(2026, 12, 16, 7)),
    ("2026-12-16 07:00:00", datetime(2026, 12, 16, 7)),
    ("2026-12-16 07:00:00 +01:00", datetime(2026, 12, 16, 6)),
    ("2026-12-16t07:00:00z", datetime(2026, 12, 16, 7)),
    ("2026-12-16T07:00Z", datetime(2026, 12, 16, 7)),
    (" 2026-12-16T07:00:00Z ", datetime(2026, 12, 16, 7)),
    ("2026-12-16", datetime(2026, 12, 16)),
    ("2028-02-29", datetime(2028, 2, 29)),
    ("2026-02-29", None),
    ("2026-13-01T00:00:00Z", None),
    ("2026-12-16T25:00:00Z", None),
    ("16-12-2026", None),
    ("2026-12-16T07:00:00 UTC", None),
    ("2026-12-16T07:00:00ZZ", None),
    ("2026-12-16T07:00:00+14:00", datetime(2026, 12, 15, 17)),
    ("2026-12-16T07:00:00+15:00", None),
    ("2026-12-16T07:00:00+02:60", None),
    ("1797404400000", None),
    ("infinity", None),
    ("soon", None),
    ("", None),
    (None, None),
]

ADDRESSES = [
    "192.0.2.1",
    "0.0.0.0",  # noqa: S104 -- an address to write, not to listen on
    "255.255.255.255",
    "::",
    "::1",
    "1::",
    "2001:DB8:0:0:0:0:0:1",
    "2001:0db8::0001:0000",
    "2001:db8::0:1:0:0:1",
    "0:0:1:0:0:0:1:0",
    "1:0:0:2:0:0:3:4",
    "1:0:2:3:4:5:6:7",
    "1:2:3:4:5:6:7::",
    "::2:3:4:5:6:7:8",
    "fe80:0:0:0:200:f8ff:fe21:67cf",
    "::ffff:192.0.2.1",
    "64:ff9b::192.0.2.33",
    "1:2:3:4:5:6:1.2.3.4",
]
NO_ADDRESSES = [
    "host-1",
    "10.1.2",
    "010.1.1.1",
    "256.1.1.1",
    "1::2::3",
    "12345::",
    ":::",
    "::ffff:999.1.1.1",
    "fe80::1%eth0",
]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_times_of_every_form_become_naive_utc(macros: Any, zone: str) -> None:
    """A zone, an offset, a fraction, no zone and a bare date parse alike in any session zone; the rest is null."""
    macros.execute(f"set TimeZone = '{zone}'")
    for text, expected in TIMES:
        assert macros.rows("select staging.parse_time(?)", [text]) == [(expected,)], text
    macros.execute("set TimeZone = 'UTC'")


def test_a_usual_time_is_absent_or_in_the_form_of_the_api(macros: Any) -> None:
    """What is usual is not looked at again for drift, so it must be nothing that does not parse."""
    usual = [text for text, _ in TIMES if macros.rows("select staging.is_usual_time(?)", [text]) == [(True,)]]
    assert usual == ["2026-12-16T07:00:00Z", None]


def test_a_bare_end_is_the_last_second_of_its_day(macros: Any) -> None:
    """A validity that ends on a day ends with it; an instant stays what it is."""
    ends = [macros.rows("select staging.parse_end(?)", [text])[0][0] for text in ("2026-11-20", "2026-11-20T00:00:00Z")]
    assert ends == [datetime(2026, 11, 20, 23, 59, 59), datetime(2026, 11, 20)]


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_have_one_form(macros: Any, address: str) -> None:
    """The canonical form and the digits of an address are those of the standard library."""
    parsed = ipaddress.ip_address(address)
    digits = int(parsed) | (0xFFFF << 32 if parsed.version == 4 else 0)
    rows = macros.rows("select staging.canonical_ip(?), staging.ip_digits(?)", [address, f" {address.upper()} "])
    canonical = ":".join(f"{part:x}" for part in _words(parsed)) if parsed.version == 6 else str(parsed)
    assert rows == [(str(ipaddress.ip_address(canonical)), f"{digits:032x}")]


def _words(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[int]:
    """The 16-bit groups; an IPv4 tail has no notation of its own here, whatever the library's version prints."""
    return [int.from_bytes(address.packed[i : i + 2], "big") for i in range(0, len(address.packed), 2)]


def test_an_address_in_brackets_is_the_address(macros: Any) -> None:
    """Scanners write IPv6 as a URL has it."""
    rows = macros.rows("select staging.canonical_ip('[2001:DB8::2]'), staging.canonical_ip('[10.0.0.1]')")
    assert rows == [("2001:db8::2", "[10.0.0.1]")]


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_kept_in_lower_case(macros: Any, text: str) -> None:
    """A host name, or an address with a mistake in it, is no address: it is compared as it is and is in no network."""
    assert macros.rows("select staging.canonical_ip(?), staging.ip_digits(?)", [text.upper(), text]) == [(text, None)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("staging.filled('')", None),
        (r"staging.filled(E' \t\n')", None),
        ("staging.filled(' a ')", " a "),
        ("staging.status_word(' At risk')", "AT_RISK"),
        ("staging.status_word(chr(9) || 'At' || chr(9) || 'risk')", "AT_RISK"),
        ("staging.hexadecimal('ab:cd 0e')", "ABCD0E"),
        ("staging.hexadecimal(' : ')", None),
        *((f"staging.hexadecimal('ab' || chr({code}) || 'cd')", "ABCD") for code in (9, 10, 12, 13, 32, 58)),
        ("staging.hexadecimal('ab' || chr(11) || 'cd')", "AB\vCD"),
        ('staging.hexadecimal(\'{"value": "ab\\tcd"}\')', "ABCD"),
        ("staging.whole_number('443')", 443),
        ("staging.whole_number('443.0')", 443),
        ("staging.whole_number(' -1 ')", -1),
        ("staging.whole_number('443.7')", None),
        ("staging.whole_number('https')", None),
        ("staging.whole_number('99999999999')", None),
        ('staging.parse_list(\'["b", " ", null, "a"]\'::json)', ["b", "a"]),
        ("staging.parse_list('[]'::json)", None),
        ("staging.parse_list('[\"\"]'::json)", None),
        ("staging.parse_list('\"prod\"'::json)", ["prod"]),
        ("staging.parse_list('{\"a\": 1}'::json)", None),
        ("staging.parse_list('[{\"id\": 7}]'::json)", ['{"id":7}']),
        ("staging.parse_list('7'::json)", None),
        ('staging.parse_list(\'[{}, [], [""], "a"]\'::json)', ["a"]),
        ("staging.parse_list('[{}]'::json)", None),
        ("staging.parse_list('[null]'::json)", None),
        ("staging.parse_list(to_json('[]'))", None),
        ("staging.parse_list(to_json('[\"\", {}]'))", None),
        ('staging.parse_list(to_json(\' ["owner:x", "b"]\'))', ["owner:x", "b"]),
        ("staging.parse_list(to_json('[prod'))", ["[prod"]),
        ("staging.is_no_list(to_json('[prod'))", False),
        ("staging.is_no_list(to_json('[\"owner:x\"]'))", True),
        ("staging.is_no_list('[\"owner:x\"]'::json)", False),
        ('staging.is_revocation(\'{"reason": "key_compromise"}\'::json)', True),
        ('staging.is_revocation(\'{"reason": null, "revocation_date": "2026-11-01"}\'::json)', True),
        ('staging.is_revocation(\'{"reason": "", "revocation_date": null, "comments": ""}\'::json)', False),
        ("staging.is_revocation('[\"x\"]'::json)", False),
        ("staging.is_revocation(null)", False),
        ('staging.whole_number(staging.filled(\'{"value": "4096"}\'))', 4096),
        ('staging.name_of(\'{"id": "1", "name": "Retail"}\'::json)', "Retail"),
        ("staging.name_of('\"Retail\"'::json)", "Retail"),
        ('staging.name_of(\'{"id": "1", "name": " "}\'::json)', None),
        ("staging.name_of('[\"Retail\"]'::json)", None),
        ("staging.id_of('{\"id\": 1}'::json)", "1"),
        ("staging.id_of('\"Retail\"'::json)", None),
        ("core.whole_days(timestamp '2026-11-16 06:00:00', timestamp '2026-11-16 06:00:00')", 0),
        ("core.whole_days(timestamp '2026-11-16 06:00:00', timestamp '2026-11-17 05:59:59.999999')", 0),
        ("core.whole_days(timestamp '2026-11-16 06:00:00', timestamp '2026-11-17 06:00:00')", 1),
        ("core.whole_days(timestamp '2026-11-16 06:00:00', timestamp '2026-11-16 05:59:59.999999')", -1),
        ("core.whole_days(timestamp '2026-11-16 06:00:00', timestamp '2026-11-15 06:00:00')", -1),
        ("core.whole_days(timestamp '2026-11-16 06:00:00', timestamp '2026-11-15 05:59:59')", -2),
        ("core.whole_days(null, timestamp '2026-11-15 05:59:59')", None),
        ("core.lifetime_days(timestamp '2026-01-01 00:00:00', timestamp '2026-07-19 23:59:59')", 200),
        ("core.lifetime_days(timestamp '2026-01-01 00:00:00', timestamp '2026-07-20 00:00:00')", 201),
        ("core.expiry_bucket(-1)", "expired"),
        ("core.expiry_bucket(0)", "d0_7"),
        ("core.expiry_bucket(7)", "d0_7"),
        ("core.expiry_bucket(8)", "d8_14"),
        ("core.expiry_bucket(14)", "d8_14"),
        ("core.expiry_bucket(15)", "d15_30"),
        ("core.expiry_bucket(30)", "d15_30"),
        ("core.expiry_bucket(31)", "d31_60"),
        ("core.expiry_bucket(60)", "d31_60"),
        ("core.expiry_bucket(61)", "d61_90"),
        ("core.expiry_bucket(90)", "d61_90"),
        ("core.expiry_bucket(91)", "over_90"),
        ("core.expiry_bucket(null)", "unknown"),
        ("core.age_bucket(7)", "age_0_7"),
        ("core.age_bucket(8)", "age_8_30"),
        ("core.age_bucket(30)", "age_8_30"),
        ("core.age_bucket(31)", "age_31_90"),
        ("core.age_bucket(90)", "age_31_90"),
        ("core.age_bucket(91)", "age_over_90"),
        ("core.age_bucket(null)", None),
        ("staging.is_forward(timestamp '2026-01-01', timestamp '2026-01-01')", False),
        ("staging.is_forward(null, timestamp '2026-01-01')", True),
    ],
)
def test_macros_at_their_bounds(macros: Any, expression: str, expected: object) -> None:
    """Each macro at the edges of what it tells apart."""
    assert macros.rows(f"select {expression}") == [(expected,)]


@pytest.mark.parametrize(
    ("as_of_at", "expected"),
    [
        ("2026-01-01 00:00:00", "rest"),
        ("2026-02-20 00:00:00", "rest"),
        ("2026-02-20 00:00:00.000001", "under_half"),
        ("2026-03-31 00:00:01", "under_third"),
        ("2026-04-01 00:00:00", "under_third"),
        ("2026-04-01 00:00:00.000001", "under_10pct"),
        ("2026-04-11 00:00:00", "under_10pct"),
        ("2026-04-11 00:00:00.000001", None),
    ],
)
def test_relative_buckets_are_told_apart_to_the_microsecond(macros: Any, as_of_at: str, expected: str | None) -> None:
    """Of 100 days: half, a third and a tenth exactly left belong to the bucket above; expired is in none."""
    validity = "timestamp '2026-01-01', timestamp '2026-04-11'"
    assert macros.rows(f"select core.relative_expiry_bucket({validity}, timestamp '{as_of_at}')") == [(expected,)]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ("'AB', '5E', 'CA', 'c1', 'n', timestamp '2026-01-01'", "sha256:AB"),
        ("null, '5E', 'CA', 'c1', 'n', timestamp '2026-01-01'", "serial:north/5E/CA"),
        ("null, '5E', null, 'c1', 'n', timestamp '2026-01-01'", "id:north/c1"),
        ("null, '5E', null, null, 'n', timestamp '2026-01-01 23:59:59'", "name:north/n/2026-01-01T23:59:59Z"),
        ("null, '5E', null, null, 'n', null", "serial:north/5E"),
        ("null, null, 'CA', null, 'n', null", None),
    ],
)
def test_a_certificate_is_known_by_the_first_complete_rung(macros: Any, known: str, expected: str | None) -> None:
    """Thumbprint, serial and issuer, identifier, name and end, and a serial alone only last."""
    assert macros.rows(f"select staging.certificate_key('north', {known})") == [(expected,)]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("'ep-1', '10.0.0.1', 'h', '443', 'd'", "north:ep-1"),
        ("null, '2001:DB8:0::1', 'h', '443', 'WWW.Example.test'", "north:@2001:db8::1:443/www.example.test"),
        ("null, null, 'HOST', '443.0', null", "north:@host:443/"),
        ("null, '10.0.0.1', null, 'HTTPS', null", "north:@10.0.0.1:https/"),
        ("null, null, null, null, null", "north:@:/"),
    ],
)
def test_an_endpoint_without_an_id_is_known_by_where_it_is(macros: Any, item: str, expected: str) -> None:
    """The id names an endpoint; without one ip or host name, port and domain name do, missing parts empty."""
    assert macros.rows(f"select staging.endpoint_key('north', {item})") == [(expected,)]


@pytest.mark.parametrize("tail", ["", " ", "x"])
def test_only_ascii_blanks_make_a_text_blank(macros: Any, tail: str) -> None:
    """Whatever character a text begins with, the quick look at it and the thorough one agree."""
    for code in (*range(1, 0x300), 0x2003, 0xD7FF, 0x1F600):
        text = chr(code) + tail
        expected = text if text.strip(" \t\n\f\r") else None
        sql = "select staging.filled($1), staging.any_text($1), staging.parse_list(cast(json_array($1) as json))"
        assert macros.rows(sql, [text]) == [(expected, expected, expected and [text])], ascii(text)
