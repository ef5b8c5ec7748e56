"""What talks to the service: contract, extract."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.flags import DAY, Flags

if TYPE_CHECKING:
    from pipeline.jobs.outcome import Outcome


@click.group()
def contract() -> None:
    """What is known of the API, and whether an instance agrees."""


@contract.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.pass_obj
def contract_show(flags: Flags, /, *, as_json: bool) -> Outcome:
    """Every call of the contract with its path, its fields and the evidence for them."""
    from pipeline.jobs import reading  # noqa: PLC0415

    return reading.contract_show(flags.settings_if_any(), as_json=as_json)


@contract.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--account", "accounts", multiple=True, metavar="NAME", help="Only this account (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.pass_obj
def contract_check(flags: Flags, /, file: Path | None, accounts: tuple[str, ...], *, as_json: bool) -> Outcome:
    """Compare the contract with an OpenAPI document: FILE (JSON or YAML), or each instance's own.

    Exit code 1 when something is contradicted, 2 when the document cannot be read or is not OpenAPI 3.
    """
    from pipeline.jobs import reading  # noqa: PLC0415

    if file is not None and accounts:
        raise click.UsageError("A FILE is of no account; give FILE or --account, one of the two.")
    settings = flags.settings() if file is None else flags.settings_if_any()
    return reading.contract_check(settings, reading.ContractRequest(file, accounts or None, as_json))


@click.command()
@click.option("--resource", "resources", multiple=True, metavar="NAME", help="Only this resource (repeatable).")
@click.option("--account", "accounts", multiple=True, metavar="NAME", help="Only this account (repeatable).")
@click.option(
    "--resume", metavar="RUN", help="Go on with a run that was killed or is incomplete: only what is missing."
)
@click.option(
    "--since",
    type=DAY,
    metavar="DATE",
    help="Read the audit log from this day on, where that is further back than usual.",
)
@click.pass_obj
def extract(
    flags: Flags,
    /,
    resources: tuple[str, ...],
    accounts: tuple[str, ...],
    resume: str | None,
    since: datetime | None,
) -> Outcome:
    """Read every resource of every account into the landing zone; prints the run id."""
    from pipeline.jobs import reading  # noqa: PLC0415

    if resume is not None and (resources or accounts or since):
        raise click.UsageError("--resume reads what its run was started with; leave the other flags away.")
    selection = reading.Selection(resources or None, accounts or None, resume, since and since.date())
    return reading.extract(flags.settings(), selection, show_progress=not flags.quiet)
