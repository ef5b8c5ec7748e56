"""Commands and flags: parse, call one job, print, exit. No logic lives here.

Jobs and settings are imported inside the commands, so that `tlm --help` loads nothing but click.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.exits import Exit, code_for

if TYPE_CHECKING:
    from pipeline.config import Settings
    from pipeline.jobs import Outcome

_DAY = click.DateTime(["%Y-%m-%d"])
_FORM = click.Choice(["table", "csv", "json", "parquet"])
_INTERRUPTED = 130  # what a shell expects after Ctrl-C: 128 + SIGINT


@dataclass(frozen=True, slots=True)
class _Globals:
    """The flags before the command."""

    config: Path | None
    quiet: bool
    verbose: bool

    def settings(self, flags: dict[str, Any] | None = None) -> Settings:
        from pipeline.config import read_settings  # noqa: PLC0415 -- see the module's docstring

        return read_settings(self.config, os.environ, flags)

    def settings_if_any(self) -> Settings | None:
        """None where no configuration is named and none is in this folder."""
        from pipeline.config import FILE_NAME  # noqa: PLC0415

        is_there = self.config is not None or "TLM_CONFIG" in os.environ or Path(FILE_NAME).exists()
        return self.settings() if is_there else None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file (default: tlm.toml)."
)
@click.option("--quiet", is_flag=True, help="Only warnings and errors on stderr, no progress bars.")
@click.option("-v", "--verbose", is_flag=True, help="Every request and statement on stderr.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="tlm-pipeline", prog_name="tlm")
@click.pass_context
def tlm(context: click.Context, /, config: Path | None, *, quiet: bool, verbose: bool, debug: bool) -> None:
    """Export, history and weekly compliance report for DigiCert Trust Lifecycle Manager."""
    from pipeline.log import configure  # noqa: PLC0415

    configure(quiet=quiet, verbose=verbose or debug)
    context.obj = _Globals(config, quiet, verbose)


@tlm.command()
def init() -> Outcome:
    """Write a commented tlm.toml, policy.toml and waivers.csv in this folder."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.init(Path.cwd())


@tlm.group()
def contract() -> None:
    """What is known of the API, and whether an instance agrees."""


