"""Settings: nearest wins, every mistake is one sentence that names key and place."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from pipeline.config import SecretReference, read_secret, read_settings
from pipeline.errors import ConfigurationError

MINIMAL = '[[accounts]]\nname = "prod"\nbase_url = "https://one.digicert.com"\n'


def write(folder: Path, text: str) -> Path:
    """A tlm.toml in `folder`."""
    path = folder / "tlm.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_minimal_file_gives_the_documented_defaults(tmp_path: Path) -> None:
    """Two lines are a configuration; everything else has its default."""
    settings = read_settings(write(tmp_path, MINIMAL), {})
    assert (settings.extract.page_size, settings.extract.requests_per_second, settings.extract.concurrency) == (
        100,
        5,
        8,
    )
    assert settings.database == tmp_path / "data" / "tlm.duckdb"
    assert settings.extract.required == ("endpoints.automatable", "endpoints.unsecured", "endpoints.discovered")


def test_verified_calls_are_named(tmp_path: Path) -> None:
    """None by default; assumed calls and assumed bodies by their names."""
    assert read_settings(write(tmp_path, MINIMAL), {}).contract.accept_assumed == ()
    path = write(tmp_path, MINIMAL + '[contract]\naccept_assumed = ["automation", "certificate_tags"]\n')
    assert read_settings(path, {}).contract.accept_assumed == ("automation", "certificate_tags")


def test_environment_beats_the_file_and_flags_beat_both(tmp_path: Path) -> None:
    """The nearest setting wins."""
    path = write(tmp_path, 'timezone = "Europe/Berlin"\n' + MINIMAL + "[extract]\npage_size = 10\n")
    assert read_settings(path, {}).extract.page_size == 10
    environ = {"TLM_EXTRACT_PAGE_SIZE": "20", "TLM_TIMEZONE": "Asia/Tokyo"}
    assert read_settings(path, environ).extract.page_size == 20
    assert read_settings(path, environ).timezone == "Asia/Tokyo"
    assert read_settings(path, environ, {"extract.page_size": 30}).extract.page_size == 30


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMAL + "colour = 1\n", "colour"),
        (MINIMAL + "[extract]\npage_sise = 10\n", "page_sise"),
        (MINIMAL + "[extract]\npage_size = 0\n", "page_size"),
        (MINIMAL + "[extract]\naudit_days = 9999999999\n", "audit_days"),
        (MINIMAL + "[extract]\naudit_days = 6\n", "line 5: extract.audit_days: expected `int` >= 7; see the commented"),
        (MINIMAL.replace('"prod"', "5"), "accounts[0].name"),
        ('timezone = "Mars/Olympus"\n' + MINIMAL, "Mars/Olympus"),
        (MINIMAL.replace("https", "http"), "base_url"),
        (MINIMAL.replace("one.digicert.com", "one.digicert.com/mpki"), "without a path"),
        (MINIMAL.replace("one.digicert.com", "one.digicert.com#f"), "without a path"),
        (MINIMAL.replace("digicert.com", "digicert.com:99999"), "accounts[0].base_url is no address"),
        (MINIMAL.replace("digicert.com", "digicert.com:port"), "is no address"),
        (MINIMAL.replace("one.digicert.com", "[::1"), "is no address"),
        (MINIMAL.replace("one.", "one.."), "is no address"),
        (MINIMAL + MINIMAL, "stands twice"),
        (MINIMAL.replace("prod", "../up"), "names a folder"),
        (MINIMAL + '[extract]\nresources = ["endpoints"]\n', "'endpoints'"),
        (MINIMAL + '[publish]\nmode = "rw-r-----"\n', "octal"),
        (MINIMAL + '[contract]\naccept_assumed = ["automation_bulks"]\n', "'automation_bulks', which is no call"),
        (MINIMAL + '[contract]\naccept_assumed = "automation"\n', "accept_assumed"),
        (MINIMAL + '[contract]\npaths = { agent = "/mpki/api/v1/agents" }\n', "contract.paths names 'agent'"),
        ("", "names no account"),
        ("name = [", "TOML"),
        ('folder = "x"\n' + MINIMAL, "folder"),
    ],
)
def test_a_wrong_setting_is_one_sentence_with_key_and_place(tmp_path: Path, text: str, words: str) -> None:
    """Unknown keys, wrong types and impossible values name the key and the file."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(path, {})
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_files_of_editors_that_mark_utf_8_are_read_as_any(tmp_path: Path) -> None:
    """Those of Windows put three bytes in front: of tlm.toml, and of a key, which would be refused with them."""
    assert read_settings(write(tmp_path, "\ufeff" + MINIMAL), {}).accounts[0].name == "prod"
    key = tmp_path / "key"
    key.write_bytes(b"\xef\xbb\xbfsecret-key\r\n")
    key.chmod(0o600)
    assert read_secret(SecretReference(file="key"), "api_key", tmp_path) == "secret-key"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMAL + 'api_key = "canary"\n', 'accounts[0].api_key holds a text; write { env = "NAME" }, { file ='),
        (MINIMAL + "[extract]\npage_sise = 10\n", "unknown key extract.page_sise; did you mean page_size?"),
        (MINIMAL + 'api_key = { envv = "X" }\n', "unknown key accounts[0].api_key.envv; did you mean env?"),
        (MINIMAL + "[extract]\ncolour = 10\n", "unknown key extract.colour; the commented file"),
    ],
)
def test_a_wrong_key_says_what_to_write(tmp_path: Path, text: str, words: str) -> None:
    """In the words of the file, and never with the value, which may be a secret."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings(write(tmp_path, text), {})
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (MINIMAL + "[extract]\n\n# pages\npage_sise = 10\n", 7),
        (MINIMAL + MINIMAL.replace('"prod"', "5"), 5),
        (MINIMAL + MINIMAL, 5),
        (MINIMAL + MINIMAL.replace("https", "http").replace("prod", "apac"), 6),
        (MINIMAL + '[extract]\nresources = [\n    "audit_log",\n    "endpoints",\n]\n', 5),
        (MINIMAL + '[contract.paths]\nagent = "/mpki/api/v1/agents"\n', 4),
        (MINIMAL + "[contract.paths]\nagents = 5\n", 4),
        (MINIMAL + 'api_key = "canary"\n', 4),
        ('timezone = "Mars"\n' + MINIMAL, 1),
        (MINIMAL + '[publish]\nmode = "rw"\n', 5),
        (MINIMAL + 'folder = "x"\n', 4),
        ("accounts = []\n", 1),
        ('folder = "x"\n' + MINIMAL, 1),
        (MINIMAL + "[extract]\npage_size = 10 20\n", 5),
        (MINIMAL + "[extract]\nresources = [\n", 5),
    ],
)
def test_a_wrong_setting_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    """The line of the key; of what is missing, or of another account, that of the table where it belongs."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(path, {})
    assert f"{path} line {line}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TLM_EXTRACT_PAGE_SIZE", "many"),
        ("TLM_EXTRACT_PAGE_SIZE", "0"),
        ("TLM_TIMEZONE", "Mars"),
        ("TLM_PUBLISH_MODE", "rw"),
        ("TLM_REPORT_PAPER", "B5"),
    ],
)
def test_a_wrong_value_of_the_environment_names_the_variable(tmp_path: Path, name: str, value: str) -> None:
    """The file is not to blame, and a flag beats it."""
    with pytest.raises(ConfigurationError, match=f"^the environment variable {name}: ") as caught:
        read_settings(write(tmp_path, MINIMAL), {name: value})
    assert "tlm.toml" not in str(caught.value)


