"""Settings and a call -> a request."""

from __future__ import annotations

import pytest

from pipeline import __version__
from pipeline.api.contract import BY_NAME
from pipeline.api.request import Caller, build_request, page_parameters
from pipeline.config import Account, ClientCertificate
from pipeline.errors import ConfigurationError

ACCOUNT = Account(name="prod", base_url="https://one.digicert.com/", account_id="1111")
CALLER = Caller(ACCOUNT, "secret-key")


def test_a_request_has_path_parameters_and_headers() -> None:
    """What is sent for a page of certificates."""
    call = BY_NAME["certificates"]
    request = build_request(CALLER, call, page_parameters(call, 200, 100))
    assert (request.method, request.url) == ("GET", "https://one.digicert.com/mpki/api/v1/certificate-search")
    assert dict(request.parameters) == {"offset": "200", "limit": "100", "account_id": "1111"}
    assert request.headers == {
        "x-api-key": "secret-key",
        "Accept": "application/json",
        "User-Agent": f"tlm-pipeline/{__version__}",
    }


def test_the_key_is_in_no_repr_and_no_label() -> None:
    """A request or a caller that is logged by accident does not show the key."""
    request = build_request(CALLER, BY_NAME["agents"])
    assert "secret-key" not in f"{request!r} {CALLER!r} {request.what}"


def test_the_owner_overrides_a_path() -> None:
    """[contract] paths wins over the shipped contract."""
    caller = Caller(ACCOUNT, "k", {"automation_inventory": "/mpki/api/v2/automation"})
    assert (
        build_request(caller, BY_NAME["automation_inventory"]).url == "https://one.digicert.com/mpki/api/v2/automation"
    )


@pytest.mark.parametrize("path", ["/mpki/\x07agent", "https://elsewhere.test/x", "//elsewhere.test/x", "mpki/x", ""])
def test_an_override_that_leaves_the_host_is_refused(path: str) -> None:
    """The key goes to the configured host only; what no URL can hold breaks the HTTP library."""
    with pytest.raises(ConfigurationError, match=r"contract\.paths\.agents"):
        Caller(ACCOUNT, "k", {"agents": path})


def test_an_override_of_an_unknown_call_is_refused() -> None:
    """A typing mistake in [contract] paths must not be silently without effect."""
    with pytest.raises(ConfigurationError, match=r"contract.paths.agent .*agents"):
        Caller(ACCOUNT, "k", {"agent": "/x"})


def test_a_bare_array_is_asked_for_without_paging() -> None:
    """Profiles are documented without offset and limit; only a further page carries them."""
    call = BY_NAME["profiles"]
    assert page_parameters(call, 0, 100) == {}
    assert page_parameters(call, 100, 100) == {"offset": 100, "limit": 100}


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "tab\t"])
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key: str) -> None:
    """The HTTP library would quote it in its own error."""
    with pytest.raises(ConfigurationError) as caught:
        Caller(ACCOUNT, key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        ("https://one.digicert.com", "https://clientauth.one.digicert.com"),
        ("https://demo.one.nl.digicert.com/", "https://clientauth.demo.one.nl.digicert.com"),
        ("https://tlm.example:8443", "https://clientauth.tlm.example:8443"),
        ("https://clientauth.one.digicert.com", "https://clientauth.one.digicert.com"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://192.0.2.7", "https://192.0.2.7"),
    ],
)
def test_a_client_certificate_is_shown_to_its_own_host(base_url: str, asked: str) -> None:
    """The vendor's hosts have `clientauth.` before their name for it; no key is sent."""
    account = Account(name="prod", base_url=base_url, client_certificate=ClientCertificate("client.p12"))
    request = build_request(Caller(account, None), BY_NAME["agents"])
    assert request.url == f"{asked}/mpki/api/v1/agent"
    assert "x-api-key" not in request.headers
