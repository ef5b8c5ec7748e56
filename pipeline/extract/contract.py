"""The contract shown, and compared with an OpenAPI document: a file, or the one that the instance of an account serves.

What an instance said is kept for each account: it is what later releases a change that is only assumed.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline import __version__
from pipeline.api.client import Client, Tally
from pipeline.api.contract import BY_NAME, LISTS
from pipeline.api.document import read_document
from pipeline.api.line import open_line
from pipeline.api.listing import contract_lines, contract_records, outcome_lines, outcome_records
from pipeline.api.openapi import CallOutcome, Outcome, advice, compare, stopping
from pipeline.api.reply import Reply, raise_for_status
from pipeline.api.request import Caller, build_request
from pipeline.config import Account, Contract, Extract, Settings
from pipeline.errors import Refused, TryAgain, Unauthorized, Unreachable, UsageError
from pipeline.runs.disk import make_folder, replace_file

logger = logging.getLogger(__name__)
FOLDER = "contract"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Check:
    """What a document says; `place` is its file or address, `account` None for a file, `sha256` of it as it came."""

    place: str
    account: str | None
    sha256: str
    outcomes: tuple[CallOutcome, ...]

    @property
    def is_contradicted(self) -> bool:
        """Some call is contradicted, required or not."""
        return any(one.outcome is Outcome.CONTRADICTED for one in self.outcomes)


def show_contract(settings: Settings | None, *, as_json: bool) -> tuple[str, ...]:
    """The contract with its evidence, as lines or as one JSON text; without settings, as shipped."""
    overrides, required = _known(settings)
    if as_json:
        return (_as_json(contract_records(overrides, required)),)
    return tuple(contract_lines(overrides, required))


def show_checks(settings: Settings | None, checks: Iterable[Check], *, as_json: bool) -> tuple[str, ...]:
    """What documents say, as lines or as one JSON text; with accounts, each call's record names its own."""
    _, required = _known(settings)
    if not as_json:
        return tuple(line for check in checks for line in outcome_lines(check.outcomes, check.place))
    records = (
        record | ({} if check.account is None else {"account": check.account})
        for check in checks
        for record in outcome_records(check.outcomes, required)
    )
    return (_as_json(list(records)),)


def check_file(settings: Settings | None, path: Path) -> Check:
    """Compare the contract with the document in a file (JSON or YAML); UsageError where it is none."""
    try:
        body = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror or error}); check the path and its mode."
        raise UsageError(msg) from None
    outcomes = compare(read_document(body, str(path)), overrides=_known(settings)[0])
    return Check(str(path), None, hashlib.sha256(body).hexdigest(), outcomes)


async def read_own_document(client: Client, caller: Caller, tally: Tally) -> bytes:
    """The instance's OpenAPI document as it came; raises what `client.fetch` raises."""

    def read(reply: Reply, what: str) -> bytes:
        raise_for_status(reply, what)
        return reply.body

    return await client.fetch(build_request(caller, BY_NAME["openapi"]), read, tally)


async def find_contradiction(client: Client, caller: Caller, required: Iterable[str]) -> str | None:
    """Why the instance's document forbids reading the account, as a sentence; None: it does not, or there is none.

    Contradicted calls that the account can do without are told in the log; an override in [contract] releases a call.
    """
    try:
        body = await read_own_document(client, caller, Tally())
        document = read_document(body, "the instance's OpenAPI document")
    except (Refused, TryAgain, Unreachable, UsageError) as error:  # a 401, too: a page may want its own log-in
        logger.info("The contract of account %s stays unchecked: %s", caller.account.name, error)
        return None
    outcomes = [one for one in compare(document, overrides=caller.paths) if one.call in LISTS]
    sentences = {one.call.name: _contradiction(caller.account.name, one) for one in outcomes if one.differs}
    stopped = [one.call.name for one in stopping(outcomes, required, caller.paths)]
    for name, sentence in sentences.items():
        if name not in stopped:
            logger.warning("%s", sentence)
    return " ".join(sentences[name] for name in stopped) or None


def _contradiction(account: str, outcome: CallOutcome) -> str:
    differs = "; ".join(outcome.differs)
    return f"Account {account}: its API contradicts {outcome.call.name} ({differs}); {advice(outcome)}."


async def check_account(settings: Settings, account: Account, clock: Callable[[], datetime]) -> Check:
    """Compare the contract with the document of the account's instance and keep the outcome in the data folder.

    Raises UsageError where there is no readable OpenAPI 3 document, and what Client.fetch raises.
    """
    caller, line = open_line(settings, account)
    request = build_request(caller, BY_NAME["openapi"])
    try:
        async with Client(
            requests_per_second=settings.extract.requests_per_second, concurrency=1, clock=clock, line=line
        ) as client:
            body = await read_own_document(client, caller, Tally())
    except Unauthorized:
        raise
    except Refused as error:
        msg = f"{request.what} gives no document ({error.status}); download it in a browser and pass it as FILE."
        raise UsageError(msg) from None
    outcomes = compare(read_document(body, request.what), overrides=settings.contract.paths)
    check = Check(request.what, account.name, hashlib.sha256(body).hexdigest(), outcomes)
    _keep(settings, account, check, clock())
    return check


def kept_path(data: Path, account: str) -> Path:
    """Where the outcome of an account's newest check is."""
    return data / FOLDER / f"{account}.json"


def _keep(settings: Settings, account: Account, check: Check, now: datetime) -> None:
    """For the owner only: it releases changes that are otherwise refused."""
    path = kept_path(settings.data, account.name)
    make_folder(settings.data, 0o777)  # less the umask, as the extraction makes it
    make_folder(path.parent)
    kept = {
        "format": FORMAT,
        "account": account.name,
        "base_url": account.base_url,
        "checked_at": now.astimezone(UTC),
        "tool_version": __version__,
        "document_sha256": check.sha256,
        "calls": outcome_records(check.outcomes, settings.extract.required),
    }
    replace_file(path, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")


def _known(settings: Settings | None) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Paths and required resources of the settings, or their defaults."""
    if settings is None:
        return Contract().paths, Extract().required
    return settings.contract.paths, settings.extract.required


def _as_json(records: list[dict[str, Any]]) -> str:
    return msgspec.json.format(msgspec.json.encode({"calls": records}), indent=2).decode()
