"""What of a case's texts stays in clear: words that are the product's own, each in the fields where it means something.

An allow-list: the names and words of the contract, the words of `sql/rules`, the parts of the names of algorithms, and
the forms of times and of small numbers. Whatever is not here is replaced. Fields are those of an item itself; one
inside of its objects is written object.field, and what is deeper has no name that counts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache

from pipeline.api.contract import CALLS, Kind
from pipeline.places import content

WORD_FIELDS = frozenset(
    [
        "action",
        "automation_status",
        "authentication_method",
        "discovery_status",
        "enrollment_method",
        "resource_type",
        "revocation.reason",
        "security_rating",
        "source",
        "status",
    ]
)
"""Fields whose values are words of a vocabulary."""
ALGORITHM_FIELDS = frozenset({"key_type", "signature_algorithm", "extended_key_usage"})
TIME_FIELDS = frozenset({"last_discovered", "valid_from", "valid_to", "timestamp", "revocation.revocation_date"})
ISSUER_FIELDS = frozenset({"issuing_ca_name", "ca_vendor"})
NUMBER_FIELDS = frozenset(one.name for call in CALLS for one in call.fields if one.kind is Kind.NUMBER) | {"key_size"}
"""Fields whose numbers of a few digits, also as texts, are ports, sizes or days, and name nobody."""
LIST_FIELDS = frozenset({"tags", "extended_key_usage"})
"""Fields that may be lists of such texts."""
OF_TAGS = frozenset({"owner"})
"""The policy's default owner_tag_prefix."""
NAMES = frozenset(
    name
    for call in CALLS
    for one in call.fields
    for name in (one.name, *re.findall(r"[a-z_]+", one.meaning.partition(": ")[2] if one.kind.is_nested else ""))
)
"""The names of fields: those of the contract, and those inside of its objects."""

TIME = re.compile(
    r"(?<!\d)\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.]\d{1,9})?)?(?:[Zz]|[ ]?[+-]\d\d(?::?\d\d)?)?)?(?![\d:.])",
    re.ASCII,
)
"""A day or an instant, in the forms that staging.parse_time reads."""
is_small = re.compile(r"\s*-?\d{1,5}(?:[.]0*)?\s*", re.ASCII).fullmatch
"""Whether a text or number is whole and small, as staging.whole_number reads it."""
is_field_name = re.compile(r"[a-z]{1,24}(?:_[a-z0-9]{1,24}){0,6}|[a-z]{1,24}(?:[A-Z][a-z0-9]{0,24}){1,6}").fullmatch
"""Whether a name that the contract does not know looks like a field's: snake_case or camelCase."""
DIGITS_OF_NAMES = re.compile(r"((?:sha(?:1|256|384|512)|md5|x509|ipv[46])(?!\d))|\d+", re.IGNORECASE)
"""Digits in such a name; the group is set where they belong to a word that everybody knows."""
_PARTS = (
    "sha shake md ripemd rsa rsassa rsaes pss oaep pkcs ec ecc ecdsa ecdh dsa eddsa ml slh fn dilithium falcon sphincs"
    " encryption encrypted encipherment public key with and id kp nist secp sect prime brainpool curve mgf none unknown"
    " other bit bits server client auth authentication authority code signing time stamping timestamping ocsp any"
    " extended usage email protection tls ssl web smart card smartcard logon ip ipsec end system tunnel user"
)
_SIZES = (
    "1 2 3 5 44 65 87 112 128 160 163 192 224 233 239 256 283 320 384 409 448 512 521 571 768 1024 1536 2048 3072 4096"
    " 6144 7680 8192 15360 16384 25519"
)
_OIDS = (
    r"1[.]2[.]840[.](?:113549[.][1-3]|10045[.][1-4]|10040[.]4)|1[.]3[.]6[.]1[.]5[.]5[.]7[.]3|1[.]3[.]101|1[.]3[.]132[.]0"
    r"|1[.]3[.]6[.]1[.]4[.]1[.]311[.](?:10[.]3|20[.]2)|1[.]3[.]14[.]3[.]2|1[.]3[.]36[.]3|2[.]16[.]840[.]1[.]101[.]3[.]4"
    r"|2[.]5[.]29[.]37"
)  # arcs below which standards alone give numbers, and no company or directory has its own
is_algorithm = re.compile(
    r"(?=.{1,99}$)(?!(?:\D*\d){9})(?=[^a-z0-9]*[a-z])(?>"
    + "|".join(sorted(_PARTS.split(), key=len, reverse=True))
    + rf"|(?:ed|[bkprtvwx])-?(?=\d)|(?<!\d)(?:{'|'.join(_SIZES.split())})(?!\d)[sf]?|[ _/+-])++"
    + rf"|\s*(?:{_OIDS})(?:[.]\d{{1,3}}){{1,3}}\s*",
    re.IGNORECASE | re.ASCII,
).fullmatch
"""Whether a text is made of the parts of algorithms' names and known sizes, or is a standard's object identifier."""
_REASONS = (
    "by the API's total is but list ends after received were rows came and went in each of readings while was read a"
    " second confirmed positions ids stand more than once changed their places asked for offset answered with no"
    " not to end gives too large that an same full page items at every raise moved faster they could be near"
    " position what it new this run required key accepted role lacks feature enabled on account or path other"
    " windows from whatever so as one JSON cut short HTML try again later request rejected http connection timed"
    " out minutes budget error after attempts cannot could reached"
)
OF_REASONS = frozenset(_REASONS.lower().split())
"""Words of the sentences with which a list ends."""
_ANSWERED = re.compile(r"\banswered [1-5]\d\d\b", re.ASCII)  # before it are names, behind it is what the service says


def of_reason(sentence: str, account: str) -> str:
    """What may be seen of how a list of `account` ended: the status of the answer, else our words and small numbers."""
    said = _ANSWERED.search(sentence)
    if said:
        return said[0]
    parts = [(one, one.strip(",.;:()")) for one in sentence.split()]
    return " ".join(
        one if bare != account and (bare.lower() in OF_REASONS or is_small(bare)) else "*" for one, bare in parts
    )


@cache
def known_words() -> frozenset[str]:
    """The words, in lower case, that stay in WORD_FIELDS."""
    texts = [f"{one.name} {one.meaning} {' '.join(one.values)}" for call in CALLS for one in call.fields]
    texts += [row["status"] for row in _rows("automation_statuses")]
    texts += [row["rating"] for row in _rows("security_ratings")]
    texts.append("error errors failed failure failures failing delete deleted deletes")  # what the models look for
    return frozenset(re.findall(r"[a-z]{2,}", " ".join(texts).lower()))


@cache
def issuer_patterns() -> tuple[re.Pattern[str], ...]:
    """The LIKE patterns of names of CAs, for names in lower case; the groups are what a name has of the pattern."""
    patterns = {row["pattern"] for row in _rows("issuers") if row["matches"] == "name"}
    patterns |= {row["issued_by"] for row in _rows("client_auth")}
    patterns |= {"sectigo%", "self_signed", "selfsigned"}  # sql/export/renew.sql, sql/core/certificates.sql
    return tuple(re.compile(_as_regex(pattern), re.DOTALL) for pattern in sorted(patterns) if pattern.strip("%"))


def _as_regex(pattern: str) -> str:
    parts = (f"({re.escape(part).replace('_', '.')})" if part else "" for part in pattern.split("%"))
    return ".*?".join(parts)


def _rows(seed: str) -> Iterator[dict[str, str]]:
    with (content("sql") / "rules" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
