"""What a person runs first: the configuration files, and the sandbox to develop against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.jobs.outcome import Outcome


def init(folder: Path) -> Outcome:
    """Write the commented configuration files that are not there yet."""
    from pipeline.init_files import write_initial_files  # noqa: PLC0415 -- each job imports its own stages only

    return Outcome(tuple(f"{path}  {what}" for path, what in write_initial_files(folder)))


@dataclass(frozen=True, slots=True)
class Estate:
    """What `sandbox serve` serves: a size, a seed, and the names of its faults."""

    endpoints: int
    seed: int
    faults: tuple[str, ...] = ()


def serve_sandbox(port: int, estate: Estate, announce: Callable[[str], None]) -> Outcome:
    """The sandbox on a loopback port until Ctrl-C; `announce` says where it is, with which keys and faults."""
    from pipeline.sandbox.faults import read_faults  # noqa: PLC0415
    from pipeline.sandbox.plan import Plan  # noqa: PLC0415
    from pipeline.sandbox.serve import Opening, serve  # noqa: PLC0415

    try:
        faults = read_faults(estate.faults)
    except ValueError as error:
        msg = f"{error} `tlm sandbox serve --help` says what each does."
        raise UsageError(msg) from None

    def opened(opening: Opening) -> None:
        announce(f"The sandbox is at {opening.base_url}; stop it with Ctrl-C.")
        for account, key in opening.keys.items():
            announce(f"  account {account}  x-api-key: {key}")
        for fault in faults:
            announce(f"  fault {fault.name}: {fault.kind.sentence}")

    try:
        serve(Plan(endpoints=estate.endpoints, seed=estate.seed, faults=faults), port, opened)
    except OSError as error:
        msg = f"Port {port} on loopback cannot be used ({error.strerror}); choose another with --port."
        raise UsageError(msg) from None
    return Outcome()


def list_faults() -> Iterator[tuple[str, str]]:
    """The sandbox's faults, each with its sentence; many of those that end by themselves also go on for ever."""
    from pipeline.sandbox.faults import FAULTS  # noqa: PLC0415

    for name, kind in FAULTS.items():
        if not name.endswith("-forever"):
            yield f"{name}[-forever]" if f"{name}-forever" in FAULTS else name, kind.sentence
