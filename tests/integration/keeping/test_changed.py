"""A changed policy, list, zone or model takes effect without a new run, as if the run had been built with it at first."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest


def waive(kept: Any) -> None:
    """Waive the first open finding's rule in its unit, and set another target."""
    rule, unit = kept.rows("select rule, business_unit from mart.findings where status = 'open' order by all limit 1")[
        0
    ]
    (kept.folder / "waivers.csv").write_text(
        f'waiver_id,rule,scope,reason,owner,approver,expires_on\nW-1,{rule},"{unit}",old,Ada,Grace,2030-01-01\n'
    )
    (kept.folder / "policy.toml").write_text("[targets]\nprotection = 0.5\n")


def test_a_waiver_takes_effect_as_if_it_had_been_there_at_first(kept: Any, built: Path, tmp_path: Path) -> None:
    """The newest run is built once more; no table differs from those of a build that had the waiver from the start."""
    kept.arrive()
    other = tmp_path / "other"
    shutil.copytree(kept.folder, other)
    assert kept.tlm("build")[0] == 0
    assert kept.rows("select count(*) from mart.findings where status = 'waived'") == [(0,)]
    at = kept.rows("select run_id, account, published_at from meta.runs order by all")
    assert "Nothing new" in kept.tlm("build")[1]

    waive(kept)
    code, out, err = kept.tlm("build")
    assert (code, out) == (0, f"{kept.database}\n")
    assert f"run {kept.ids[-1]} is built once more" in err
    assert kept.rows("select count(*) > 0 from mart.findings where status = 'waived'") == [(True,)]
    assert kept.rows("select protection_target from rules.policy") == [(0.5,)]
    assert kept.rows("select run_id, account, published_at from meta.runs order by all") == at
    assert "Nothing new" in kept.tlm("build")[1]

    for name in ("waivers.csv", "policy.toml"):
        shutil.copyfile(kept.folder / name, other / name)
    first = type(kept)(other, kept.capsys)
    assert first.tlm("build")[0] == 0
    assert kept.differences(first.database) == {}


def test_another_zone_takes_effect(kept: Any) -> None:
    """Weeks are those of the new zone; a comment in a file changes nothing."""
    config = kept.folder / "tlm.toml"
    (kept.folder / "policy.toml").write_text("# the defaults\n")
    assert "Nothing new" in kept.tlm("build")[1]
    config.write_text(config.read_text().replace("Europe/Berlin", "Pacific/Auckland"))
    assert kept.tlm("build")[0] == 0
    assert kept.rows("select timezone from meta.current_run") == [("Pacific/Auckland",)]
    assert kept.rows("select count(distinct run_id) from mart.metrics") == [(4,)]


def test_without_the_pages_of_the_newest_run_a_change_waits(kept: Any) -> None:
    """It is told, and nothing is touched."""
    before = kept.database.read_bytes()
    shutil.rmtree(kept.landing / "prod" / kept.ids[3])
    (kept.folder / "policy.toml").write_text("renew_days = 14\n")
    code, out, err = kept.tlm("build")
    assert (code, "Nothing new" in out, "takes effect with the next run" in err) == (0, True, True)
    assert kept.database.read_bytes() == before


@pytest.mark.parametrize("name", ["waivers.csv", "policy.toml"])
def test_a_mistake_in_a_changed_file_leaves_the_old_database(kept: Any, name: str) -> None:
    """Exit 2, the file is named."""
    before = kept.database.read_bytes()
    (kept.folder / name).write_text("rubbish = 1\n")
    code, _, err = kept.tlm("build")
    assert (code, name in err) == (2, True)
    assert kept.database.read_bytes() == before
