"""What leaves the house: report, export."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.flags import DAY, OUT, Flags

if TYPE_CHECKING:
    from pipeline.jobs.outcome import Outcome


@click.group()
def report() -> None:
    """Make a report from the published database."""


@report.command("weekly")
@click.option("--format", "formats", multiple=True, type=click.Choice(["html", "pdf"]), help="Default: both.")
@click.option("--reissue", metavar="REASON", help="Make a second issue of a week that has a report already.")
@click.option("--as-of", type=DAY, metavar="DATE", help="Of that day's newest run, in a folder of its own; no record.")
@click.option("--rules-on", type=DAY, metavar="DATE", help="Judge all by the dated rules of that day; no record.")
@click.pass_obj
def report_weekly(
    flags: Flags,
    /,
    formats: tuple[str, ...],
    reissue: str | None,
    as_of: datetime | None,
    rules_on: datetime | None,
) -> Outcome:
    """The weekly compliance report as HTML and PDF; prints the files."""
    from pipeline.jobs import reporting, scratch  # noqa: PLC0415

    question = scratch.Question(as_of and as_of.date(), rules_on and rules_on.date()) if as_of or rules_on else None
    request = reporting.ReportRequest(formats or ("html", "pdf"), reissue, question)
    return reporting.report_weekly(flags.settings(), request)


@click.command()
@click.argument("action")
@click.option("--where", metavar="SQL", help="Condition over core.endpoints that replaces the default selection.")
@click.option("--out", type=OUT, metavar="FILE", help="Write here instead of out/exports/.")
@click.option("--for", "audience", type=click.Choice(["job", "people"]), default="job", help="CSV dialect.")
@click.pass_obj
def export(flags: Flags, /, action: str, where: str | None, out: Path | None, audience: str) -> Outcome:
    """The CSV of one bulk ACTION, or of `all` that have a default selection."""
    from pipeline.jobs import reporting  # noqa: PLC0415

    return reporting.export(flags.settings(), reporting.ExportRequest(action, where, out, (audience,)))
