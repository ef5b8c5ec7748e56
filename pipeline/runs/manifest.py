"""The manifest of a run of one account: what came, what the API said should come, and whether the two agree.

A manifest is written last, in one move; a run folder without one is unfinished. It is evidence: each names the SHA-256
of the account's previous one, and the parts by theirs.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from pipeline.errors import RunIncomplete
from pipeline.runs.disk import replace_file

FILE_NAME = "manifest.json"
FORMAT = 1
NOT_ASKED = "not asked for in this run"
"""The reason of a list that the configuration has, and that was left out of a run of others by name."""


class Part(msgspec.Struct, frozen=True):
    """A file of items: `name` is relative to the resource's folder, for events to the account's."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Extract(msgspec.Struct, frozen=True):
    """One resource of the run; totals are None where the API gave none (a bare array).

    A complete one has a `reason` when something was odd and settled; a skipped one was refused, or is NOT_ASKED.
    `rows_received` are the lines of its parts: a row that went away while the list was read may be
    among them. `hostile_pages` took the slow path.
    """

    resource: str
    status: Literal["complete", "incomplete", "skipped"]
    reason: str | None = None
    api_total_start: int | None = None
    api_total_end: int | None = None
    rows_received: int = 0
    rows_distinct: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0
    parts: tuple[Part, ...] = ()
    hostile_pages: int = 0


class KeySees(msgspec.Struct, frozen=True):
    """What the key can see, so that "complete" has a scope: names of business units, ids of their accounts."""

    business_units: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


class Manifest(msgspec.Struct, frozen=True):
    """A run of one account; `as_of_at` (UTC) is the instant the run started, `required` the resources it needs."""

    run_id: str
    account: str
    as_of_at: datetime
    finished_at: datetime
    status: Literal["complete", "incomplete", "failed"]
    reason: str | None
    tool_version: str
    config_hash: str
    base_url: str
    required: tuple[str, ...]
    key_sees: KeySees
    extracts: tuple[Extract, ...]
    previous_manifest_hash: str | None
    format: int = FORMAT


_decoder = msgspec.json.Decoder(Manifest)


def new_run_id(now: datetime) -> str:
    """An id that sorts by time, e.g. 20261124T060000Z-1a2b3c."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def missing_in(required: Collection[str], extracts: Collection[Extract]) -> str | None:
    """Why a run is not complete, or None: every required resource is, and none that was read is incomplete."""
    names = {extract.resource for extract in extracts}
    faults: dict[str | None, list[str]] = {}
    for extract in extracts:
        if extract.status == "incomplete" or (extract.status == "skipped" and extract.resource in required):
            faults.setdefault(extract.reason, []).append(extract.resource)
    for name in required:
        if name not in names:
            faults.setdefault(f"required, but {NOT_ASKED}", []).append(name)
    return (
        "; ".join(f"{', '.join(resources)}: {str(reason).rstrip('.')}" for reason, resources in faults.items()) or None
    )


def is_complete(manifest: Manifest) -> bool:
    """Whether the run may be published for this account."""
    return manifest.status == "complete" and missing_in(manifest.required, manifest.extracts) is None


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write `folder`/manifest.json in one move, readable by the owner only; OutputFailed names the path."""
    path = folder / FILE_NAME
    replace_file(path, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    return path


def read_manifest(path: Path) -> Manifest:
    """The manifest in the file `path`; RunIncomplete when it is damaged or of another format."""
    try:
        manifest = _decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        msg = f"The manifest {path} cannot be read ({error}); move its folder away and extract again."
        raise RunIncomplete(msg) from None
    if manifest.format != FORMAT:
        msg = f"The manifest {path} has format {manifest.format}, this version reads {FORMAT}; update tlm-pipeline."
        raise RunIncomplete(msg)
    return manifest


def find_runs(landing: Path, account: str = "*") -> tuple[Manifest, ...]:
    """The finished runs below `landing`, of one account or of all, sorted by run id, then account."""
    manifests = (read_manifest(path) for path in landing.glob(f"{account}/*/{FILE_NAME}"))
    return tuple(sorted(manifests, key=lambda manifest: (manifest.run_id, manifest.account)))


def manifest_path(landing: Path, account: str, run_id: str) -> Path:
    """Where the manifest of a run of an account is."""
    return landing / account / run_id / FILE_NAME


def manifest_hash(path: Path) -> str:
    """The SHA-256 of a manifest file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fingerprint(fields: Iterable[str | None]) -> str:
    """SHA-256 over fields with a null marker and a length prefix each, so that no two lists of fields look alike."""
    digest = hashlib.sha256()
    for text in fields:
        if text is None:
            digest.update(b"\x00")
        else:
            content = text.encode("utf-8", "surrogatepass")
            digest.update(b"\x01" + len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()
