"""The invented estate: same plan, same bytes; lifetimes within the rule; proportions as in a real company."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pipeline.sandbox.authorities import public_limit
from pipeline.sandbox.company import HOSTILE_NAMES
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.world import World

Items = dict[str, dict[str, list[dict[str, Any]]]]
SMALL = Plan(endpoints=150, seed=3, weeks=3)
CATEGORIES = ("endpoints.automatable", "endpoints.discovered", "endpoints.unsecured")
PRIVATE_WORDS = ("Tarnholm", "APAC-ISSUING")


def read_instant(text: str, *, is_end: bool = False) -> datetime:
    """An instant of the API; a bare day begins or ends with that day."""
    if len(text) == 10:
        text += "T23:59:59Z" if is_end else "T00:00:00Z"
    return datetime.fromisoformat(text)


def digest(world: World) -> list[str]:
    """One hash over everything that each week serves."""
    hashes = []
    for week in range(world.plan.weeks):
        total = hashlib.sha256()
        for view in world.at(week).accounts.values():
            for encoded in view.lists.values():
                for item in encoded:
                    total.update(item)
        hashes.append(total.hexdigest())
    return hashes


def gather(items: Items) -> dict[tuple[str, str], dict[str, Any]]:
    """Endpoints by account and id, with their categories."""
    endpoints: dict[tuple[str, str], dict[str, Any]] = {}
    for account, lists in items.items():
        for category in CATEGORIES:
            for item in lists[category]:
                key = (account, item["id"] or item["host_name"])
                endpoints.setdefault(key, {**item, "categories": set()})["categories"].add(category)
    return endpoints


def test_the_same_plan_gives_the_same_bytes() -> None:
    """Week by week, whatever week is asked for first."""
    backwards = World(SMALL)
    backwards.at(2)
    assert digest(World(SMALL)) == digest(backwards)


def test_another_seed_gives_another_estate() -> None:
    """And another date, and another size."""
    plans = [SMALL, Plan(endpoints=150, seed=4, weeks=3), Plan(endpoints=151, seed=3, weeks=3)]
    plans.append(Plan(endpoints=150, seed=3, weeks=3, as_of=SMALL.as_of + timedelta(days=1)))
    assert len({tuple(digest(World(plan))) for plan in plans}) == len(plans)


def test_a_week_that_the_plan_does_not_have() -> None:
    """It is refused by name and number."""
    with pytest.raises(IndexError, match="weeks 0 to 2, not 3"):
        World(SMALL).at(3)


def test_the_estate_has_the_planned_size(items: Items) -> None:
    """Exactly, in every account."""
    counts = Counter(account for account, _ in gather(items))
    assert counts == {"prod": 1600, "apac": 400}


def test_public_lifetimes_obey_the_rule_of_their_issue_date(items: Items) -> None:
    """Except for the few that are over-long on purpose."""
    over_long, public = 0, 0
    for lists in items.values():
        for item in lists["certificates"]:
            is_private = item["ca_vendor"] == "Self signed" or item["issuing_ca_name"].startswith(PRIVATE_WORDS)
            if is_private:
                continue
            start, end = read_instant(item["valid_from"]), read_instant(item["valid_to"], is_end=True)
            public += 1
            over_long += (end - start + timedelta(seconds=1)).total_seconds() / 86400 > public_limit(start.date())
    assert 0 < over_long < 0.02 * public


def test_lifetimes_obey_a_rule_that_is_not_in_force_yet() -> None:
    """Early in 2029 what DigiCert issued since 2028 lives 99 days, less when reissued, or is over-long on purpose."""
    world = World(Plan(endpoints=120, seed=5, weeks=1, as_of=datetime(2029, 2, 5, 4, tzinfo=UTC)))
    for issued in world.at(0).accounts["prod"].issued:
        certificate = x509.load_der_x509_certificate(issued.der())
        if "DigiCert Inc" in certificate.issuer.rfc4514_string() and certificate.not_valid_before_utc.year > 2027:
            lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc + timedelta(seconds=1)
            assert lifetime.days <= 99 or lifetime.days == 397


def test_proportions_are_those_of_a_real_company(items: Items) -> None:
    """Protection near 94 %, automation near 75 %, little expired, every kind of gap present."""
    endpoints = gather(items).values()
    secured = [e for e in endpoints if e.get("common_name")]
    kinds = Counter(
        (bool(e.get("discovery_error")), e.get("discovery_status")) for e in endpoints if not e.get("common_name")
    )
    assert kinds.keys() == {(False, None), (False, "NO_CERTIFICATE"), (True, "DISCOVERY_ERROR")}
    lacking = kinds[False, None] + kinds[False, "NO_CERTIFICATE"]
    assert 0.91 < len(secured) / (len(secured) + lacking) < 0.97
    waiting = (None, "CONFIGURED", "NOT_CONFIGURED")
    assert 0.65 < sum(e["automation_status"] not in waiting for e in secured) / len(secured) < 0.85
    now = SMALL.as_of
    assert sum(read_instant(e["valid_to"], is_end=True) < now for e in secured) < 0.012 * len(secured)
    assert sum(len(e["categories"]) > 1 for e in endpoints) > 0.2 * len(endpoints)


def test_automation_and_protection_rise_over_the_weeks() -> None:
    """From the first to the last of thirteen weeks."""
    world = World(Plan(endpoints=1500, seed=2))
    managed, lacking = [], []
    for week in (0, 12):
        views = world.at(week).accounts.values()
        entries = [msgspec.json.decode(item) for view in views for item in view.lists["automation_inventory"]]
        managed.append(sum(e["automation_status"] not in (None, "CONFIGURED", "NOT_CONFIGURED") for e in entries))
        unsecured = [msgspec.json.decode(item) for view in views for item in view.lists["endpoints.unsecured"]]
        lacking.append(sum(not item.get("discovery_error") for item in unsecured))
    assert managed[0] * 1.05 < managed[1]
    assert lacking[0] > lacking[1]


def test_weeks_bring_arrivals_removals_renewals_and_events(world: World) -> None:
    """What changes between two weeks is what happens in a company."""
    before, after = (world.at(week).accounts["prod"] for week in (1, 2))
    first, second = (
        {item["id"]: item for item in map(msgspec.json.decode, view.lists["endpoints.automatable"])}
        for view in (before, after)
    )
    assert second.keys() - first.keys()
    assert first.keys() - second.keys()
    changed = [i for i in first.keys() & second.keys() if first[i].get("thumbprint") != second[i].get("thumbprint")]
    assert 0.01 * len(first) < len(changed) < 0.1 * len(first)
    assert len(after.lists["audit_log"]) > len(before.lists["audit_log"])


def test_only_what_changed_is_encoded_anew(world: World) -> None:
    """Two weeks share the bytes of a certificate in which nothing happened."""
    first, second = (world.at(week).accounts["prod"].lists["certificates"] for week in (1, 2))
    shared = {id(item) for item in first} & {id(item) for item in second}
    assert len(shared) > 0.9 * len(first)


# A common name of 300 characters is more than X.520 permits, and is there on purpose.
@pytest.mark.filterwarnings("ignore:Attribute's length:UserWarning")
def test_der_says_what_the_item_says(world: World, items: Items) -> None:
    """Every certificate parses; hash, serial number, dates, names, key and signature are those of its item."""
    for account, view in world.at(2).accounts.items():
        for item, issued in zip(items[account]["certificates"], view.issued, strict=True):
            certificate = x509.load_der_x509_certificate(issued.der())
            name = x509.NameOID.COMMON_NAME
            assert hashlib.sha256(issued.der()).hexdigest().upper() == item["thumbprint"]
            assert certificate.serial_number == int(item["serial_number"], 16)
            assert certificate.not_valid_before_utc == read_instant(item["valid_from"])
            assert certificate.not_valid_after_utc == read_instant(item["valid_to"], is_end=True)
            assert certificate.subject.get_attributes_for_oid(name)[0].value == item["common_name"]
            assert certificate.issuer.get_attributes_for_oid(name)[0].value == item["issuing_ca_name"]
            sans = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            assert sans.get_values_for_type(x509.DNSName) == item["sans"]


def test_keys_are_real_and_as_large_as_the_item_says(world: World, items: Items) -> None:
    """One certificate of each kind and size of key."""
    seen: dict[tuple[str, str], Any] = {}
    for item, issued in zip(items["prod"]["certificates"], world.at(2).accounts["prod"].issued, strict=True):
        seen.setdefault((item["key_type"], item["key_size"]), issued)
    assert {("RSA", "1024"), ("RSA", "2048"), ("RSA", "4096"), ("EC", "256")} <= seen.keys()
    for (kind, size), issued in seen.items():
        key = x509.load_der_x509_certificate(issued.der()).public_key()
        assert isinstance(key, rsa.RSAPublicKey if kind == "RSA" else ec.EllipticCurvePublicKey)
        assert str(key.key_size) == size


def test_a_self_signed_certificate_verifies(world: World, items: Items) -> None:
    """Its own key signed it."""
    for item, issued in zip(items["prod"]["certificates"], world.at(2).accounts["prod"].issued, strict=True):
        if item["ca_vendor"] == "Self signed" and item["signature_algorithm"] == "sha256WithRSA":
            certificate = x509.load_der_x509_certificate(issued.der())
            certificate.verify_directly_issued_by(certificate)
            return
    pytest.fail("the estate has no self-signed certificate")


def test_the_bad_ones_are_there(items: Items) -> None:
    """Weak keys and signatures, revoked but installed, wildcards on many endpoints, renewed but not deployed."""
    certificates = {item["id"]: item for lists in items.values() for item in lists["certificates"]}
    endpoints = gather(items).values()
    assert any(item["key_size"] == "1024" for item in certificates.values())
    assert any(item["signature_algorithm"] == "sha1WithRSA" for item in certificates.values())
    shared = Counter(
        e["thumbprint"] for e in endpoints if (e.get("common_name") or "").startswith("*.") and e.get("thumbprint")
    )
    assert max(shared.values()) > 5
    installed = {e.get("certificate_id") for e in endpoints}
    unused = [item for key, item in certificates.items() if key not in installed and item["status"] == "issued"]
    in_use = {(item["common_name"], item["valid_to"]) for key, item in certificates.items() if key in installed}
    assert any(item["common_name"] == name and item["valid_to"] > end for item in unused for name, end in in_use)


def test_accounts_share_some_certificates(items: Items) -> None:
    """The same thumbprint in both searches, under another identifier."""
    prod, apac = ({item["thumbprint"]: item["id"] for item in items[name]["certificates"]} for name in ("prod", "apac"))
    shared = prod.keys() & apac.keys()
    assert shared
    assert all(prod[thumbprint] != apac[thumbprint] for thumbprint in shared)


def test_hostile_names_are_served_as_they_are(items: Items) -> None:
    """Formulas, markup, right-to-left text and a name of 300 characters arrive unchanged."""
    names = {item["common_name"] for item in items["prod"]["certificates"]}
    assert len(names & set(HOSTILE_NAMES)) > 0.8 * len(HOSTILE_NAMES)


def test_few_changes_happen_without_a_word(world: World) -> None:
    """About two in a hundred new certificates are named by no event."""
    view = world.at(2).accounts["prod"]
    text = b"".join(view.lists["audit_log"]).decode()
    first = {issued.thumbprint for issued in world.at(0).accounts["prod"].issued}
    fresh = [issued.thumbprint for issued in view.issued if issued.thumbprint not in first]
    silent = sum(thumbprint not in text for thumbprint in fresh)
    assert silent < 0.08 * len(fresh)
