"""The dated rules: shown on any day, a report under those of another, and mistakes in the lists beside tlm.toml."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import duckdb
import pytest

from pipeline.cli import run


def validity_rules(demo: Path, capsys: pytest.CaptureFixture[str], *flags: str) -> list[str]:
    """What `tlm rules show` says of the longest validity."""
    assert run(["--config", str(demo / "tlm.toml"), "rules", "show", "--format", "csv", *flags]) == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    return [row["demand"].split()[2] for row in rows if row["rule"] == "validity_over_limit"]


def test_rules_show_what_holds_on_a_day(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a day all periods; a period holds on its first day and no longer on the first day of the next."""
    capsys.readouterr()
    assert validity_rules(demo, capsys) == ["398", "200", "100", "47"]
    assert validity_rules(demo, capsys, "--on", "2026-03-14") == ["398"]
    assert validity_rules(demo, capsys, "--on", "2026-03-15") == ["200"]
    assert validity_rules(demo, capsys, "--on", "2027-03-15") == ["100"]
    assert validity_rules(demo, capsys, "--on", "2029-03-15") == ["47"]


def test_a_report_under_other_rules_says_so_and_touches_nothing(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It has a folder of its own beside the week's, a banner, and leaves the published file byte for byte."""
    capsys.readouterr()
    database = demo / "data" / "tlm.duckdb"
    before = database.read_bytes()
    flags = ["report", "weekly", "--format", "html", "--rules-on", "2029-03-15"]
    assert run(["--config", str(demo / "tlm.toml"), *flags]) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page.parent.name.endswith("-rules-on-2029-03-15")
    assert "judged by the rules of 2029-03-15" in page.read_text(encoding="utf-8")
    assert database.read_bytes() == before
    assert not [path for path in (demo / "data").iterdir() if "building" in path.name]


def test_a_wrong_waiver_stops_the_build_and_the_old_database_stays(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """File and line are named; nothing is published."""
    config = ["--config", str(demo / "tlm.toml")]
    database = demo / "data" / "tlm.duckdb"
    with duckdb.connect(str(database)) as con:  # as if the newest run had not been published yet
        con.execute("update meta.runs set published_at = null where run_id = (select max(run_id) from meta.runs)")
    before = database.read_bytes()
    waivers = demo / "waivers.csv"
    waivers.write_text(
        "waiver_id,rule,scope,reason,owner,approver,expires_on\nW-1,weak_key,Retail,old,Ada,,2027-01-31\n"
    )
    capsys.readouterr()
    assert run([*config, "build"]) == 2
    assert "waivers.csv line 2: there is no approver" in capsys.readouterr().err
    assert database.read_bytes() == before
