from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import Account, Settings
from pipeline.export.files import export_actions
from pipeline.places import content
from pipeline.transform.seeds import create_macros, load_lists
from pipeline.warehouse.duck import open_writable

AS_OF = datetime(2026, 11, 23, 6)
RUN = "20261123T060000Z-aaaaaa"

# The columns of core.endpoints that exports read, as the models type them.
ENDPOINT_COLUMNS = {
    "account": "varchar",
    "endpoint_key": "varchar",
    "automation_guid": "varchar",
    "ip": "varchar",
    "port": "integer",
    "host_name": "varchar",
    "domain_name": "varchar",
    "is_automatable": "boolean",
    "is_unsecured": "boolean",
    "is_discovered": "boolean",
    "protection": "varchar",
    "automation_state": "varchar",
    "automation_status": "varchar",
    "certificate_key": "varchar",
    "common_name": "varchar",
    "serial_number": "varchar",
    "issuer": "varchar",
    "ca_vendor": "varchar",
    "trust": "varchar",
    "valid_from_at": "timestamp",
    "valid_to_at": "timestamp",
    "days_left": "bigint",
    "lifetime_days": "bigint",
    "expiry_bucket": "varchar",
    "key_type": "varchar",
    "key_size": "integer",
    "signature_algorithm": "varchar",
    "business_unit": "varchar",
    "tags": "varchar[]",
    "sensor_name": "varchar",
    "last_discovered_at": "timestamp",
    "issuing_profile_id": "varchar",
    "profile_id": "varchar",
    "profile_name": "varchar",
    "has_owner": "boolean",
    "run_id": "varchar",
}

# A managed endpoint with a sound certificate that is due for nothing.
SOUND = {
    "account": "north",
    "automation_guid": "g-1",
    "ip": "192.0.2.1",
    "port": 443,
    "is_automatable": True,
    "is_unsecured": False,
    "is_discovered": False,
    "protection": "certificate",
    "automation_state": "managed",
    "certificate_key": "sha256:AB",
    "common_name": "shop.example.test",
    "serial_number": "5E0004",
    "issuer": "DigiCert Global G2 TLS RSA SHA256 2020 CA1",
    "ca_vendor": "DigiCert",
    "trust": "public",
    "valid_from_at": datetime(2026, 8, 1),
    "valid_to_at": datetime(2027, 2, 16, 23, 59, 59),
    "days_left": 85,
    "lifetime_days": 200,
    "key_type": "RSA",
    "key_size": 2048,
    "signature_algorithm": "sha256WithRSA",
    "business_unit": "Retail",
    "tags": ["owner:shop", "prod"],
    "last_discovered_at": datetime(2026, 11, 20),
    "has_owner": True,
    "run_id": RUN,
}
# The same place without a certificate, not under management.
BARE = dict.fromkeys(
    name
    for name in SOUND
    if name in ("certificate_key", "common_name", "serial_number", "issuer", "ca_vendor", "trust", "tags", "has_owner")
    or name.startswith(("valid_", "days_", "lifetime_", "key_", "signature_"))
) | {"is_automatable": False, "is_unsecured": True, "automation_state": "available", "protection": "none"}

# What judges certificates, and certificates as the first endpoint by key says.
JUDGING = ("validity_limits", "key_types", "key_rules", "key_strengths", "signature_rules", "client_auth")
CERTIFICATES = """
    select distinct on (certificate_key)
        certificate_key, trust, issuer, ca_vendor, valid_from_at, valid_to_at, lifetime_days, key_type, key_size,
        signature_algorithm, cast(null as varchar) as extended_key_usage
    from core.endpoints
    where certificate_key is not null
    order by certificate_key, endpoint_key
"""

MakeDatabase = Callable[..., Path]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a folder of this test."""
    return Settings(accounts=(Account("north", "https://north.example.test"),), folder=str(tmp_path))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse without endpoints: the tables that exports read, and the project's own macros, limits and views."""
    path = tmp_path_factory.mktemp("empty") / "tlm.duckdb"
    with open_writable(path) as warehouse:
        for schema in ("raw", "staging", "core", "mart", "rules", "meta", "report", "export"):
            warehouse.execute(f"create schema {schema}")
        warehouse.execute(
            "create table meta.current_run as select ? as run_id, ? as as_of_at, cast(null as date) as rules_on",
            [RUN, AS_OF],
        )
        warehouse.execute(
            "create table rules.policy (renew_days integer, multi_year_profiles varchar[], approved_cas varchar[])"
        )
        columns = ", ".join(f"{name} {kind}" for name, kind in ENDPOINT_COLUMNS.items())
        warehouse.execute(f"create table core.endpoints ({columns})")
        sql = content("sql")
        create_macros(warehouse, sql / "macros")
        load_lists(warehouse, sql / "rules")
        for rules in JUDGING:
            warehouse.execute(f"create table rules.{rules} as {(sql / 'rules' / f'{rules}.sql').read_text()}")
        warehouse.execute(f"create view core.certificates as {CERTIFICATES}")
        measures = (sql / "core" / "certificate_measures.sql").read_text()
        warehouse.execute(f"create view core.certificate_measures as {measures}")
        read_by_others = {"job_rows", "sharing"}
        for view in sorted((sql / "export").glob("*.sql"), key=lambda path: (path.stem not in read_by_others, path)):
            warehouse.execute(f"create view export.{view.stem} as {view.read_text()}")
    return path


@pytest.fixture
def make_database(settings: Settings, empty_database: Path) -> MakeDatabase:
    """A function that publishes a warehouse whose core.endpoints are SOUND, each with the differences given by key."""

    def make(endpoints: dict[str, dict[str, Any]], **policy: Any) -> Path:
        settings.data.mkdir()
        shutil.copyfile(empty_database, settings.database)
        with open_writable(settings.database) as warehouse:
            warehouse.execute(
                "insert into rules.policy values (?, ?, [])",
                [policy.get("renew_days", 30), policy.get("multi_year_profiles", [])],
            )
            marks = ", ".join("?" for _ in ENDPOINT_COLUMNS)
            for key, differences in endpoints.items():
                row = SOUND | {"endpoint_key": key} | differences
                values = [row.get(name) for name in ENDPOINT_COLUMNS]
                warehouse.execute(f"insert into core.endpoints values ({marks})", values)
        return settings.database

    return make


@pytest.fixture
def bare() -> dict[str, Any]:
    """Differences that make of the sound endpoint one without a certificate, available for automation."""
    return dict(BARE)


@pytest.fixture
def job_rows(settings: Settings) -> Callable[..., list[dict[str, str]]]:
    """A function that exports one action for jobs and reads the rows back."""

    def read(action: str, where: str | None = None) -> list[dict[str, str]]:
        (file,) = export_actions(settings, action, where=where)
        with file.path.open(newline="", encoding="utf-8") as text:
            rows = list(csv.DictReader(text))
        assert len(rows) == file.rows
        return rows

    return read
