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
        try:
            day: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no day; write it as 2026-11-03", param, ctx)
        if not 1970 <= day.year < 3000:
            self.fail(f"{day.date()} is not a day from 1970 to 2999.", param, ctx)
        return day


class _Out(click.Path):
    """The file that `--out` names, which a command replaces: none that is the configuration or the data."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; UsageError of ours where it is not for output."""
        from pipeline.jobs.outcome import refuse_own_file  # noqa: PLC0415

        out = Path(os.fsdecode(super().convert(value, param, ctx)))
        flags = ctx.find_object(Flags) if ctx is not None else None
        if flags is not None:
            refuse_own_file(flags.settings(), flags.place, out)
        return out


DAY = _Day(["%Y-%m-%d"])
OUT = _Out()
FORM = click.Choice(["table", "csv", "json", "parquet"])


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags before the command."""

    config: Path | None
    quiet: bool
    verbose: bool

    @property
    def place(self) -> Path:
        """Where the configuration file is looked for."""
        from pipeline.config import FILE_NAME  # noqa: PLC0415

        return self.config or Path(os.environ.get("TLM_CONFIG", FILE_NAME))

    def settings(self, flags: dict[str, Any] | None = None) -> Settings:
        """The configuration file, the environment and `flags`."""
        from pipeline.config import read_settings  # noqa: PLC0415 -- `tlm --help` loads nothing but click

        return read_settings(self.config, os.environ, flags)

    def settings_if_any(self) -> Settings | None:
        """None where no configuration is named and none is in this folder."""
        from pipeline.config import FILE_NAME  # noqa: PLC0415

        is_there = self.config is not None or "TLM_CONFIG" in os.environ or Path(FILE_NAME).exists()
        return self.settings() if is_there else None