@contract.command("show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.pass_obj
def contract_show(flags: _Globals, /, *, as_json: bool) -> Outcome:
    """Every call of the contract with its path, its fields and the evidence for them."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.contract_show(flags.settings_if_any(), as_json=as_json)


@contract.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--account", "accounts", multiple=True, metavar="NAME", help="Only this account (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.pass_obj
def contract_check(flags: _Globals, /, file: Path | None, accounts: tuple[str, ...], *, as_json: bool) -> Outcome:
    """Compare the contract with an OpenAPI document: FILE (JSON or YAML), or each instance's own.

    Exit code 1 when something is contradicted, 2 when the document cannot be read or is not OpenAPI 3.
    """
    from pipeline import jobs  # noqa: PLC0415

    if file is not None and accounts:
        raise click.UsageError("A FILE is of no account; give FILE or --account, one of the two.")
    settings = flags.settings() if file is None else flags.settings_if_any()
    return jobs.contract_check(settings, jobs.ContractRequest(file, accounts or None, as_json))


@tlm.command()
@click.option("--resource", "resources", multiple=True, metavar="NAME", help="Only this resource (repeatable).")
@click.option("--account", "accounts", multiple=True, metavar="NAME", help="Only this account (repeatable).")
@click.option(
    "--resume", metavar="RUN", help="Go on with a run that was killed or is incomplete: only what is missing."
)
@click.option(
    "--since",
    type=_DAY,
    metavar="DATE",
    help="Read the audit log from this day on, where that is further back than usual.",
)
@click.pass_obj
def extract(
    flags: _Globals,
    /,
    resources: tuple[str, ...],
    accounts: tuple[str, ...],
    resume: str | None,
    since: datetime | None,
) -> Outcome:
    """Read every resource of every account into the landing zone; prints the run id."""
    from pipeline import jobs  # noqa: PLC0415

    if resume is not None and (resources or accounts or since):
        raise click.UsageError("--resume reads what its run was started with; leave the other flags away.")
    selection = jobs.Selection(resources or None, accounts or None, resume, since and since.date())
    return jobs.extract(flags.settings(), selection, show_progress=not flags.quiet)


@tlm.command()
@click.option("--run", "run_id", metavar="RUN", help="Build this run instead of all that are new.")
@click.option(
    "--accept-incomplete",
    metavar="REASON",
    help="Publish the incomplete accounts of --run too, marked with the reason.",
)
@click.pass_obj
def build(flags: _Globals, /, run_id: str | None, accept_incomplete: str | None) -> Outcome:
    """Load complete runs, run models and checks, publish the database."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.build(flags.settings(), run_id, accept_incomplete=accept_incomplete)


@tlm.group()
def report() -> None:
    """Make a report from the published database."""


@report.command("weekly")
@click.option("--format", "formats", multiple=True, type=click.Choice(["html", "pdf"]), help="Default: both.")
@click.option("--reissue", metavar="REASON", help="Make a second issue of a week that has a report already.")
@click.option("--rules-on", type=_DAY, metavar="DATE", help="Judge all by the dated rules of that day; no record.")
@click.pass_obj
def report_weekly(
    flags: _Globals, /, formats: tuple[str, ...], reissue: str | None, rules_on: datetime | None
) -> Outcome:
    """The weekly compliance report as HTML and PDF; prints the files."""
    from pipeline import jobs  # noqa: PLC0415

    day = rules_on.date() if rules_on else None
    return jobs.report_weekly(flags.settings(), jobs.ReportRequest(formats or ("html", "pdf"), reissue, day))


@tlm.command()
@click.argument("action")
@click.option("--where", metavar="SQL", help="Condition over core.endpoints that replaces the default selection.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of out/exports/.")
@click.option("--for", "audience", type=click.Choice(["job", "people"]), default="job", help="CSV dialect.")
@click.pass_obj
def export(flags: _Globals, /, action: str, where: str | None, out: Path | None, audience: str) -> Outcome:
    """The CSV of one bulk ACTION, or of `all` that have a default selection."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.export(flags.settings(), jobs.ExportRequest(action, where, out, (audience,)))


@tlm.group("run")
def run_group() -> None:
    """The whole flow in one command, one at a time."""


@run_group.command("daily")
@click.pass_obj
def run_daily(flags: _Globals, /) -> Outcome:
    """Extract and build."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.run_daily(flags.settings(), show_progress=not flags.quiet)


@run_group.command("weekly")
@click.pass_obj
def run_weekly(flags: _Globals, /) -> Outcome:
    """Extract, build, report and exports."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.run_weekly(flags.settings(), show_progress=not flags.quiet)


@tlm.command()
@click.argument("sql", required=False)
@click.option("--file", type=click.Path(path_type=Path), metavar="FILE", help="Read the statement from a file.")
@click.option("--format", "form", type=_FORM, default="table", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout.")
@click.pass_obj
def query(flags: _Globals, /, sql: str | None, file: Path | None, form: str, out: Path | None) -> Outcome:
    """Run one read-only SQL statement on the published database."""
    from pipeline import jobs  # noqa: PLC0415

    if (sql is None) == (file is None):
        raise click.UsageError("Give the statement as an argument or with --file, one of the two.")
    if file is not None:
        try:
            sql = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"{file} cannot be read ({error}); check the path.") from None
    return jobs.query(flags.settings(), sql or "", form=form, out=out)


@tlm.group("rules")
def rules_group() -> None:
    """The rules that findings and metrics come from."""


@rules_group.command("show")
@click.option("--on", type=_DAY, metavar="DATE", help="Only the rules that hold on that day.")
@click.option("--format", "form", type=_FORM, default="table", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of stdout.")
@click.pass_obj
def rules_show(flags: _Globals, /, on: datetime | None, form: str, out: Path | None) -> Outcome:
    """Every dated rule with its days, severity and source, and the clauses that it serves."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.show_rules(flags.settings(), on.date() if on else None, form=form, out=out)


@tlm.command("audit-trail")
@click.argument("endpoint")
@click.option("--live", is_flag=True, help="Ask the API instead of the published database.")
@click.option("--format", "form", type=click.Choice(["table", "csv"]), default="table", show_default=True)
@click.pass_obj
def audit_trail(flags: _Globals, /, endpoint: str, *, live: bool, form: str) -> Outcome:
    """Every event of one ENDPOINT (its key, or its id where it is unique), oldest first."""
    from pipeline import jobs  # noqa: PLC0415

    return jobs.audit_trail(flags.settings(), endpoint, form=form, live=live)


@tlm.group()
def sandbox() -> None:
    """An invented company behind a TLM API on this machine."""


class _ListsFaults(click.Command):
    """A command whose help ends with the sandbox's faults."""

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Each fault with its sentence."""
        from pipeline import jobs  # noqa: PLC0415

        with formatter.section("Faults"):
            formatter.write_dl(list(jobs.list_faults()))


@sandbox.command("serve", cls=_ListsFaults)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--endpoints", type=click.IntRange(min=0), default=10_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--faults", metavar="NAME,...", default="", help="What goes wrong; any of the faults below.")
def sandbox_serve(port: int, endpoints: int, seed: int, faults: str) -> Outcome:
    """Serve the sandbox on loopback until Ctrl-C."""
    from pipeline import jobs  # noqa: PLC0415

    names = tuple(name.strip() for name in faults.split(",") if name.strip())
    return jobs.serve_sandbox(port, jobs.Estate(endpoints, seed, names), _talk)


@tlm.command()
@click.option("--endpoints", type=click.IntRange(min=0), default=10_000, show_default=True)
@click.option("--weeks", type=click.IntRange(1, 104), default=13, show_default=True, help="Weeks of simulated history.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, metavar="DIR")
@click.pass_obj
def demo(flags: _Globals, /, endpoints: int, weeks: int, out: Path) -> Outcome:
    """The whole flow against an embedded sandbox; prints where everything is."""
    from pipeline.demo import run_demo  # noqa: PLC0415

    return run_demo(out, endpoints=endpoints, weeks=weeks, show_progress=not flags.quiet)


def _talk(line: str) -> None:
    click.echo(line, err=True)


def run(argv: Sequence[str]) -> int:
    """Run one command and give its exit code; every error is one sentence on stderr."""
    try:
        outcome = tlm.main(args=list(argv), prog_name="tlm", standalone_mode=False)
        return _print(outcome) if hasattr(outcome, "lines") else int(outcome or Exit.DONE)  # --help and --version
    except BrokenPipeError:
        return _quiet_stdout()
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped; nothing half-done was published.", err=True)
        return _INTERRUPTED
    except click.ClickException as error:
        error.show()
        return int(Exit.USAGE)
    except Exception as error:  # noqa: BLE001 -- the one place where an error becomes a sentence and a code
        return _say(error, show_traceback="--debug" in argv)


def _print(outcome: Outcome) -> int:
    for line in outcome.lines:
        click.echo(line)
    sys.stdout.flush()
    if outcome.complaint is not None:
        from pipeline.log import mask  # noqa: PLC0415

        click.echo(f"tlm: {mask(outcome.complaint)}", err=True)
    return int(outcome.exit_code)


def _quiet_stdout() -> int:
    """The reader of our stdout has gone (`| head`): not an error, and nothing may be written there at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(Exit.DONE)


def _say(error: Exception, *, show_traceback: bool) -> int:
    from pipeline.log import mask  # noqa: PLC0415

    code = code_for(error)
    if show_traceback:
        click.echo(mask("".join(traceback.format_exception(error))), err=True)
    if code is Exit.BUG:
        text = f"A bug in tlm: {type(error).__name__}: {error}; run it again with --debug and report what it prints."
    elif isinstance(error, OSError):
        text = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}; check space and mode."
    else:
        text = str(error)
    click.echo(f"tlm: {mask(text)}", err=True)
    return int(code)
