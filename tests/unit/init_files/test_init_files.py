"""`tlm init`: the templates are the defaults, name every setting, and overwrite nothing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from pipeline import config, policy
from pipeline.errors import OutputFailed
from pipeline.init_files import NAMES, template, write_initial_files

OPTIONS_OF = {
    "tlm.toml": [
        config.Settings,
        config.Account,
        config.Extract,
        config.Contract,
        config.Publish,
        config.Report,
    ],
    "policy.toml": [
        policy.Policy,
        policy.Targets,
        policy.SlaDays,
        policy.OffHours,
        policy.Drift,
        policy.Retention,
        policy.LegalHold,
        policy.Freeze,
    ],
}
# Not for the file: where it is, and names that are tables.
TABLES = {
    *("folder", "accounts", "extract", "contract", "publish", "report"),
    *("targets", "business_units", "freezes", "sla_days", "off_hours", "drift", "retention", "legal_holds"),
}


def test_the_settings_are_the_defaults(tmp_path: Path) -> None:
    """Read by the real reader, tlm.toml gives what a file with the account alone gives."""
    write_initial_files(tmp_path)
    settings = config.read_settings(tmp_path / "tlm.toml", {})
    account = config.Account("prod", "https://one.digicert.com", config.SecretReference(env="TLM_API_KEY"))
    assert settings == config.Settings(accounts=(account,), folder=str(tmp_path))


def test_the_policy_is_the_default(tmp_path: Path) -> None:
    """policy.toml as written changes nothing."""
    write_initial_files(tmp_path)
    assert policy.read_policy(tmp_path) == policy.Policy()


@pytest.mark.parametrize("name", OPTIONS_OF)
def test_every_setting_is_in_its_file(name: str) -> None:
    """As a value, or as an option in a comment."""
    written = set(re.findall(r"^(?:# )?(\w+) = ", template(name), re.MULTILINE))
    known = {field.encode_name for kind in OPTIONS_OF[name] for field in msgspec.structs.fields(kind)} - TABLES
    assert known <= written


@pytest.mark.parametrize("name", OPTIONS_OF)
def test_the_options_in_comments_are_valid(name: str, tmp_path: Path) -> None:
    """Every "# key = value" and "# [[table]]" can be switched on as it stands."""
    text = re.sub(r"^# (?=\w+ = |\[\[)", "", template(name), flags=re.MULTILINE)
    assert text != template(name)
    tomllib.loads(text)
    (tmp_path / name).write_text(text)
    if name == "tlm.toml":
        assert config.read_settings(tmp_path / name, {}).publish.group == "pki"
    else:
        assert policy.read_policy(tmp_path).freezes
        assert policy.read_policy(tmp_path).legal_holds


def test_the_waivers_are_a_header() -> None:
    """The columns of a waiver, and no waiver."""
    assert template("waivers.csv") == "waiver_id,rule,scope,reason,owner,approver,expires_on\n"


def test_an_existing_file_is_kept(tmp_path: Path) -> None:
    """Byte for byte; the others are written."""
    (tmp_path / "policy.toml").write_text("renew_days = 14\n")
    done = {path.name: what for path, what in write_initial_files(tmp_path)}
    assert done == {"tlm.toml": "written", "policy.toml": "kept", "waivers.csv": "written"}
    assert (tmp_path / "policy.toml").read_text() == "renew_days = 14\n"
    assert {what for _, what in write_initial_files(tmp_path)} == {"kept"}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    """It says which file and what to do."""
    with pytest.raises(OutputFailed, match=f"{NAMES[0]} could not be written"):
        write_initial_files(tmp_path / "missing")
