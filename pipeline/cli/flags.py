"""The flags before the command, and the kinds of values that several commands take."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.config import Settings


class _Day(click.DateTime):
    """A day with room on both sides for zones and for the next day."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The day at midnight."""
        day: datetime = super().convert(value, param, ctx)
        if not 1970 <= day.year < 3000:
            self.fail(f"{day.date()} is not a day from 1970 to 2999.", param, ctx)
        return day


DAY = _Day(["%Y-%m-%d"])
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
