"""Items keep everything but their names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cases import words
from pipeline.cases.pseudonyms import Pseudonyms
from pipeline.cases.rewrite import Rewriter

KEY = bytes(range(32))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def rewriter() -> Rewriter:
    """One that knows two names of CAs."""
    return Rewriter(Pseudonyms(KEY), {"tarnholm private ca", "telia root ca v2"})


def shape(value: object) -> object:
    """A JSON value without its texts, names and large numbers."""
    if isinstance(value, dict):
        return [shape(one) for one in value.values()]
    if isinstance(value, list):
        return [shape(one) for one in value]
    return len(value) if isinstance(value, str) else value if isinstance(value, bool | None) else type(value)


@given(st.dictionaries(st.text(max_size=9), JSON, max_size=5), st.booleans())
def test_an_item_keeps_its_structure(item: dict[str, object], is_ascii: bool) -> None:
    """Whatever is in it: objects, lists, lengths of texts, kinds of values, escaped or not."""
    line = json.dumps(item, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    made = Rewriter(Pseudonyms(KEY)).item(line)
    again = json.loads(made.decode("utf-8", "surrogatepass"))
    if not re.search(r"[A-Za-z0-9+/]{24}|\d[.]\d+[.]\d|::", line.decode("utf-8", "replace")):  # base64, addresses
        assert shape(again) == shape(item)


def joined(text: str) -> str:
    """In capitals, without separators of hexadecimal: as models compare identifiers."""
    return re.sub(r"[:\s-]", "", text).upper()


def address(text: str) -> str:
    """An address without brackets and port, in its canonical spelling."""
    found = ip_address(re.sub(r"^\[|\]:\d+$", "", text))
    return str(getattr(found, "ipv4_mapped", None) or found)


@pytest.mark.parametrize(
    ("compared", "texts"),
    [
        (str.lower, ("web01.tarnholm.example", "WEB01.Tarnholm.example", "web01.TARNHOLM.example")),
        (lambda text: text.removeprefix("*."), ("tarnholm.example", "*.tarnholm.example")),
        (joined, ("AB:CD:01:23:45:67", "abcd01234567", "AB CD 01 23 45 67")),
        (joined, ("6f1b0c1e-1a2b-3c4d-5e6f-abcdefabcdef", "6F1B0C1E1A2B3C4D5E6FABCDEFABCDEF")),
        (address, ("2001:db8:7::1", "2001:0DB8:0007:0:0:0:0:1", "[2001:db8:7::1]:443")),
        (address, ("10.1.2.3", "::ffff:10.1.2.3", "::FFFF:10.1.2.3", "::ffff:a01:203")),
        (str.lower, (r"M\u00fcller", "Müller", "MÜLLER")),
        (str, (r"\ud840\udc00x", "\U00020000x")),
        (lambda text: re.sub(r"\D", "", text), ("1234567", r"x \"1234567\"")),
    ],
    ids=lambda one: one[0] if isinstance(one, tuple) else "",
)
def test_one_thing_in_several_spellings_stays_one(
    rewriter: Rewriter, compared: Callable[[str], str], texts: tuple[str, ...]
) -> None:
    """What joined before joins afterwards, in each of the forms in which the models compare."""
    made = [rewriter.text(text, "host_name") for text in texts]
    assert len({compared(text) for text in made}) == 1
    assert not set(made) & set(texts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("automation_status", "AUTO_RENEW_SCHEDULED"),
        ("security_rating", "At risk"),
        ("discovery_status", "NO_CERTIFICATE"),
        ("key_type", "ML-DSA-65"),
        ("signature_algorithm", "sha256WithRSAEncryption"),
        ("signature_algorithm", "1.2.840.113549.1.1.11"),
        ("extended_key_usage", "serverAuth, clientAuth"),
        ("key_size", "2048"),
        ("port", "8443"),
        ("valid_to", "2027-02-30T25:61:00Z"),
        ("timestamp", " 2026-11-24 06:00:00.123 +01:00 "),
        ("valid_from", "0001-01-01T00:00:00Z"),
        ("revocation.reason", "Suspend"),
        ("host_name", " \\t-\\ud800_\u2013 "),
    ],
)
def test_what_is_nobodys_name_stays(rewriter: Rewriter, name: str, text: str) -> None:
    """Words of the product in their fields, times, small numbers, signs."""
    assert rewriter.text(text, name) == text


def test_words_of_the_product_stay_in_their_fields_only(rewriter: Rewriter) -> None:
    """A host that is called like a state is a host; a state that nobody knows is told, not shown."""
    assert rewriter.text("CONFIGURED", "host_name") != "CONFIGURED"
    assert rewriter.text("PAYROLL_ERROR", "discovery_status").endswith("_ERROR")
    assert "PAYROLL" not in rewriter.text("PAYROLL_ERROR", "discovery_status")
    assert dict(rewriter.unknown) == {"discovery_status": {"PAYROLL_ERROR"}}
    assert rewriter.kept["discovery_status"] == {"ERROR"}


def test_of_a_cas_name_stays_what_the_rules_look_for(rewriter: Rewriter) -> None:
    """Wherever the whole name stands, so that self-signed stays self-signed; in other texts nothing of it."""
    made = rewriter.text("Tarnholm Private CA", "issuing_ca_name")
    assert re.fullmatch(r"[A-Z][a-z]{7} Private [A-Z]{2}", made)
    assert "Tarnholm" not in made
    assert rewriter.text("Tarnholm Private CA", "common_name") == made
    assert rewriter.text("Telia Root CA v2", "ca_vendor").startswith("Telia ")
    assert "private" not in rewriter.text("private.telia.example", "host_name")
    assert "telia" not in rewriter.text("private.telia.example", "host_name")


@pytest.mark.parametrize(
    "item",
    [
        rb'{"name":"lone \ud800 surrogate","name":"twice"}',
        b'{"name":"not \xff\xfe UTF"}',
        b'{"port":NaN, "ip":-Infinity}',
        b'{"name":"tab\there"}',
        b'["a", [1, {"b": "c"}]]',
        b'{"name": "cut',
    ],
)
def test_a_hostile_item_stays_hostile(rewriter: Rewriter, item: bytes) -> None:
    """Byte for byte but for its words: the same signs in the same places."""
    made = rewriter.item(item)
    words = rb"(\\u....|\\.)|\b(?:[A-Za-z]+|\d+)\b|[\x80-\xff]+"
    assert re.sub(words, rb"\1", made) == re.sub(words, rb"\1", item)
    assert made.isascii() or not made.decode("utf-8", "surrogateescape").isprintable()
    assert b"surrogate" not in made
    assert b"here" not in made


def test_a_text_without_an_end_is_one_text(rewriter: Rewriter) -> None:
    """All that follows belongs to it, and what is one thing in it stays one."""
    made = rewriter.item(b'{"port":"at 2001:db8:7::1,\\" 443')
    assert rewriter.text("2001:db8:7::1", "ip").encode() in made
    assert b"443" not in made


def test_names_of_fields(rewriter: Rewriter) -> None:
    """Those of the contract stay, also in a JSON text; of others only those that look like it, beside the contract's."""
    item = {
        "newField": {"Anna Berg": 1, "frankfurt": 2, "id": 3},
        "cost_center": "x1",
        "Anna Berg": "y",
        "data": json.dumps({"thumbprint": "AB12", "anna": None}),
    }
    made = json.loads(rewriter.item(json.dumps(item).encode()))
    assert list(made)[:2] == ["newField", "cost_center"]
    assert "Anna Berg" not in made
    assert list(made["newField"])[2] == "id"
    assert "frankfurt" not in made["newField"]
    assert json.loads(made["data"])["thumbprint"] != "AB12"
    assert "anna" not in made["data"]