def test_a_variable_that_looks_like_a_setting_and_is_none_is_refused(tmp_path: Path) -> None:
    """But for those that hold an account's secret; other TLM_ names are anyone's."""
    path = write(tmp_path, MINIMAL + 'api_key = { env = "TLM_REPORT_KEY" }\n')
    others = {"TLM_REPORT_KEY": "x", "TLM_API_KEY": "x", "TLM_DATABASE": "x", "TLM_ANYTHING": "x"}
    assert read_settings(path, others).accounts[0].name == "prod"
    with pytest.raises(ConfigurationError, match=r"TLM_EXTRACT_PAGE_SISE .*did you mean TLM_EXTRACT_PAGE_SIZE"):
        read_settings(path, {"TLM_EXTRACT_PAGE_SISE": "10"})


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    """The sentence names every place and the command that makes one."""
    with pytest.raises(ConfigurationError, match=r"TLM_CONFIG.*tlm init"):
        read_settings(tmp_path / "tlm.toml", {})


def test_plain_http_is_for_loopback_only(tmp_path: Path) -> None:
    """A key never travels in clear to another machine."""
    loopback = MINIMAL.replace("https://one.digicert.com", "http://127.0.0.1:8080")
    assert read_settings(write(tmp_path, loopback), {}).accounts[0].base_url == "http://127.0.0.1:8080"


