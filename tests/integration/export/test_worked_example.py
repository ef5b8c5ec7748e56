"""Every action over the 34 endpoints of the worked example, run 2; the expected rows were worked out by hand.

Under automation, with a certificate and a GUID, are n01 to n06, s02 and s03; the endpoint without an id, 192.0.2.22, is
available for automation and has no GUID. The id of n05 is its GUID in the automation inventory.
"""

from __future__ import annotations

import csv

import pytest

from pipeline.config import Settings
from pipeline.export.files import export_actions

NAMELESS = "@192.0.2.22:443/www.example.test"
AUTOMATED = {"n01", "n02", "n03", "n04", "n05", "n06", "s02", "s03"}
WITH_OWNER = {"n01", "n02", "n07", "n15", "s01", "s02"}
WITHOUT_OWNER = (
    {NAMELESS, "n03", "n04", "n05", "n06", "n08", "n09", "n10", "n11", "n12", "n13", "n14", "n16", "n17", "n20"}
    | {"n23", "n24", "n25"}
    | {"s03", "s04", "s05", "s07", "s09", "s10"}
)
WITHOUT_CERTIFICATE = {"n18", "n19", "s06", "s08"}

DEFAULT = {
    "request-certificate": {"s08"},  # unspecified and available; n18 and s06 are out of the automation's reach
    "reissue": set(),  # n15 (398 days) and s09 (RSA 2050) are out of reach, n23 (RSA 1024) is private
    "renew": {"n02", "n06"},  # 13 and 0 days, both Sectigo; n07 and s09 are out of reach
    "next-certificate": set(),  # the policy names no profile
    "update-business-unit": {"n15"},
    "add-tags": WITHOUT_OWNER,
    "audit-trail": WITH_OWNER | WITHOUT_OWNER | WITHOUT_CERTIFICATE,
}
ELIGIBLE = {
    "request-certificate": AUTOMATED | WITHOUT_CERTIFICATE,
    "reissue": AUTOMATED,
    "renew": {"n01", "n02", "n05", "n06", "s02", "s03"},  # n03 is Let's Encrypt's, n04 private
    "switch-ca": AUTOMATED,
    "next-certificate": set(),
    "delete": {NAMELESS, "n04", "n07", "n08", "n09", "n10", "n11", "n12", "n13", "n14", "n15", "n16", "n17", "n20"}
    | {"n23", "n24", "n25", "s01", "s04", "s05", "s07", "s09", "s10"},  # discovered; not n01, n05, n06, s03: managed
    "update-business-unit": (WITH_OWNER | WITHOUT_OWNER) - {"n02", "n03", "s02"},  # those are in no discovery
    "add-tags": WITH_OWNER | WITHOUT_OWNER,
    "replace-tags": WITH_OWNER | WITHOUT_OWNER,
    "remove-tags": WITH_OWNER | WITHOUT_OWNER,
    "download": WITH_OWNER | WITHOUT_OWNER,
    "audit-trail": WITH_OWNER | WITHOUT_OWNER | WITHOUT_CERTIFICATE,
}


def export(settings: Settings, action: str, where: str | None = None) -> dict[str, dict[str, str]]:
    """The rows of a job CSV by the last part of their endpoint's name."""
    (file,) = export_actions(settings, action, where=where)
    with file.path.open(newline="", encoding="utf-8") as text:
        rows = {row["endpoint_key"].split(":", 1)[1].removeprefix("ep-"): row for row in csv.DictReader(text)}
    assert len(rows) == file.rows
    return rows


@pytest.mark.parametrize("action", DEFAULT)
def test_the_default_selection_has_the_rows_worked_out_by_hand(worked_example: Settings, action: str) -> None:
    """Without --where."""
    assert set(export(worked_example, action)) == DEFAULT[action]


@pytest.mark.parametrize("action", ELIGIBLE)
def test_where_true_gives_all_that_may_take_the_action(worked_example: Settings, action: str) -> None:
    """--where replaces the selection, never the precondition."""
    assert set(export(worked_example, action, "true")) == ELIGIBLE[action]


def test_a_row_of_renew_says_what_a_person_needs(worked_example: Settings) -> None:
    """Most urgent first; identity, GUID, names and the reason."""
    rows = list(export(worked_example, "renew").values())
    assert [row["reason"] for row in rows] == ["expires within a day", "expires in 13 days"]
    picked = {
        "schema_version": "1",
        "action": "renew",
        "account": "north",
        "endpoint_key": "north:ep-n02",
        "certificate_key": "sha256:" + 16 * "0002",
        "run_id": "20261123T060000Z-00000002",
        "profile_id": "",
        "tags": "",
        "target_business_unit_id": "",
        "automation_guid": "g-n02",
        "ip": "192.0.2.2",
        "port": "443",
        "host_name": "n02",
        "domain_name": "pay.example.test",
        "common_name": "pay.example.test",
        "serial_number": "5E0002",
        "valid_to_at": "2026-12-06 23:59:59",
        "days_left": "13",
        "business_unit": "Payments",
        "ca_vendor": "Sectigo",
        "trust": "public",
        "current_tags": "owner:pay-team",
    }
    assert {name: rows[1][name] for name in picked} == picked


def test_the_wildcard_of_two_endpoints_says_so(worked_example: Settings) -> None:
    """n16 and n17 share one; n01 shares its certificate with another account only, whose tags are its own."""
    rows = export(worked_example, "add-tags", "true")
    assert (rows["n16"]["shared_with"], rows["n17"]["shared_with"]) == ("north:ep-n17", "north:ep-n16")
    assert {name for name, row in rows.items() if row["shared_with"]} == {"n16", "n17"}


def test_requests_say_which_request_they_are(worked_example: Settings) -> None:
    """A duplicate where a certificate is, else a new one."""
    rows = export(worked_example, "request-certificate", "true")
    assert {name for name, row in rows.items() if row["request"] == "duplicate"} == AUTOMATED
    assert rows["n19"]["reason"].startswith("the discovery of its certificate failed")
