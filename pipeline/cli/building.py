"""What makes the database, and the whole flow: build, run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.cli.flags import Flags

if TYPE_CHECKING:
    from pipeline.jobs.outcome import Outcome


@click.command()
@click.option("--run", "run_id", metavar="RUN", help="Build this run instead of all that are new.")
@click.option(
    "--accept-incomplete",
    metavar="REASON",
    help="Publish the incomplete accounts of --run too, marked with the reason.",
)
@click.option("--accept-shrink", is_flag=True, help="Publish although an account has far fewer endpoints than before.")
@click.pass_obj
def build(flags: Flags, /, run_id: str | None, accept_incomplete: str | None, *, accept_shrink: bool) -> Outcome:
    """Load complete runs, run models and checks, publish the database.

    Without a new run the newest one is built once more when the policy, a list, the zone or a model has changed.
    """
    from pipeline.jobs import building  # noqa: PLC0415

    request = building.BuildRequest(run_id, accept_incomplete, accept_shrink)
    return building.build(flags.settings(), request)


@click.command()
@click.option("--accept-shrink", is_flag=True, help="Publish although history of the database of now would be lost.")
@click.pass_obj
def rebuild(flags: Flags, /, *, accept_shrink: bool) -> Outcome:
    """Build the database anew from every run that the landing zone retains.

    Refused when the database has runs, endpoints, certificates or events that would be lost. The old one is kept.
    Checks are made of the last run: those of earlier runs are in the old one only.
    """
    from pipeline.jobs import rebuilding  # noqa: PLC0415

    return rebuilding.rebuild(flags.settings(), accept_shrink=accept_shrink)


@click.group("run")
def run_group() -> None:
    """The whole flow in one command, one at a time."""


@run_group.command("daily")
@click.pass_obj
def run_daily(flags: Flags, /) -> Outcome:
    """Extract and build."""
    from pipeline.jobs import running  # noqa: PLC0415

    return running.run_daily(flags.settings(), show_progress=not flags.quiet)


@run_group.command("weekly")
@click.pass_obj
def run_weekly(flags: Flags, /) -> Outcome:
    """Extract, build, report and exports."""
    from pipeline.jobs import running  # noqa: PLC0415

    return running.run_weekly(flags.settings(), show_progress=not flags.quiet)
