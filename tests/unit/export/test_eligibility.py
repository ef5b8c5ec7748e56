"""Which endpoints may take an action, which its default selection has, and why: the vendor's page, rule by rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def keys(rows: list[dict[str, str]]) -> set[str]:
    """The endpoints of the rows, without the account."""
    return {row["endpoint_key"].removeprefix("north:") for row in rows}


def estate(**differences: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Endpoints of the account north, each with what differs from the sound one."""
    return {f"north:{name}": values for name, values in differences.items()}


def test_renew_selects_public_certificates_of_digicert_and_sectigo_that_end_soon(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """Due means at most 30 days left or expired; other CAs, private trust, no GUID and no automation are out."""
    due = {"days_left": 12}
    make_database(
        estate(
            due=due,
            edge={"days_left": 30},
            later={"days_left": 31},
            expired={"days_left": -3},
            last_hours={"days_left": 0, "ca_vendor": "Sectigo Limited"},
            other_ca=due | {"ca_vendor": "Let's Encrypt"},
            private=due | {"trust": "private"},
            unknown_trust=due | {"trust": "unknown"},
            no_guid=due | {"automation_guid": None},
            unreachable=due | {"automation_state": "not_available"},
            available=due | {"automation_state": "available"},
            unknown_end={"days_left": None},
        )
    )
    rows = job_rows("renew")
    assert keys(rows) == {"due", "edge", "expired", "last_hours", "available"}
    assert [(row["days_left"], row["reason"]) for row in rows] == [
        ("-3", "expired 2 days ago"),
        ("0", "expires within a day"),
        ("12", "expires in 12 days"),
        ("12", "expires in 12 days"),
        ("30", "expires in 30 days"),
    ]
    assert keys(job_rows("renew", "true")) == {*keys(rows), "later", "unknown_end"}


def test_the_policy_moves_the_line_of_renew(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """renew_days = 60 selects what has 60 days left."""
    make_database(estate(sixty={"days_left": 60}, more={"days_left": 61}), renew_days=60)
    assert keys(job_rows("renew")) == {"sixty"}


def test_request_certificate_enrolls_the_unsecured_by_default(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]], bare: dict[str, Any]
) -> None:
    """None and unspecified with automation available are selected; duplicates and failed discoveries need --where."""
    make_database(
        estate(
            none=bare,
            unspecified=bare | {"protection": "unspecified", "automation_guid": None},
            error=bare | {"protection": "discovery_error"},
            error_elsewhere=bare | {"protection": "discovery_error", "is_unsecured": False},
            unreachable=bare | {"automation_state": "not_available"},
            managed=bare | {"automation_state": "managed"},
            secured={},
            secured_without_guid={"automation_guid": None},
        )
    )
    assert {row["endpoint_key"]: (row["request"], row["reason"]) for row in job_rows("request-certificate")} == {
        "north:none": ("enroll", "no certificate, automation is available"),
        "north:unspecified": (
            "enroll",
            (
                "no certificate, the service does not say why, automation is available; "
                "GUID unknown: needs a profile with the admin web request method"
            ),
        ),
    }
    chosen = {
        row["endpoint_key"].removeprefix("north:"): row["request"] for row in job_rows("request-certificate", "true")
    }
    assert chosen == {
        "none": "enroll",
        "unspecified": "enroll",
        "error": "enroll",
        "unreachable": "enroll",
        "managed": "enroll",
        "secured": "duplicate",
    }


