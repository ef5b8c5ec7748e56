"""The job dialect byte for byte, and its checksum against an independent twin."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Settings
from pipeline.errors import EngineRefused
from pipeline.export.files import export_actions
from pipeline.places import content
from pipeline.transform.seeds import create_macros
from pipeline.warehouse.duck import Warehouse, open_read_only, open_writable

GOLDEN = Path(__file__).parents[2] / "golden"
IDENTITY = ("schema_version", "action", "account", "endpoint_key", "certificate_key", "run_id")

HOSTILE: dict[str, dict[str, Any]] = {
    "north:plain": {"days_left": 12},
    "north:formula": {"days_left": 13, "common_name": "=1+1", "host_name": "-host", "tags": ["@tag", "a;b"]},
    "north:quotes": {"days_left": 14, "common_name": 'say "hello", twice', "issuer": "DigiCert\nG2"},
    "north:returns": {"days_left": 14, "common_name": "cr\rhere", "host_name": "\ttab"},
    "north:blanks": {"days_left": 15, "common_name": "  padded  ", "host_name": "", "domain_name": None},
    "north:far": {
        "days_left": 16,
        "common_name": "münchen.example.test",
        "host_name": "\u6771\u4eac\U0001f512",
        "port": None,
    },
    "north:bare key": {"days_left": 17, "certificate_key": None, "serial_number": "1234567890123456789"},
    'north:@192.0.2.9:443/a,"b"': {"days_left": 18, "certificate_key": "serial:north/5E0004/DigiCert, Inc."},
}


@pytest.mark.parametrize("audience", ["job", "people"])
def test_the_bytes_are_those_of_the_golden_file(
    make_database: Callable[..., Path], settings: Settings, audience: str
) -> None:
    """Quoting, nulls, line ends, guards; `TLM_WRITE_GOLDEN=1` writes them anew, a person then reads the difference."""
    make_database(HOSTILE)
    (file,) = export_actions(settings, "renew", audiences=(audience,))
    golden = GOLDEN / f"renew.{audience}.csv"
    if os.environ.get("TLM_WRITE_GOLDEN"):
        golden.write_bytes(file.path.read_bytes())
    assert file.path.read_bytes() == golden.read_bytes()


def test_every_text_comes_back_from_the_job_dialect(make_database: Callable[..., Path], settings: Settings) -> None:
    """Python's own CSV reader gives what the database holds."""
    make_database(HOSTILE)
    (file,) = export_actions(settings, "renew")
    with file.path.open(newline="", encoding="utf-8") as text:
        rows = {row["endpoint_key"]: row for row in csv.DictReader(text)}
    assert set(rows) == set(HOSTILE)
    for key, differences in HOSTILE.items():
        for name in ("common_name", "host_name", "issuer", "serial_number"):
            if name in differences:
                assert rows[key][name] == (differences[name] or "")


def test_the_checksum_is_that_of_the_identity(make_database: Callable[..., Path], settings: Settings) -> None:
    """Recomputed here with hashlib from the cells of the file alone."""
    make_database(HOSTILE)
    (file,) = export_actions(settings, "renew")
    with file.path.open(newline="", encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert [row["checksum"] for row in rows] == [checksum([row[name] for name in IDENTITY]) for row in rows]
    assert len({row["checksum"] for row in rows}) == len(rows)


def checksum(identity: list[str]) -> str:
    """A null marker, or the length in bytes, a colon and the text; SHA-256, 16 digits behind the letter c."""
    canonical = "".join(f"{len(field.encode())}:{field}" if field else "~" for field in identity)
    return "c" + hashlib.sha256(canonical.encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """An engine with the macros, as the build makes them."""
    warehouse = open_writable(tmp_path_factory.mktemp("macros") / "tlm.duckdb")
    for schema in ("staging", "core", "mart", "report", "export", "rules"):
        warehouse.execute(f"create schema {schema}")
    create_macros(warehouse, content("sql") / "macros")
    yield warehouse
    warehouse.close()


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


@given(st.lists(TEXT, min_size=6, max_size=6), st.lists(TEXT, min_size=6, max_size=6))
def test_two_identities_never_share_a_checksum(engine: Warehouse, one: list[str], other: list[str]) -> None:
    """Moving a character from one field to the next changes it; the engine and the twin agree on every text."""
    question = "select export.job_checksum(?, ?, ?, ?, ?, ?)"
    mine, theirs = (engine.rows(question, identity)[0][0] for identity in (one, other))
    assert (mine, theirs) == (checksum(one), checksum(other))
    assert (mine == theirs) == (one == other)


def test_a_shifted_boundary_changes_the_checksum(engine: Warehouse) -> None:
    """("ab", "c") is not ("a", "bc"), and a null is the same as an empty cell."""
    question = "select export.job_checksum('1', 'renew', ?, ?, ?, 'run')"
    assert engine.rows(question, ["ab", "c", None]) != engine.rows(question, ["a", "bc", None])
    assert engine.rows(question, ["ab", "c", None]) == engine.rows(question, ["ab", "c", ""])


def test_the_engine_may_not_write_elsewhere(
    make_database: Callable[..., Path], settings: Settings, tmp_path: Path
) -> None:
    """COPY is allowed into the folder of the file and nowhere else."""
    database = make_database({"north:a": {}})
    (tmp_path / "allowed").mkdir()
    with open_read_only(database, [tmp_path / "allowed"]) as warehouse, pytest.raises(EngineRefused):
        warehouse.execute(f"copy core.endpoints to '{tmp_path / 'elsewhere.csv'}' (format csv)")
    assert not (tmp_path / "elsewhere.csv").exists()
