"""Questions to the published database: query, rules, audit-trail."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.flags import DAY, FORM, OUT, Flags

if TYPE_CHECKING:
    from pipeline.jobs.outcome import Outcome


@click.command()
@click.argument("sql", required=False)
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Read the statement from a file.")
@click.option("--format", "form", type=FORM, default="table", show_default=True)
@click.option("--out", type=OUT, metavar="FILE", help="Write here instead of stdout.")
@click.pass_obj
def query(flags: Flags, /, sql: str | None, file: Path | None, form: str, out: Path | None) -> Outcome:
    """Run one read-only SQL statement on the published database."""
    from pipeline.errors import UsageError, reason_of  # noqa: PLC0415
    from pipeline.jobs import asking  # noqa: PLC0415

    if (sql is None) == (file is None):
        raise click.UsageError("Give the statement as an argument or with --file, one of the two.")
    if file is not None:
        try:
            sql = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read ({reason_of(error)}); check the path.") from None
    return asking.query(flags.settings(), sql or "", form=form, out=out)


@click.group("rules")
def rules_group() -> None:
    """The rules that findings and metrics come from."""


@rules_group.command("show")
@click.option("--on", type=DAY, metavar="DATE", help="Only the rules that hold on that day.")
@click.option("--format", "form", type=FORM, default="table", show_default=True)
@click.option("--out", type=OUT, metavar="FILE", help="Write here instead of stdout.")
@click.pass_obj
def rules_show(flags: Flags, /, on: datetime | None, form: str, out: Path | None) -> Outcome:
    """Every dated rule with its days, severity and source, and the clauses that it serves."""
    from pipeline.jobs import asking  # noqa: PLC0415

    return asking.show_rules(flags.settings(), on.date() if on else None, form=form, out=out)


@click.command("audit-trail")
@click.argument("endpoint")
@click.option("--live", is_flag=True, help="Ask the API instead of the published database.")
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)
@click.pass_obj
def audit_trail(flags: Flags, /, endpoint: str, *, live: bool, form: str) -> Outcome:
    """Every event of one ENDPOINT (its key, or its id where it is unique), oldest first."""
    from pipeline.jobs import asking  # noqa: PLC0415

    return asking.audit_trail(flags.settings(), endpoint, form=form, live=live)


@click.command()
@click.option("--out", type=OUT, metavar="FILE", help="Write here instead of out/dictionary.html.")
@click.pass_obj
def dictionary(flags: Flags, /, out: Path | None) -> Outcome:
    """Every table and column with its comment, lineage, metrics and rules as one HTML page; prints the file."""
    from pipeline.jobs import asking  # noqa: PLC0415

    return asking.dictionary(flags.settings(), out)


@click.command()
@click.argument("run_a")
@click.argument("run_b")
@click.option("--account", metavar="A", help="Only the endpoints of this account.")
@click.option("--business-unit", metavar="U", help="Only the endpoints of this unit; of a removed one its last.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--out", type=OUT, metavar="FILE", help="Write here instead of stdout.")
@click.pass_obj
def diff(flags: Flags, /, run_a: str, run_b: str, *, form: str, out: Path | None, **of: str | None) -> Outcome:
    """What changed at each endpoint from RUN_A to the later RUN_B: kind of change, field, old and new value.

    How many endpoints appeared, vanished and changed, and in which fields, is told first, on stderr.
    """
    from pipeline.jobs import asking  # noqa: PLC0415

    return asking.diff(flags.settings(), (run_a, run_b), of, form=form, out=out)


@click.command()
@click.argument("metric")
@click.option("--member", metavar="M", help="Only this member, of a metric that has members.")
@click.option("--account", metavar="A", help="The number of this account.")
@click.option("--business-unit", metavar="U", help="The number of this unit.")
@click.option("--run", "run_id", metavar="RUN", help="The number of this run (default: the newest).")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option("--out", type=OUT, metavar="FILE", help="Write all rows here, as csv or json.")
@click.pass_obj
def explain(flags: Flags, /, metric: str, *, form: str, out: Path | None, **of: str | None) -> Outcome:
    """Where the number of METRIC comes from: its definition, SQL, rule, policy, and the rows behind it."""
    from pipeline.jobs import asking  # noqa: PLC0415

    return asking.explain(flags.settings(), metric, of, form=form, out=out)
