"""The manners of the command line: data on stdout, talk on stderr, one sentence an error, documented codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.api.contract import BY_NAME, LISTS
from pipeline.cli import run
from pipeline.config import CALLS, REQUIRED, RESOURCES


def test_a_mistyped_command_is_exit_2_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """A guess helps more than a usage text."""
    assert run(["exprt", "renew"]) == 2
    assert "export" in capsys.readouterr().err


def test_an_unknown_flag_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence: which, what was perhaps meant, and where more is said."""
    assert run(["build", "--rnu", "x"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tlm: ")
    assert "--rnu" in line
    assert "--run" in line
    assert line.endswith("; `tlm build --help` says more.")


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "tomorrow"])
@pytest.mark.parametrize("command", [["report", "weekly", "--as-of"], ["extract", "--since"]])
def test_a_day_that_no_run_can_have_is_exit_2(command: list[str], day: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a zone nor the next day takes a date out of the calendar."""
    assert run([*command, day]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert day in line
    assert day.startswith(("9", "0")) or f"'{day}' is no day; write it as 2026-11-03" in line


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the system says of it, without its number and the path again."""
    place = tmp_path / "question.sql"
    assert run(["query", "--file", str(place)]) == 2
    assert capsys.readouterr().err == f"tlm: {place} cannot be read (No such file or directory); check the path.\n"


def test_a_group_without_a_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    """What there is to choose from is the answer."""
    assert run(["rules"]) == 2
    assert "show" in capsys.readouterr().err


def test_a_missing_configuration_is_exit_2_and_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback, and what to do next."""
    assert run(["--config", str(tmp_path / "tlm.toml"), "build"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("tlm: No configuration at")
    assert "tlm init" in shown.err


def test_an_error_is_one_line_whatever_a_name_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A cell of waivers.csv, say, may hold a line break: what follows it must not look like an event of ours."""
    assert run(["--config", str(tmp_path / "a\nINFO forged"), "build"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "a INFO forged" in line


@pytest.mark.parametrize("words", [["build"], ["rebuild"], ["query", "select 1"], ["report", "weekly"], ["dictionary"]])
def test_a_folder_in_the_place_of_the_database_is_called_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    """No command can make or read a database there; a build would not replace what is not its own."""
    text = '[[accounts]]\nname = "prod"\nbase_url = "https://one.digicert.com"\napi_key = { env = "TLM_API_KEY" }\n'
    (tmp_path / "tlm.toml").write_text(text, encoding="utf-8")
    place = tmp_path / "data" / "tlm.duckdb"
    place.mkdir(parents=True)
    assert run(["--config", str(tmp_path / "tlm.toml"), *words]) == 2
    said = f"{place}, where the database belongs, is a folder; move it away, or set another data_dir in tlm.toml."
    assert capsys.readouterr().err == f"tlm: {said}\n"


def test_debug_adds_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only then."""
    assert run(["--config", str(tmp_path / "tlm.toml"), "--debug", "build"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_statement_is_given_once(capsys: pytest.CaptureFixture[str]) -> None:
    """As an argument or as a file."""
    assert run(["query"]) == 2
    assert run(["query", "select 1", "--file", "x.sql"]) == 2
    assert "one of the two" in capsys.readouterr().err


def test_init_writes_what_is_missing_and_keeps_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A user's file is never overwritten."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text("renew_days = 20\n", encoding="utf-8")
    assert run(["init"]) == 0
    assert (tmp_path / "tlm.toml").exists()
    assert (tmp_path / "policy.toml").read_text(encoding="utf-8") == "renew_days = 20\n"
    assert "kept" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--help"], ["contract", "show"]])
def test_a_reader_that_goes_away_is_no_error(words: list[str]) -> None:
    """`tlm ... | head -1` ends quietly, however early the reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "pipeline", *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "closed", "code", "said"),
    [
        ("init", ">&-", 0, ""),
        ("init", "2>&- >&- <&-", 0, ""),
        ("extract", "2>&-", 2, ""),
        ("extract", ">&-", 2, "no configuration"),
        ("extract", "2>/dev/full", 2, ""),
        ("extract --nosuch", "2>/dev/full", 2, ""),
        ("contract show", ">/dev/full 2>/dev/full", 8, ""),
    ],
)
def test_a_stdout_or_stderr_that_takes_nothing_is_no_bug(
    tmp_path: Path, words: str, closed: str, code: int, said: str
) -> None:
    """What would be said is said to nobody, and no file takes its place: the code and the files are as ever."""
    command = f"{sys.executable} -m pipeline {words} {closed}"
    shell = ["bash", "-c", command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout, said in done.stderr.lower()) == (code, "", True), done.stderr
    assert [path.read_text()[:1] for path in sorted(tmp_path.iterdir())] == (["#", "#", "w"] if code == 0 else [])


AT_A_MOMENT = """
import atexit, faulthandler, os, signal, sys

class Loading:
    def find_spec(self, name, path, target=None):
        if name == moment:
            os.kill(os.getpid(), number)

moment, number = sys.argv[1], int(sys.argv[2])
faulthandler.dump_traceback_later(60, exit=True)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Loading())
if moment == "exit":
    atexit.register(os.kill, os.getpid(), number)
from pipeline.__main__ import main
sys.argv = ["tlm", "--version"]
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["typing", "pipeline.cli", "click", "importlib.metadata", "exit"])
def test_ctrl_c_has_no_traceback_whenever_it_comes(moment: str, number: signal.Signals) -> None:
    """Also while the first modules are loaded, and when the command is over: then the signal itself ends the process."""
    child = subprocess.run(
        [sys.executable, "-c", AT_A_MOMENT, moment, str(int(number))], capture_output=True, text=True, check=False
    )
    assert child.returncode == (-number if moment == "exit" else 128 + number)
    assert child.stderr in {"", "\nStopped; nothing half-done was published.\n"}


def test_a_full_disk_behind_stdout_is_told_as_such() -> None:
    """`tlm ... > FILE`: the system names no file, and of ours each is named where it fails."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "pipeline", "contract", "show"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 8
    assert done.stderr.startswith("tlm: The file that stdout goes to, or a temporary one, cannot be used: No space")


def test_the_configurable_resources_are_the_contracts_lists() -> None:
    """A leaf cannot import the contract, so this holds the lists together."""
    assert sorted(RESOURCES) == sorted(call.name for call in LISTS)
    assert set(REQUIRED) < set(RESOURCES)
    assert sorted(CALLS) == sorted(BY_NAME)


def test_another_end_of_the_program_is_not_called_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only click's own for a reader that has gone is."""
    monkeypatch.setattr(cli.tlm, "main", lambda **_words: sys.exit(9))
    with pytest.raises(SystemExit, match="9"):
        run(["--version"])
