"""What a person runs first: the configuration files, and the sandbox to develop against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.jobs.outcome import Outcome

_SHOWN = 20  # unknown texts of a field


def init(folder: Path) -> Outcome:
    """Write the commented configuration files that are not there yet."""
    from pipeline.init_files import write_initial_files  # noqa: PLC0415 -- each job imports its own stages only

    return Outcome(tuple(f"{path}  {what}" for path, what in write_initial_files(folder)))


@dataclass(frozen=True, slots=True)
class Estate:
    """What `sandbox serve` serves: a size, a seed, and the names of its faults; or the case `replay` with these."""

    endpoints: int
    seed: int
    faults: tuple[str, ...] = ()
    replay: Path | None = None


def serve_sandbox(port: int, estate: Estate, announce: Callable[[str], None]) -> Outcome:
    """The sandbox on a loopback port until Ctrl-C; `announce` says where it is, with which keys and faults."""
    from pipeline.sandbox.faults import read_faults  # noqa: PLC0415
    from pipeline.sandbox.plan import Plan  # noqa: PLC0415
    from pipeline.sandbox.replay import Recording, describe  # noqa: PLC0415
    from pipeline.sandbox.serve import Opening, serve  # noqa: PLC0415

    try:
        faults = read_faults(estate.faults)
    except ValueError as error:
        msg = f"{error} `tlm sandbox serve --help` says what each does."
        raise UsageError(msg) from None
    recording = None if estate.replay is None else Recording(estate.replay, faults)

    def opened(opening: Opening) -> None:
        announce(f"The sandbox is at {opening.base_url}; stop it with Ctrl-C.")
        for account, key in opening.keys.items():
            announce(f"  account {account}  x-api-key: {key}")
        for fault in faults:
            announce(f"  fault {fault.name}: {fault.kind.sentence}")
        for line in describe(recording.case) if recording else ():
            announce(line)

    try:
        serve(recording or Plan(endpoints=estate.endpoints, seed=estate.seed, faults=faults), port, opened)
    except OSError as error:
        msg = f"Port {port} on loopback cannot be used ({error.strerror}); choose another with --port."
        raise UsageError(msg) from None
    return Outcome()


def record_case(settings: Settings, run_id: str | None, account: str | None, out: Path) -> Outcome:
    """A run of the landing zone as a zip with names pseudonymised; says what stayed in clear, to be read first."""
    from pipeline.cases.record import record_run  # noqa: PLC0415
    from pipeline.log import one_line  # noqa: PLC0415

    done = record_run(settings.data / "landing", run_id, account, out)
    lines = [f"{name}  {count} items" for name, count in done.items.items()]
    lines.append(f"{out} has run {done.run_id}; {done.replaced} different words and addresses are replaced in it.")
    lines += ["Its kept.txt:", *done.kept.splitlines()]
    if done.unknown:
        lines.append(
            "Not in the case, because no vocabulary knows them; if they are no names, tell them along with the case:"
        )
        lines += [f"  {name}: {', '.join(found[:_SHOWN])}" for name, found in done.unknown.items()]
    # They are an owner's words: none steers the terminal, and bytes that are not UTF-8 are shown as "?".
    return Outcome(tuple(one_line(line).encode("utf-8", "replace").decode() for line in lines))


def list_faults() -> Iterator[tuple[str, str]]:
    """The sandbox's faults, each with its sentence; many of those that end by themselves also go on for ever."""
    from pipeline.sandbox.faults import FAULTS  # noqa: PLC0415

    for name, kind in FAULTS.items():
        if not name.endswith("-forever"):
            yield f"{name}[-forever]" if f"{name}-forever" in FAULTS else name, kind.sentence
