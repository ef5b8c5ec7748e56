"""What a run was started with, written before the first request: a run that was killed can be taken up by it.

    <account>/<run_id>/run.json

Everything that shapes the rows is in it; page size and rates are not, they may change.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.errors import UsageError
from pipeline.runs.disk import replace_file

FILE_NAME = "run.json"


class Opening(msgspec.Struct, frozen=True):
    """The start of a run of one account.

    `as_of_at` (UTC) is the instant it started, `accounts` are all of the same run, `wanted` the resources that were
    asked for by name (None: all that are configured), `paths` the path of each resource, `audit_from` where the audit
    log begins; `since` how far back it was asked for, for accounts whose own start was not written any more.
    """

    run_id: str
    account: str
    accounts: tuple[str, ...]
    as_of_at: datetime
    base_url: str
    account_id: str | None
    wanted: tuple[str, ...] | None
    required: tuple[str, ...]
    paths: dict[str, str]
    audit_from: datetime
    tool_version: str
    config_hash: str
    since: datetime | None = None
    format: int = 1


_decoder = msgspec.json.Decoder(Opening)


def write_opening(folder: Path, opening: Opening) -> None:
    """Write `folder`/run.json in one move; OutputFailed names the path."""
    replace_file(folder / FILE_NAME, msgspec.json.format(msgspec.json.encode(opening), indent=2) + b"\n")


def read_opening(path: Path) -> Opening:
    """The start in the file `path`; UsageError when it cannot be read, for then nothing can be resumed by it."""
    try:
        return _decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        msg = f"The start of the run in {path} cannot be read ({error}); extract again without --resume."
        raise UsageError(msg) from None


def differences(before: Opening, now: Opening) -> list[str]:
    """What shapes the rows and is not as it was, each as half a sentence."""
    found = []
    if before.base_url != now.base_url:
        found.append(f"base_url was {before.base_url} and is {now.base_url}")
    if before.account_id != now.account_id:
        found.append(f"account_id was {before.account_id or 'not set'} and is {now.account_id or 'not set'}")
    if sorted(before.paths) != sorted(now.paths):
        found.append(f"the resources were {', '.join(before.paths)} and are {', '.join(now.paths)}")
    found += [
        f"the path of {name} was {path} and is {now.paths[name]}"
        for name, path in before.paths.items()
        if now.paths.get(name, path) != path
    ]
    return found
