"""`--out` never replaces the data or the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from os import mkfifo
from pathlib import Path

import click
import pytest

from pipeline.cli import run, tlm
from pipeline.cli.flags import OUT

COMMANDS = (
    ("query", "select 1", "--format", "csv"),
    ("rules", "show"),
    ("dictionary",),
    ("export", "renew"),
    ("diff", "a", "b"),
    ("explain", "inventory.endpoints"),
    ("sandbox", "record"),
)
OWN = (
    "data/tlm.duckdb",
    "data/landing/prod/run/agents/part-00001.ndjson.zst",
    "data/new.csv",
    "out/../data/tlm.duckdb",
    "elsewhere/warehouse",
    "link.csv",
    "tlm.toml",
    "mine.toml",
    "policy.toml",
    "waivers.csv",
    "pci.csv",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder, entered; its database is a link, and another link leads to that."""
    for name in ("data/landing/prod/run/agents", "out", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "elsewhere" / "warehouse").write_text("rows")
    (tmp_path / "data" / "tlm.duckdb").symlink_to("../elsewhere/warehouse")
    (tmp_path / "link.csv").symlink_to("data/tlm.duckdb")
    text = '[[accounts]]\nname = "prod"\nbase_url = "https://one.example.test"\n'
    for name in ("tlm.toml", "mine.toml"):
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_writes_over_the_data_or_the_configuration(
    folder: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2 and one sentence that names the place, also where no file is yet; nothing is touched."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for out in OWN:
        assert run(["--config", "mine.toml", *command, "--out", out]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"--out {out} is " in line
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_output_may_lie_inside_of_the_data_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With `data_dir = "."` the output folder is still for output: what is missing then is the database."""
    (folder / "mine.toml").write_text('data_dir = "."\n' + (folder / "mine.toml").read_text())
    assert run(["--config", "mine.toml", "query", "select 1", "--out", "out/rows.csv"]) == 2
    assert "There is no database" in capsys.readouterr().err


def test_every_file_that_a_flag_names_is_looked_at() -> None:
    """No command has an `--out FILE` that goes past the check."""

    def commands(command: click.Command) -> Iterator[click.Command]:
        yield command
        for one in getattr(command, "commands", {}).values():
            yield from commands(one)

    flags = [flag for command in commands(tlm) for flag in command.params if "--out" in flag.opts]
    assert len(flags) == len(COMMANDS) + 1
    assert [flag.metavar for flag in flags if flag.type is not OUT] == ["DIR"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_command_replaces_a_device_or_a_pipe(
    folder: Path, command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is moved to where --out points: in the place of /dev/null it would be everybody's loss."""
    mkfifo(folder / "pipe")
    assert run(["--config", "mine.toml", *command, "--out", "pipe"]) == 2
    assert "--out pipe is a device or a pipe, not a file" in capsys.readouterr().err
    assert (folder / "pipe").is_fifo()