def test_a_password_in_an_address_is_refused_and_not_printed(tmp_path: Path) -> None:
    """It would stand in logs and messages."""
    text = MINIMAL.replace("one.digicert", "user:geheim@one.digicert")
    with pytest.raises(ConfigurationError, match="base_url has a user or password") as caught:
        read_settings(write(tmp_path, text), {})
    assert "geheim" not in str(caught.value)


def test_a_key_file_that_others_can_write_is_refused(tmp_path: Path) -> None:
    """Whoever can write the file chooses the key."""
    key = tmp_path / "key"
    key.write_text("secret-key\n", encoding="utf-8")
    key.chmod(0o622)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        read_secret(SecretReference(file="key"), "api_key", tmp_path)
    key.chmod(0o600)
    assert read_secret(SecretReference(file="key"), "api_key", tmp_path) == "secret-key"


@pytest.mark.parametrize(("mode", "is_told"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_key_file_that_others_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, mode: int, is_told: bool
) -> None:
    """It is used all the same: secrets of a container are often readable."""
    monkeypatch.setattr(logging.getLogger("pipeline"), "propagate", True)
    key = tmp_path / "key"
    key.write_text("secret-key\n", encoding="utf-8")
    key.chmod(mode)
    assert read_secret(SecretReference(file="key"), "accounts.prod.api_key", tmp_path) == "secret-key"
    assert (f"accounts.prod.api_key: {key} can be read by others; run `chmod 600 {key}`." in caplog.text) is is_told
    assert "secret-key" not in caplog.text


def test_a_command_runs_in_the_folder_of_the_file_and_gives_its_first_line(tmp_path: Path) -> None:
    """Like every relative path; password stores keep notes below the secret."""
    (tmp_path / "give").write_text("#!/bin/sh\necho canary-key\necho url: https://one.digicert.com\n", encoding="utf-8")
    (tmp_path / "give").chmod(0o700)
    assert read_secret(SecretReference(command=("./give",)), "api_key", tmp_path) == "canary-key"


def test_a_command_that_fails_tells_nothing_that_it_printed(tmp_path: Path) -> None:
    """What it wrote before it failed may be the key."""
    reference = SecretReference(command=("sh", "-c", "echo canary-key; echo canary-key >&2; exit 3"))
    with pytest.raises(ConfigurationError, match="the command 'sh' gave no key") as caught:
        read_secret(reference, "api_key", tmp_path)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_client_certificate_needs_tls(tmp_path: Path) -> None:
    """On plain http there is no one to show it to."""
    text = MINIMAL.replace("https://one.digicert.com", "http://127.0.0.1:8080")
    text += 'client_certificate = { file = "client.p12" }\n'
    with pytest.raises(ConfigurationError, match=r"accounts\[0\]\.client_certificate needs https"):
        read_settings(write(tmp_path, text), {})


def test_a_switch_that_turns_verification_off_does_not_exist(tmp_path: Path) -> None:
    """Not under any of the usual names."""
    for name in ("verify", "verify_tls", "insecure", "ssl_verify"):
        with pytest.raises(ConfigurationError, match=name):
            read_settings(write(tmp_path, f"{MINIMAL}{name} = false\n"), {})


def test_a_key_comes_from_the_environment_or_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both give the key without its line end."""
    monkeypatch.setenv("SOME_KEY", "from-the-environment")
    assert read_secret(SecretReference(env="SOME_KEY"), "api_key", tmp_path) == "from-the-environment"
    assert read_secret(SecretReference(command=("echo", "from-a-command")), "api_key", tmp_path) == "from-a-command"


@pytest.mark.parametrize(
    "reference",
    [
        None,
        SecretReference(),
        SecretReference(env="A", file="b"),
        SecretReference(env="NOT_SET_ANYWHERE"),
        SecretReference(file="missing"),
        SecretReference(command=("false",)),
        SecretReference(command=("no-such-program-here",)),
    ],
)
def test_a_key_that_cannot_be_had_names_its_place(tmp_path: Path, reference: SecretReference | None) -> None:
    """The sentence begins with what was looked for and never holds a key."""
    with pytest.raises(ConfigurationError, match=r"^accounts\[0\]\.api_key"):
        read_secret(reference, "accounts[0].api_key", tmp_path)