@pytest.mark.parametrize(
    ("literal", "name", "stays"),
    [
        *(("443", "port", True), ("12345", "port", True), ("443.0", "port", True), ("-1", "port", True)),
        *(("2048", "key_size", True), ("30", "renewal_period_days", True)),
        *(("123456", "port", False), ("0.5", "port", False), ("7", "new", False), ("1e3", "new", False)),
        *(("7", "profile_id", False), ("50.110924", "new", False), ("5e-324", "new", False)),
    ],
)
def test_numbers(rewriter: Rewriter, literal: str, name: str, stays: bool) -> None:
    """Ports, sizes and days stay, all others are somebody's; what comes is a number of the same form."""
    made = rewriter.item(f'{{"{name}":{literal}}}'.encode()).decode().partition(":")[2][:-1]
    assert (made == literal) is stays
    assert len(made) == len(literal)
    assert type(json.loads(made)) is type(json.loads(literal))


@pytest.mark.parametrize(
    "item",
    [
        '{"phone": 4915112345678e0, "mobile": 4.915112345678E12, "ids": [4.7E3, 47e10, 1e4711]}',
        '{"ownerId": 4711, "unitIDs": [17, 18], "user": 4711, "zip": 10115, "lat": 52.51, "born": {"y": 1980, "m": 35}}',
        '{"port": {"port": 4711}, "key_size": [4711]}',
        '[{"port": 4711}]',
        '{"port":"no end 0151 1234 5678',
        '{"timestamp": "10.20.30.40", "valid_from": "+49 151 12345678", "new": {"timestamp": "1980-05-23"}}',
        '{"valid_to": "1980-05-23 4711", "description": "born 1980-05-23", "phone": "1980-12-23"}',
        '{"key_type": "+49 151 12345678", "signature_algorithm": "RSA 49 151 12345678"}',
        '{"key_type": "Ed and user web card 4711", "signature_algorithm": "rsa 256 384 521"}',
        '{"signature_algorithm": "20.30.30.40", "extended_key_usage": ["1.3.6.1.4.1.54321.70.10"]}',
        '{"extended_key_usage": "1.3.6.1.4.1.311.21.80.1234567.8901234.10, 1.2.840.113556.1.80.4711"}',
        '{"host_192_168_17_50": true, "phone_4915112345678": true, "sha256789": true}',
        '{"x": "\u24d9\u24d0\u24dd\u24d4 ⠚⠁⠝⠑ 🇩🇪 🄹🄰🄽🄴 क\u093e\u0940 e\u0301\u0302"}',
    ],
)
def test_nothing_of_these_stays(rewriter: Rewriter, item: str) -> None:
    """No number of two digits or more, no address, no letter in disguise, wherever it stands."""
    made = rewriter.item(item.encode()).decode()
    known = {"10", "12"}  # exponents
    texts = re.findall(r"\d{2,}|[^\x00-\x7f\s]+", re.sub(r"\\u(....)", lambda one: chr(int(one[1], 16)), item))
    for one, new in zip(texts, re.findall(r"\d{2,}|[^\x00-\x7f\s]+", made), strict=True):
        assert one != new or one in known, made


