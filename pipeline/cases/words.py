"""What of a case's texts stays in clear: words that are the product's own, each in the fields where it means something.

An allow-list: the names and words of the contract, the words of `sql/rules`, and the parts of the names of algorithms.
Whatever is not here is replaced.
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
        "reason",
        "resource_type",
        "security_rating",
        "source",
        "status",
    ]
)
"""Fields whose values are words of a vocabulary; `reason` is that of a revocation."""
ALGORITHM_FIELDS = frozenset({"key_type", "signature_algorithm", "extended_key_usage"})
TIME_FIELDS = frozenset({"last_discovered", "valid_from", "valid_to", "timestamp", "revocation_date"})
ISSUER_FIELDS = frozenset({"issuing_ca_name", "ca_vendor"})
NUMBER_FIELDS = frozenset(one.name for call in CALLS for one in call.fields if one.kind is Kind.NUMBER) | {"key_size"}
"""Fields whose texts of a few digits are numbers, not names."""
OF_TAGS = frozenset({"owner"})
"""The policy's default owner_tag_prefix."""
NAMES = frozenset(
    name
    for call in CALLS
    for one in call.fields
    for name in (one.name, *re.findall(r"[a-z_]+", one.meaning.partition(": ")[2] if one.kind.is_nested else ""))
)
"""The names of fields: those of the contract, and those inside of its objects."""

is_identifier = re.compile(r"(?:.*_)?(?:ids?|guid|serial_number|thumbprint)", re.DOTALL).fullmatch
"""Whether a field holds identifiers: its numbers are replaced, however small."""
is_field_name = re.compile(r"[a-z]{1,24}(?:_[a-z0-9]{1,24}){0,6}|[a-z]{1,24}(?:[A-Z][a-z0-9]{0,24}){1,6}").fullmatch
"""Whether a name that the contract does not know looks like a field's: snake_case or camelCase."""
_PARTS = (
    "sha shake md rsa rsassa rsaes pss oaep pkcs ec ecc ecdsa ecdh dsa eddsa ed ml slh fn dilithium falcon sphincs"
    " encryption encrypted encipherment public key with and id secp sect prime brainpool curve mgf none unknown other"
    " server client auth authentication authority code signing time stamping timestamping ocsp any extended usage email"
    " protection tls ssl web smart card smartcard logon ip ipsec end system tunnel user"
)
is_algorithm = re.compile(
    rf"(?=.{{1,99}}$)(?:{'|'.join(_PARTS.split())}|[pkrtvw]-?[0-9]|[0-9]|[ ,;_/()+-])+"
    "|[012](?:[.][0-9]{1,9}){3,12}",
    re.IGNORECASE,
).fullmatch
"""Whether a text is made of the parts of algorithms' names, or is an object identifier."""
_REASONS = (
    "by the API's total is but list ends after received were rows came and went in each of readings while was read a"
    " second confirmed positions ids stand more than once changed their places asked for offset answered with no"
    " not to end gives too large that an same full page items at every raise moved faster they could be near"
    " position what it new this run required key accepted role lacks feature enabled on account or path other"
    " windows from whatever so as one JSON cut short HTML try again later request rejected http connection timed"
    " out minutes budget error after attempts"
)
OF_REASONS = frozenset(re.findall(r"\w+", _REASONS.lower()))
"""Words of the sentences with which a list ends."""


@cache
def known_words() -> frozenset[str]:
    """The words, in lower case, that stay in WORD_FIELDS."""
    texts = [f"{one.name} {one.meaning} {' '.join(one.values)}" for call in CALLS for one in call.fields]
    texts += [row["status"] for row in _rows("automation_statuses")]
    texts += [row["rating"] for row in _rows("security_ratings")]
    texts.append("error errors failed failure failures failing delete deleted deletes")  # what the models look for
    return frozenset(re.findall(r"[a-z]+", " ".join(texts).lower()))


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
