"""A folder with a configuration, and the command line as a user calls it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import run


@dataclass
class Place:
    """A user's folder; `tlm` runs a command in it and gives exit code, stdout and stderr."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def database(self) -> Path:
        """The published file."""
        return self.folder / "data" / "tlm.duckdb"

    def configure(self, base_url: str, keys: dict[str, str], extra: str = "") -> None:
        """Write tlm.toml and the key files."""
        text = 'timezone = "Europe/Berlin"\n'
        for account, key in keys.items():
            secret = self.folder / f"{account}.key"
            secret.write_text(key, encoding="utf-8")
            secret.chmod(0o600)
            text += (
                f'[[accounts]]\nname = "{account}"\nbase_url = "{base_url}"\napi_key = {{ file = "{secret.name}" }}\n'
            )
        text += "[extract]\nrequests_per_second = 1000\n" + extra
        (self.folder / "tlm.toml").write_text(text, encoding="utf-8")

    def tlm(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr of `tlm --config <folder>/tlm.toml WORDS`."""
        self.capsys.readouterr()
        code = run(["--config", str(self.folder / "tlm.toml"), *words])
        shown = self.capsys.readouterr()
        return code, shown.out, shown.err


@contextmanager
def child_process(command: Sequence[str], **how: Any) -> Iterator[subprocess.Popen[Any]]:
    """A process that does not outlive a block that fails, which would wait for it without end."""
    with subprocess.Popen(command, **how) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
