"""What a case is on disk: one zip with `case.json`, `kept.txt`, and the items of each list, one a line.

    case.json                          format, instants, and of each list the totals, the pages and how it ended
    kept.txt                           the words that are in clear, by field, for the owner to read
    <account>/<resource>.ndjson        items in the order received; accounts are account-1, account-2, ...

A case comes from elsewhere: members are read by the names in case.json alone and unpacked up to a limit.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pipeline.api.contract import LISTS
from pipeline.errors import UsageError, reason_of
from pipeline.log import one_line

FORMAT = 1
CASE, KEPT = "case.json", "kept.txt"
_MOST_BYTES = 8 << 30
_MOST_RATIO = 400  # JSON shrinks to a tenth; what unpacks to so much more was made to
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^account-[0-9]{1,4}\Z")]
_Resource = Annotated[str, msgspec.Meta(pattern=rf"^(?:{'|'.join(re.escape(call.name) for call in LISTS)})\Z")]
_Version = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-zA-Z.+_-]{1,64}\Z")]
_Sentence = Annotated[str, msgspec.Meta(pattern=r"^[ -~]{0,2000}\Z")]
_Window = Annotated[str, msgspec.Meta(pattern=r"^[0-9TZ:+./-]{1,99}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Total = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]  # whatever the service said
_PageSize = Annotated[int, msgspec.Meta(ge=1, le=2**31)]
_Refusal = Annotated[int, msgspec.Meta(ge=400, le=499)]


class ListPage(msgspec.Struct, frozen=True):
    """A page as the journal of the run has it, see `pipeline.runs.landing.JournalLine`."""

    offset: _Count
    end: _Count
    received: _Count
    total: _Total | None
    is_repair: bool = False
    is_last: bool = False
    is_hostile: bool = False
    window: _Window | None = None


class RecordedList(msgspec.Struct, frozen=True):
    """A list of the run: what the manifest says of it (see `pipeline.runs.manifest.Extract`), and its pages.

    `http_status` is that with which it was refused, `page_size` the most items of a page where it took several;
    `is_array`: it came as a bare array, without a total. `rows` are the lines in the case.
    """

    resource: _Resource
    status: Literal["complete", "incomplete", "skipped"]
    reason: _Sentence | None
    http_status: _Refusal | None
    api_total_start: _Total | None
    api_total_end: _Total | None
    rows: _Count
    rows_received: _Count
    rows_distinct: _Count
    requests: _Count
    retries: _Count
    page_size: _PageSize | None
    is_array: bool
    pages: tuple[ListPage, ...]


class RecordedAccount(msgspec.Struct, frozen=True):
    """An account of the run; what its key sees as numbers, without names. `status` is None where the run was killed."""

    name: _Name
    status: Literal["complete", "incomplete", "failed"] | None
    required: tuple[_Resource, ...]
    business_units_seen: _Count
    accounts_seen: _Count
    lists: tuple[RecordedList, ...]


class Case(msgspec.Struct, frozen=True):
    """A run: `as_of_at` is its start, `audit_from` where its audit log begins (both UTC)."""

    tool_version: _Version
    as_of_at: _Instant
    audit_from: _Instant
    accounts: Annotated[tuple[RecordedAccount, ...], msgspec.Meta(min_length=1)]
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
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError, EOFError) as error:
        raise _unreadable(path, one_line(reason_of(error)).strip("'\"")) from None
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
    case = msgspec.json.decode(content, type=Case)
    parts = [(account.name, one.resource) for account in case.accounts for one in account.lists]
    if len({account.name for account in case.accounts}) < len(case.accounts) or len(set(parts)) < len(parts):
        raise ValueError("it has an account or a list twice")
    return case


def _read_member(file: zipfile.ZipFile, name: str) -> bytes:
    """A member by its name; ValueError when it would unpack to more than a case may have."""
    info = file.getinfo(name)
    if info.file_size > min(_MOST_BYTES, 1 << 20 | _MOST_RATIO * info.compress_size):
        msg = f"{name} would unpack to {info.file_size} bytes"
        raise ValueError(msg)
    if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ValueError(f"{name} is encrypted or packed in another way than cases are")
    return file.read(info)


def _unreadable(path: Path, reason: str) -> UsageError:
    return UsageError(f"{path} is no case that can be replayed ({reason}); have it recorded and sent again.")
