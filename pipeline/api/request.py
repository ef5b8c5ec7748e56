"""Settings and a call of the contract -> a request. Pure: nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline import __version__
from pipeline.api.contract import BY_NAME, Call, Paging
from pipeline.config import Account
from pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account, its key, and the paths by which its owner overrides the contract."""

    account: Account
    key: str = field(repr=False)
    paths: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The HTTP library would quote a key that cannot be a header value in its error message.
        if not (self.key.isascii() and self.key.isprintable()) or " " in self.key:
            msg = (
                f"Account {self.account.name}: api_key holds a blank, a line break or a character that no header can "
                "carry; check what its env, file or command gives."
            )
            raise ConfigurationError(msg)
        for name, path in self.paths.items():
            if name not in BY_NAME:
                msg = f"contract.paths.{name} overrides no call; choose from: {', '.join(BY_NAME)}."
                raise ConfigurationError(msg)
            if not path.startswith("/") or path.startswith("//"):
                # "https://elsewhere/..." or "//elsewhere/..." would carry the key to another host.
                msg = f"contract.paths.{name} is {path!r}, which is no path; write one that begins with a single /."
                raise ConfigurationError(msg)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `what` names it in every sentence about it. The headers hold the key: not in the repr."""

    method: str
    url: str
    parameters: tuple[tuple[str, str], ...]
    what: str
    headers: Mapping[str, str] = field(repr=False)


def build_request(caller: Caller, call: Call, parameters: Mapping[str, str | int] | None = None) -> Request:
    """The request for `call`; `account_id` is sent where the call takes it and the account has one."""
    account = caller.account
    given = {**(parameters or {})}
    if account.account_id is not None and "account_id" in call.parameters:
        given["account_id"] = account.account_id
    url = account.base_url.rstrip("/") + caller.paths.get(call.name, call.path)
    return Request(
        method=call.method,
        url=url,
        parameters=tuple((name, str(value)) for name, value in given.items()),
        what=f"{call.name} of account {account.name} ({url})",
        headers={
            "x-api-key": caller.key,
            "Accept": "application/json",
            "User-Agent": f"tlm-pipeline/{__version__}",
        },
    )


def page_parameters(call: Call, offset: int, limit: int) -> dict[str, str | int]:
    """`offset` and `limit`; nothing for the first page of a list that is documented as one bare array."""
    if call.paging is Paging.ARRAY and offset == 0:
        return {}
    return {"offset": offset, "limit": limit}
