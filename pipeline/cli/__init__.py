"""Commands and flags: parse, call one job, print, exit. No logic lives here.

Jobs and settings are imported inside the commands, so that `tlm --help` loads nothing but click.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import asking, building, first_day, reading, reporting
from pipeline.cli.flags import Flags
from pipeline.exits import Exit, code_for

if TYPE_CHECKING:
    from pipeline.jobs.outcome import Outcome


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
    context.obj = Flags(config, quiet, verbose)


for _command in (
    first_day.init,
    reading.contract,
    reading.extract,
    building.build,
    building.rebuild,
    reporting.report,
    reporting.export,
    building.run_group,
    asking.query,
    asking.rules_group,
    asking.audit_trail,
    asking.dictionary,
    asking.diff,
    asking.explain,
    first_day.sandbox,
    first_day.demo,
):
    tlm.add_command(_command)


def run(argv: Sequence[str]) -> int:
    """Run one command and give its exit code; every error is one sentence on stderr."""
    stdout = sys.stdout
    try:
        outcome = tlm.main(args=list(argv), prog_name="tlm", standalone_mode=False)
        is_told = hasattr(outcome, "lines")  # not of --help and --version
        return _print(outcome, show_traceback="--debug" in argv) if is_told else int(outcome or Exit.DONE)
    except (BrokenPipeError, SystemExit) as error:
        if (
            isinstance(error, SystemExit) and sys.stdout is stdout
        ):  # click wraps it where it leaves for the other's sake
            raise
        return int(Exit.DONE)  # the reader of our stdout has gone (`| head`): not an error
    except (KeyboardInterrupt, click.Abort):
        _tell("Stopped; nothing half-done was published.")
        return 128 + signal.SIGINT  # as a shell expects
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return int(Exit.USAGE)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        more = context.command_path if context else "tlm"
        _tell(f"tlm: {' '.join(error.format_message().split()).rstrip('.')}; `{more} --help` says more.")
        return int(Exit.USAGE)
    except Exception as error:  # noqa: BLE001 -- the one place where an error becomes a sentence and a code
        return _say(error, show_traceback="--debug" in argv)


def _print(outcome: Outcome, *, show_traceback: bool) -> int:
    for line in outcome.lines:
        click.echo(line)
    sys.stdout.flush()
    if outcome.complaint is not None:
        from pipeline.log import mask, one_line  # noqa: PLC0415

        if show_traceback and outcome.error is not None:
            _tell(mask("".join(traceback.format_exception(outcome.error))))
        _tell(f"tlm: {one_line(outcome.complaint)}")
    return int(outcome.exit_code)


def _tell(text: str) -> None:
    """A line on stderr; where it cannot be written (a full disk), the exit code has to do."""
    with suppress(OSError):
        click.echo(text, err=True)


def _say(error: Exception, *, show_traceback: bool) -> int:
    from pipeline.log import mask, one_line  # noqa: PLC0415

    code = code_for(error)
    if show_traceback:
        _tell(mask("".join(traceback.format_exception(error))))
    if code is Exit.BUG:
        text = f"A bug in tlm: {type(error).__name__}: {error}; run it again with --debug and report what it prints."
    elif isinstance(error, OSError):
        what = error.filename or "The file that stdout goes to, or a temporary one,"  # others are named where they fail
        text = f"{what} cannot be used: {error.strerror or error}; check space and mode."
    else:
        text = str(error)
    _tell(f"tlm: {one_line(text)}")
    return int(code)
