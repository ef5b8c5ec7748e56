"""What a case is on disk: one zip with `case.json`, `kept.txt`, and the items of each list, one a line.

    case.json                          format, instants, and of each list the totals, the pages and how it ended
    kept.txt                           the words that are in clear, by field, for the owner to read
    <account>/<resource>.ndjson        items in the order received; accounts are account-1, account-2, ...

A case comes from elsewhere: members are read by the names in case.json alone and unpacked up to a limit.
"""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pipeline.errors import UsageError, reason_of

FORMAT = 1
CASE, KEPT = "case.json", "kept.txt"
_MOST_BYTES = 8 << 30
_MOST_RATIO = 400  # JSON shrinks to a tenth; what unpacks to so much more was made to
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9._-]{1,64}$")]


class ListPage(msgspec.Struct, frozen=True):
    """A page as the journal of the run has it, see `pipeline.runs.landing.JournalLine`."""

    offset: int
    end: int
    received: int
    total: int | None
    is_repair: bool = False
    is_last: bool = False
    is_hostile: bool = False
    window: str | None = None


class RecordedList(msgspec.Struct, frozen=True):
    """A list of the run: what the manifest says of it (see `pipeline.runs.manifest.Extract`), and its pages.

    `http_status` is that with which it was refused, `page_size` the most items of a page where it took several;
    `is_array`: it came as a bare array, without a total. `rows` are the lines in the case.
    """

    resource: _Name
    status: Literal["complete", "incomplete", "skipped"]
    reason: str | None
    http_status: int | None
    api_total_start: int | None
    api_total_end: int | None
    rows: int
    rows_received: int
    rows_distinct: int
    requests: int
    retries: int
    page_size: Annotated[int, msgspec.Meta(ge=1)] | None
    is_array: bool
    pages: tuple[ListPage, ...]


class RecordedAccount(msgspec.Struct, frozen=True):
    """An account of the run; what its key sees as numbers, without names. `status` is None where the run was killed."""

    name: _Name
    status: Literal["complete", "incomplete", "failed"] | None
    required: tuple[str, ...]
    business_units_seen: int
    accounts_seen: int
    lists: tuple[RecordedList, ...]


class Case(msgspec.Struct, frozen=True):
    """A run: `as_of_at` is its start, `audit_from` where its audit log begins (both UTC)."""

    tool_version: str
    as_of_at: _Instant
    audit_from: _Instant
    accounts: tuple[RecordedAccount, ...]
    format: int = FORMAT


class _Format(msgspec.Struct):
    format: int


def member(account: str, resource: str) -> str:
    """The name of a list's file in the zip."""
    return f"{account}/{resource}.ndjson"


def read_case(path: Path) -> tuple[Case, dict[tuple[str, str], list[bytes]]]:
    """The case in the file `path`, and the items of each list by account and resource.

    UsageError when it is no case, is damaged, or is of another format.
    """
    try:
        with zipfile.ZipFile(path) as file:
            case = _read_head(file, path)
            items = {
                (account.name, one.resource): _read_member(file, member(account.name, one.resource)).split(b"\n")[:-1]
                for account in case.accounts
                for one in account.lists
                if one.rows
            }
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise _unreadable(path, f"{reason_of(error)}".strip("'\"")) from None
    wrong = [
        f"{account.name}/{one.resource} has {len(found)} items and not {one.rows}"
        for account in case.accounts
        for one in account.lists
        if len(found := items.get((account.name, one.resource), [])) != one.rows
    ]
    if wrong:
        raise _unreadable(path, wrong[0])
    return case, items


def _read_head(file: zipfile.ZipFile, path: Path) -> Case:
    content = _read_member(file, CASE)
    found = msgspec.json.decode(content, type=_Format).format
    if found != FORMAT:
        msg = (
            f"{path} is a case of format {found}, this version reads {FORMAT}; replay it with the version that made it."
        )
        raise UsageError(msg)
    return msgspec.json.decode(content, type=Case)


def _read_member(file: zipfile.ZipFile, name: str) -> bytes:
    """A member by its name; ValueError when it would unpack to more than a case may have."""
    info = file.getinfo(name)
    if info.file_size > min(_MOST_BYTES, 1 << 20 | _MOST_RATIO * info.compress_size):
        msg = f"{name} would unpack to {info.file_size} bytes"
        raise ValueError(msg)
    return file.read(info)


def _unreadable(path: Path, reason: str) -> UsageError:
    return UsageError(f"{path} is no case that can be replayed ({reason}); have it recorded and sent again.")
