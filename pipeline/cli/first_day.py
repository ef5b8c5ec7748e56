"""What a person runs first: init, the sandbox, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.flags import OUT, Flags

if TYPE_CHECKING:
    from pipeline.jobs.outcome import Outcome


@click.command()
def init() -> Outcome:
    """Write a commented tlm.toml, policy.toml and waivers.csv in this folder."""
    from pipeline.jobs import first_day  # noqa: PLC0415

    return first_day.init(Path.cwd())


@click.group()
def sandbox() -> None:
    """An invented company behind a TLM API on this machine."""


class _ListsFaults(click.Command):
    """A command whose help ends with the sandbox's faults."""

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Each fault with its sentence."""
        from pipeline.jobs import first_day  # noqa: PLC0415

        with formatter.section("Faults"):
            formatter.write_dl(list(first_day.list_faults()))


@sandbox.command("serve", cls=_ListsFaults)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--endpoints", type=click.IntRange(min=0), default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--faults", metavar="NAME,...", default="", help="What goes wrong; any of the faults below.")
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="CASE",
    help="Serve a recorded run instead: its lists as they were.",
)
def sandbox_serve(port: int, endpoints: int, seed: int, faults: str, replay: Path | None) -> Outcome:
    """Serve the sandbox on loopback until Ctrl-C."""
    from pipeline.jobs import first_day  # noqa: PLC0415

    names = tuple(name.strip() for name in faults.split(",") if name.strip())
    return first_day.serve_sandbox(
        port, first_day.Estate(endpoints, seed, names, replay), lambda line: click.echo(line, err=True)
    )


@sandbox.command("record")
@click.argument("run", required=False)
@click.option("--account", metavar="NAME", help="Only this account of the run.")
@click.option("--out", type=OUT, required=True, metavar="CASE", help="The zip to write; never overwritten.")
@click.pass_obj
def sandbox_record(flags: Flags, /, run: str | None, account: str | None, out: Path) -> Outcome:
    """Write RUN (default: the newest that ended) as a case for others, with all names replaced by pseudonyms.

    Reads data/landing alone. Read what it prints before you send the case: what stays in clear.
    """
    from pipeline.jobs import first_day  # noqa: PLC0415

    return first_day.record_case(flags.settings(), run, account, out)


@click.command()
@click.option("--endpoints", type=click.IntRange(min=0), default=10_000, show_default=True)
@click.option("--weeks", type=click.IntRange(1, 104), default=13, show_default=True, help="Weeks of simulated history.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, metavar="DIR")
@click.pass_obj
def demo(flags: Flags, /, endpoints: int, weeks: int, out: Path) -> Outcome:
    """The whole flow against an embedded sandbox; prints where everything is."""
    from pipeline.jobs.demo import run_demo  # noqa: PLC0415

    return run_demo(out, endpoints=endpoints, weeks=weeks, show_progress=not flags.quiet)
