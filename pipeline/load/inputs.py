"""What a build rests on beside the runs: when one of these changes, the newest run is built once more.

Policy, lists, zone, models (the user's too) and rules, and the version of the program. Comments in policy.toml do not
count.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pipeline import __version__
from pipeline.load.lists import PCI, WAIVERS
from pipeline.policy import Policy
from pipeline.runs.manifest import fingerprint

_QUESTIONS = "adhoc"  # for people: no build reads them


def fingerprint_inputs(folder: Path, models: Path, policy: Policy, timezone: str) -> str:
    """SHA-256 over all of it: `folder` is where tlm.toml is, `models` the folder sql/."""
    return fingerprint(_fields(folder, models, policy, timezone))


def _fields(folder: Path, models: Path, policy: Policy, timezone: str) -> Iterator[str | None]:
    yield from (__version__, timezone, msgspec.json.encode(policy, order="deterministic").decode())
    for name in (WAIVERS, PCI):
        yield _text(folder / name)
    for path in sorted((folder / "models").rglob("*.sql")):
        yield from (path.relative_to(folder).as_posix(), _text(path))
    for path in sorted(path for path in models.rglob("*") if path.suffix in (".sql", ".csv")):
        place = path.relative_to(models)
        if place.parts[0] != _QUESTIONS:
            yield from (place.as_posix(), _text(path))


def _text(path: Path) -> str | None:
    """The content, or None when the file is not there; what cannot be read is refused where it is used."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return None