def test_reissue_selects_public_certificates_that_are_over_long_or_weak(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """The limit is that of the issue date; 200 days exactly is within; with 30 days left the renewal comes first."""
    over = {"lifetime_days": 398}
    endpoints = estate(
        over_limit=over,
        within={"lifetime_days": 200},
        one_over={"lifetime_days": 201},
        old_rule=over | {"valid_from_at": "2026-03-14 23:59:59"},
        new_rule=over | {"valid_from_at": "2026-03-15 00:00:00"},
        nearly_due=over | {"days_left": 30},
        private=over | {"trust": "private"},
        rsa_1024={"key_size": 1024},
        rsa_2050={"key_size": 2050},
        curve={"key_type": "ECC", "key_size": 224},
        good_curve={"key_type": "ECC", "key_size": 384},
        dsa={"key_type": "DSA", "key_size": 3072},
        quantum={"key_type": "ML-DSA-65", "key_size": None},
        unknown_key={"key_type": "RSA", "key_size": None},
        named_otherwise={"key_type": "rsaEncryption", "key_size": 1024},
        sha1={"signature_algorithm": "sha1WithRSA"},
        sha1_too={"signature_algorithm": "ecdsa-with-SHA-1"},
        md5={"signature_algorithm": "md5WithRSAEncryption"},
        both=over | {"key_size": 1024, "signature_algorithm": "sha1WithRSA"},
        no_dates={"lifetime_days": None, "valid_from_at": None, "days_left": None, "key_size": 1024},
    )
    make_database({key: row | {"certificate_key": f"id:{key}"} for key, row in endpoints.items()})
    assert {row["endpoint_key"].removeprefix("north:"): row["reason"] for row in job_rows("reissue")} == {
        "over_limit": "200-day limit exceeded: 398 days",
        "one_over": "200-day limit exceeded: 201 days",
        "new_rule": "200-day limit exceeded: 398 days",
        "rsa_1024": "weak key: RSA 1024",
        "rsa_2050": "weak key: RSA 2050",
        "curve": "weak key: ECC 224",
        "named_otherwise": "weak key: rsaEncryption 1024",
        "dsa": "weak key: DSA 3072",
        "sha1": "weak signature: sha1WithRSA",
        "sha1_too": "weak signature: ecdsa-with-SHA-1",
        "md5": "weak signature: md5WithRSAEncryption",
        "both": "200-day limit exceeded: 398 days; weak key: RSA 1024; weak signature: sha1WithRSA",
    }
    assert {row["reason"] for row in job_rows("reissue", "endpoint_key = 'north:private'")} == {
        "selected with --where: expires in 85 days"
    }


def test_next_certificate_needs_a_profile_that_the_policy_names(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """By identifier or name, under 30 days left; never above 30, whatever the policy says of renewals."""
    estate_of_plans = estate(
        by_id={"profile_id": "p-1", "days_left": 29},
        issued_by={"profile_id": "p-2", "issuing_profile_id": "p-1", "days_left": 20},
        by_name={"profile_id": "p-9", "profile_name": "Multi-year OV", "days_left": 3},
        thirty={"profile_id": "p-1", "days_left": 30},
        other={"profile_id": "p-2", "days_left": 3},
        none={"days_left": 3},
    )
    make_database(estate_of_plans, renew_days=60, multi_year_profiles=["p-1", "Multi-year OV"])
    rows = job_rows("next-certificate")
    assert keys(rows) == {"by_id", "issued_by", "by_name"}
    assert rows[0]["reason"] == "multi-year plan of profile Multi-year OV: expires in 3 days"


def test_next_certificate_follows_a_shorter_policy(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """renew_days = 14 selects under 14 days; --where reaches up to the vendor's 30."""
    profile = {"profile_id": "p-1"}
    make_database(
        estate(thirteen=profile | {"days_left": 13}, fourteen=profile | {"days_left": 14}),
        renew_days=14,
        multi_year_profiles=["p-1"],
    )
    assert keys(job_rows("next-certificate")) == {"thirteen"}
    assert keys(job_rows("next-certificate", "true")) == {"thirteen", "fourteen"}


def test_delete_takes_discovered_endpoints_that_are_not_managed(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]], bare: dict[str, Any]
) -> None:
    """Whatever --where says, a managed or undiscovered endpoint is never in the file."""
    found = {"is_discovered": True}
    make_database(
        estate(
            managed=found,
            available=found | {"automation_state": "available"},
            unreachable=bare | found | {"automation_state": "not_available"},
            undiscovered={"automation_state": "available"},
        )
    )
    rows = job_rows("delete", "true")
    assert keys(rows) == {"available", "unreachable"}
    assert {row["reason"] for row in rows} == {
        "selected with --where: discovered, not managed, last discovered on 2026-11-20"
    }


def test_update_business_unit_selects_discovered_endpoints_without_one(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """The others stay for --where."""
    found = {"is_discovered": True}
    make_database(
        estate(
            nobodys=found | {"business_unit": "(unassigned)"},
            retail=found,
            undiscovered={"business_unit": "(unassigned)"},
        )
    )
    assert keys(job_rows("update-business-unit")) == {"nobodys"}
    assert keys(job_rows("update-business-unit", "true")) == {"nobodys", "retail"}


def test_add_tags_selects_certificates_without_an_owner(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]], bare: dict[str, Any]
) -> None:
    """Other endpoints of the account with the same certificate are listed, for they change too."""
    make_database(
        estate(
            owned={},
            ownerless={"has_owner": False, "certificate_key": "sha256:CD"},
            unknown_owner={"has_owner": None, "certificate_key": "sha256:CD"},
            bare=bare,
        )
        | {"south:far": {"account": "south", "certificate_key": "sha256:CD"}}
    )
    rows = job_rows("add-tags")
    assert [(row["endpoint_key"], row["shared_with"], row["reason"]) for row in rows] == [
        ("north:ownerless", "north:unknown_owner", "no owner; shared with other endpoints"),
        ("north:unknown_owner", "north:ownerless", "no owner; shared with other endpoints"),
    ]
    assert rows[0]["current_tags"] == "owner:shop;prod"
    assert job_rows("replace-tags", "endpoint_key = 'north:owned'")[0]["shared_with"] == ""


