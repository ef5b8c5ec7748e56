"""The flags before the command, and the kinds of values that several commands take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.config import Settings

DAY = click.DateTime(["%Y-%m-%d"])
FORM = click.Choice(["table", "csv", "json", "parquet"])


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags before the command."""

    config: Path | None
    quiet: bool
    verbose: bool

    def settings(self, flags: dict[str, Any] | None = None) -> Settings:
        """The configuration file, the environment and `flags`."""
        from pipeline.config import read_settings  # noqa: PLC0415 -- `tlm --help` loads nothing but click

        return read_settings(self.config, os.environ, flags)

    def settings_if_any(self) -> Settings | None:
        """None where no configuration is named and none is in this folder."""
        from pipeline.config import FILE_NAME  # noqa: PLC0415

        is_there = self.config is not None or "TLM_CONFIG" in os.environ or Path(FILE_NAME).exists()
        return self.settings() if is_there else None
