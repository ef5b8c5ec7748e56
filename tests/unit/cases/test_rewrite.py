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
    if not any(len(text) > 23 for text in re.findall(r"[A-Za-z0-9+/]+", line.decode("utf-8", "replace"))):
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
        ("description", "2026-11-24T06:00:00.123+01:00"),
        ("host_name", " \\t-\\ud800_\U0001f600 "),
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
    assert re.sub(rb"(\\u....|\\.)|\b[A-Za-z]+\b", rb"\1", made) == re.sub(
        rb"(\\u....|\\.)|\b[A-Za-z]+\b", rb"\1", item
    )
    assert b"surrogate" not in made
    assert b"here" not in made


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
        *(("443", "port", True), ("12345", "new", True), ("0.5", "share", True), ("1e3", "new", True)),
        *(("123456", "new", False), ("7", "profile_id", False), ("50.110924", "new", False)),
    ],
)
def test_numbers(rewriter: Rewriter, literal: str, name: str, stays: bool) -> None:
    """Small ones are nobody's, identifiers and long ones are somebody's; what comes is a number of the same length."""
    made = rewriter.item(f'{{"{name}":{literal}}}'.encode()).decode().partition(":")[2][:-1]
    assert (made == literal) is stays
    assert len(made) == len(literal)
    assert isinstance(json.loads(made), int | float)


def test_certificates_are_replaced_whole(rewriter: Rewriter) -> None:
    """Neither letters nor the places of capitals and digits are those of before, and the length is only near it."""
    body = "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ"
    pem = f"-----BEGIN CERTIFICATE-----\\n{body}\\nRTEn\\n-----END CERTIFICATE-----\\n"
    for text in (body, pem):
        made = rewriter.text(text, "certificate")
        assert made != text
        assert not set(re.findall(r"\w{4,}", text)) & set(re.findall(r"\w{4,}", made)) - {"BEGIN"}
        assert len(made.removeprefix("-----BEGIN PEM-----\\n").removesuffix("\\n-----END PEM-----\\n")) % 64 == 0


def test_a_reason_keeps_its_words_and_loses_names(rewriter: Rewriter) -> None:
    """Our sentences can be read; hosts, accounts and what the service said cannot."""
    said = "prod: GET https://tlm.tarnholm.example:8443 (10.1.2.3) answered 403: Anna Berg lacks PKI; the API's total is 12"
    made = rewriter.reason(said) or ""
    assert re.sub(r"\(.*?\)", "()", made) == "*: * *://*.*.*:8443 () answered 403: * * lacks *; the API's total is 12"
    assert "10.1.2.3" not in made


def test_the_vocabulary_knows_what_the_models_look_for() -> None:
    """Every state of sql/rules stays whole."""
    assert {"auto", "renew", "scheduled", "error", "failed", "delete", "secure", "revoked"} <= words.known_words()
    assert words.is_algorithm("ecdsa-with-SHA384")
    assert not words.is_algorithm("tarnholm-rsa")
    assert not words.is_algorithm("web01.example")