def test_a_certificate_on_many_endpoints_names_ten_of_them(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]]
) -> None:
    """Ten others and how many more, whether the endpoint itself comes early or late in their order."""
    make_database(estate(**{f"e{number:02}": {} for number in range(1, 15)}))
    shared = {row["endpoint_key"]: row["shared_with"] for row in job_rows("remove-tags", "true")}
    names = [f"north:e{number:02}" for number in range(1, 15)]
    assert shared["north:e01"] == ";".join(names[1:11]) + " and 3 more"
    assert shared["north:e11"] == ";".join(names[:10]) + " and 3 more"
    assert shared["north:e14"] == ";".join(names[:10]) + " and 3 more"


@pytest.mark.parametrize("action", ["download", "replace-tags", "remove-tags"])
def test_any_certificate_can_be_downloaded_and_tagged(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]], bare: dict[str, Any], action: str
) -> None:
    """Managed or not; without a certificate never."""
    make_database(estate(secured={"automation_state": "not_available", "automation_guid": None}, bare=bare))
    assert keys(job_rows(action, "true")) == {"secured"}


def test_switch_ca_takes_what_the_automation_reaches(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]], bare: dict[str, Any]
) -> None:
    """Private certificates too; not what has no GUID or no certificate."""
    make_database(estate(private={"trust": "private"}, no_guid={"automation_guid": None}, bare=bare))
    rows = job_rows("switch-ca", "true")
    assert keys(rows) == {"private"}
    assert rows[0]["reason"].startswith("selected with --where: issued by DigiCert Global G2")


def test_the_audit_trail_lists_every_endpoint(
    make_database: Callable[..., Path], job_rows: Callable[..., list[dict[str, str]]], bare: dict[str, Any]
) -> None:
    """Nothing narrows it: reading changes nothing."""
    make_database(estate(secured={}, bare=bare))
    assert keys(job_rows("audit-trail")) == {"secured", "bare"}
