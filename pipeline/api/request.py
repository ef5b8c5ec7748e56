"""Settings and a call of the contract -> a request. Pure: nothing is sent here."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline import __version__
from pipeline.api.contract import BY_NAME, Call, Paging
from pipeline.config import Account
from pipeline.errors import ConfigurationError

_CLIENT_HOST = "clientauth."
"""The hosts that ask for a client certificate have this before their name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an account, its key, and the paths by which its owner overrides the contract.

    `key` is None where a client certificate stands for it.
    """

    account: Account
    key: str | None = field(repr=False)
    paths: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The HTTP library would quote a key that cannot be a header value in its error message.
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and " " not in self.key):
            msg = (
                f"Account {self.account.name}: api_key holds a blank, a line break or a character that no header can "
                "carry; check what its env, file or command gives."
            )
            raise ConfigurationError(msg)
        for name, path in self.paths.items():
            if name not in BY_NAME:
                msg = f"contract.paths.{name} overrides no call; choose from: {', '.join(BY_NAME)}."
                raise ConfigurationError(msg)
            if not path.startswith("/") or path.startswith("//") or not path.isprintable():
                # "https://elsewhere/..." or "//elsewhere/..." would carry the key to another host.
                msg = f"contract.paths.{name} is {path!r}, which is no path; write a single / and printable text."
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
    url = service_url(account) + caller.paths.get(call.name, call.path)
    key = {} if caller.key is None else {"x-api-key": caller.key}
    return Request(
        method=call.method,
        url=url,
        parameters=tuple((name, str(value)) for name, value in given.items()),
        what=f"{call.name} of account {account.name} ({url})",
        headers={
            **key,
            "Accept": "application/json",
            "User-Agent": f"tlm-pipeline/{__version__}",
        },
    )


def service_url(account: Account) -> str:
    """Scheme and host of the service: base_url, on its `clientauth.` host where a client certificate is configured.

    A loopback or an IP address is taken as it is, and so is a host that has the prefix.
    """
    url = urlsplit(account.base_url)
    host = url.hostname or ""
    if account.client_certificate is None or host.startswith(_CLIENT_HOST) or host == "localhost" or _is_address(host):
        return url.geturl()
    return url._replace(netloc=_CLIENT_HOST + url.netloc).geturl()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def page_parameters(call: Call, offset: int, limit: int) -> dict[str, str | int]:
    """`offset` and `limit`; nothing for the first page of a list that is documented as one bare array."""
    if call.paging is Paging.ARRAY and offset == 0:
        return {}
    return {"offset": offset, "limit": limit}