def test_which_names_of_fields_are_told(rewriter: Rewriter) -> None:
    """Those that the contract does not know, as they are in the case; digits in them only where everybody knows the word."""
    rewriter.item(b'{"jane_doe": 1, "thumbprint_sha256": 2, "line10": {"x": 1}, "server_10": 3, "port": 4}')
    assert {"jane_doe", "thumbprint_sha256"} < rewriter.names
    assert len(rewriter.names) == 3
    assert not {"server_10", "port"} & rewriter.names
    assert dict(rewriter.kept) == {}


def test_algorithms_are_read_one_by_one(rewriter: Rewriter) -> None:
    """What the rules look for stays beside what nobody knows; a long text takes no long time."""
    made = rewriter.text("clientAuth (1.3.6.1.5.5.7.3.2), Tarnholm Login", "extended_key_usage")
    assert made.startswith("clientAuth (1.3.6.1.5.5.7.3.2), ")
    assert "Tarnholm" not in made
    assert rewriter.kept["extended_key_usage"] == {"clientAuth", "1.3.6.1.5.5.7.3.2"}
    assert not words.is_algorithm("eddsa" * 19 + "!")


def test_certificates_are_replaced_whole(rewriter: Rewriter) -> None:
    """Neither letters nor the places of capitals and digits are those of before, and the length is only near it."""
    body = "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ"
    pem = f"-----BEGIN CERTIFICATE-----\\n{body}\\nRTEn\\n-----END CERTIFICATE-----\\n"
    for text in (body, pem):
        made = rewriter.text(text, "certificate")
        assert made != text
        assert not set(re.findall(r"\w{4,}", text)) & set(re.findall(r"\w{4,}", made)) - {"BEGIN"}
        assert len(made.removeprefix("-----BEGIN PEM-----\\n").removesuffix("\\n-----END PEM-----\\n")) % 64 == 0


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "prod: GET https://tlm.example (10.1.2.3) answered 403: role 4711 of Anna; the key lacks the role",
            "answered 403",
        ),
        ("agents (http://10.1.2.3:8443/x) answered 200 with JSON that is cut short (total 4711)", "answered 200"),
        ("10.1.2.3:443 cannot be reached (no connection); check it.", "* cannot be reached (no connection); * it."),
        ("4711, agents could not be reached", "* * could not be reached"),
        ("the API's total is 12, but 123456 rows came of tlm.role.list", "the API's total is 12, but * rows came of *"),
    ],
)
def test_a_reason_keeps_our_words_and_loses_all_others(said: str, shown: str) -> None:
    """Hosts, accounts and all that the service said are gone, also where it speaks as we do."""
    assert words.of_reason(said, "4711") == shown


def test_the_vocabulary_knows_what_the_models_look_for() -> None:
    """Every state of sql/rules stays whole."""
    assert {"auto", "renew", "scheduled", "error", "failed", "delete", "secure", "revoked"} <= words.known_words()
    assert words.is_algorithm("ecdsa-with-SHA384")
    assert not words.is_algorithm("tarnholm-rsa")
    assert not words.is_algorithm("web01.example")


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ('{"x":"Иванов"}'.encode("cp1251"), "Иванов".encode("cp1251")),
        ('{"x":"Müller"}'.encode("latin-1"), "ü".encode("latin-1")),
        ('{"x":"\U000e004a\U000e0061\U000e006e\U000e0065"}'.encode(), "\U000e006e\U000e0065".encode()),
        (rb'{"x": \u004a\u0061\u006e\u0065}', rb"\u006e\u0065"),
        (b'{"extended_key_usage":["2.5.29.37.10.20.30.40"]}', b"20.30"),
        (b'{"action":"deleted by E. G."}', b"E. G."),
    ],
)
def test_a_name_in_other_signs_is_replaced_too(rewriter: Rewriter, item: bytes, name: bytes) -> None:
    """Another code page, tags that nobody sees, escapes where no text is, an address behind an arc, initials."""
    made = rewriter.item(item)
    assert name in item
    assert name not in made
    assert len(made.decode("utf-8", "replace")) <= len(item)
