"""TLS on loopback: whom we trust, what we show, what a proxy gets to see; no switch lets a stranger in."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
import stamina
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from pipeline.api.client import Client, Tally
from pipeline.api.contract import BY_NAME
from pipeline.api.line import Identity, Line, open_line
from pipeline.api.reply import read_page
from pipeline.api.request import build_request
from pipeline.config import Account, ClientCertificate, SecretReference, Settings
from pipeline.errors import ConfigurationError, NotTrusted, ProxyRefused, RequestRejected, ServiceUnavailable, TlmError
from pipeline.exits import Exit, code_for
from pipeline.extract.run import extract_run

from .conftest import KEY, NOW, Asked, Raw, Serve, Tlm

PASSWORD = "canary-p12-password"
PEM = serialization.Encoding.PEM


@dataclass
class Authority:
    """A CA with files of what it issued."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = self._sign("Test CA", self.key.public_key(), [], is_ca=True)
        self.bundle = self.folder / "ca.pem"
        # Bundles carry comments in any language.
        self.bundle.write_bytes("# Prüfstelle\n".encode() + self.certificate.public_bytes(PEM))

    def _sign(
        self,
        name: str,
        key: ec.EllipticCurvePublicKey,
        names: list[x509.GeneralName],
        *,
        is_ca: bool = False,
        days: int = 1,
    ) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        today = datetime.now(UTC)
        return (
            x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
            .not_valid_before(today - timedelta(days=9))
            .not_valid_after(today + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def server_context(
        self, *, host: str = "localhost", asks_for_certificate: bool = False, days: int = 1
    ) -> ssl.SSLContext:
        """A server's side: for `host`, and for 127.0.0.1 where that is localhost; its certificate ends in `days`."""
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / "server.pem"
        plain = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path.write_bytes(plain + self._sign(host, key.public_key(), names, days=days).public_bytes(PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        if asks_for_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.bundle)
        return context

    def client_file(self, password: str | None = PASSWORD, days: int = 1) -> Path:
        """A PKCS#12 file as an administrator gets it; its certificate ends in `days`."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign("svc-reporting", key.public_key(), [], days=days)
        kept = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        path = self.folder / "client.p12"
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"svc", key, certificate, [self.certificate], kept))
        path.chmod(0o600)
        return path


def only_a_key() -> bytes:
    """A PKCS#12 file without a certificate."""
    key, kept = ec.generate_private_key(ec.SECP256R1()), serialization.BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"x", key, None, None, kept)


@dataclass
class Proxy:
    """A proxy that knows CONNECT; `seen` is what came in clear. It cuts off so many tunnels when they are open.

    Another `status` than 200 opens none.
    """

    cuts: int = 0
    status: bytes = b"200 Connection established"
    seen: list[bytes] = field(default_factory=list)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One tunnel."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.seen.append(head)
        writer.write(b"HTTP/1.1 " + self.status + b"\r\n\r\n")
        if len(self.seen) <= self.cuts or not self.status.startswith(b"200 "):
            writer.close()
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        inward, outward = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(self._pump(reader, outward), self._pump(inward, writer))
        finally:
            outward.close()
            await outward.wait_closed()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def two_attempts_without_a_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("TLM_KEY", KEY)
    monkeypatch.setenv("TLM_P12_PASSWORD", PASSWORD)
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


def ask(account: Account, folder: Path, tally: Tally | None = None) -> int:
    """Ask for the agents of `account`, set up as a run does; how many came."""
    tally = tally or Tally()
    settings = Settings(accounts=(account,), folder=str(folder))

    async def fetch() -> int:
        caller, line = open_line(settings, account)
        async with Client(requests_per_second=1000, concurrency=1, clock=lambda: NOW, line=line) as opened:
            request = build_request(caller, BY_NAME["agents"])
            return len((await opened.fetch(request, read_page, tally)).items)

    return asyncio.run(fetch())


def with_key(base_url: str, **more: str) -> Account:
    return Account(name="prod", base_url=base_url, api_key=SecretReference(env="TLM_KEY"), **more)


def with_certificate(base_url: str, **more: str) -> Account:
    own = ClientCertificate("client.p12", SecretReference(env="TLM_P12_PASSWORD"))
    return Account(name="prod", base_url=base_url, client_certificate=own, **more)


class OpenTlm(Tlm):
    """Takes a certificate for a key."""

    def answer(self, asked: Asked) -> Raw:
        """Two agents, whatever is asked for."""
        assert asked.path.endswith("/agent")
        return 200, {}, b'{"items":[{"id":"a"},{"id":"b"}],"total":2,"offset":0,"limit":20}'


@pytest.mark.parametrize("is_proxied", [False, True])
def test_a_stranger_is_not_trusted(
    serve: Serve, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_proxied: bool
) -> None:
    """Not even on loopback: no request, no key, no second attempt, and the sentence says what to set."""
    tlm, proxy, tally = OpenTlm(), Proxy(), Tally()
    port = serve(tlm.talk, authority.server_context())
    if is_proxied:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    with pytest.raises(NotTrusted, match=rf"^127.0.0.1:{port} is not trusted \(.*\); if .* name that in ca_bundle\.$"):
        ask(with_key(f"https://127.0.0.1:{port}"), tmp_path, tally)
    assert (tlm.asked, tally.requests, len(proxy.seen)) == ([], 1, int(is_proxied))


def test_a_certificate_that_has_ended_is_not_trusted(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    """No other CA would help: the sentence says what would."""
    tally = Tally()
    port = serve(OpenTlm().talk, authority.server_context(days=-1))
    with pytest.raises(
        NotTrusted, match=r"is not trusted \(certificate has expired\); renew it .*clock of this computer"
    ):
        ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path, tally)
    assert tally.requests == 1


def test_ca_bundle_adds_to_the_trust(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    """A CA of the company's own, named relative to tlm.toml."""
    tlm = OpenTlm()
    port = serve(tlm.talk, authority.server_context())
    assert ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path) == 2
    assert tlm.asked[0].headers["x-api-key"] == KEY


@pytest.mark.usefixtures("authority")
def test_the_systems_authorities_stay_trusted(tmp_path: Path) -> None:
    """The bundle takes nothing away: with both, the context knows more than with either."""
    account = with_key("https://one.digicert.com", ca_bundle="ca.pem")
    _, line = open_line(Settings(accounts=(account,), folder=str(tmp_path)), account)
    context = httpx2.create_ssl_context()
    before = context.cert_store_stats()["x509_ca"]
    line.add_to(context)
    assert context.cert_store_stats()["x509_ca"] == before + 1
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_name_in_the_certificate_must_be_the_hosts(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    """A trusted CA is not enough."""
    tlm, tally = OpenTlm(), Tally()
    port = serve(tlm.talk, authority.server_context(host="other.example"))
    with pytest.raises(NotTrusted, match=r"is not trusted \(IP address mismatch.*'\); let base_url name the host"):
        ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path, tally)
    assert (tlm.asked, tally.requests) == ([], 1)


def test_a_client_certificate_stands_for_the_key(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    """A server that takes nobody without one gets it, and no key."""
    authority.client_file()
    tlm = OpenTlm()
    port = serve(tlm.talk, authority.server_context(asks_for_certificate=True))
    assert ask(with_certificate(f"https://localhost:{port}", ca_bundle="ca.pem"), tmp_path) == 2
    assert "x-api-key" not in tlm.asked[0].headers
    with pytest.raises(ServiceUnavailable, match="agents of account prod"):
        ask(with_key(f"https://localhost:{port}", ca_bundle="ca.pem"), tmp_path)
    assert len(tlm.asked) == 1


def test_a_client_certificate_that_has_ended_is_told_as_such(authority: Authority, tmp_path: Path) -> None:
    """The service says so in the middle of TLS 1.3, where it is no reply and no error of HTTP; once is enough."""
    authority.client_file(days=-1)
    context, tally = authority.server_context(asks_for_certificate=True), Tally()

    def refuse_one() -> None:
        plain, _ = listening.accept()  # not by asyncio, which would not send the alert
        with context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as tls:
            with suppress(ssl.SSLError):
                tls.do_handshake()
            while os.read(tls.fileno(), 65536):  # to the end: closed with bytes unread, the alert may be lost
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=refuse_one, daemon=True)
        server.start()
        account = with_certificate(f"https://127.0.0.1:{listening.getsockname()[1]}", ca_bundle="ca.pem")
        with pytest.raises(NotTrusted, match=r"_EXPIRED\); check client_certificate, its end date and its issuer\.$"):
            ask(account, tmp_path, tally)
        server.join(5)
    assert tally.requests == 1


def test_a_key_beside_the_certificate_is_not_even_read(serve: Serve, authority: Authority, tmp_path: Path) -> None:
    """Both in tlm.toml: the certificate wins."""
    authority.client_file()
    tlm = OpenTlm()
    port = serve(tlm.talk, authority.server_context(asks_for_certificate=True))
    own = ClientCertificate("client.p12", SecretReference(env="TLM_P12_PASSWORD"))
    missing = SecretReference(env="NOT_SET_ANYWHERE")
    account = Account("prod", f"https://127.0.0.1:{port}", missing, client_certificate=own, ca_bundle="ca.pem")
    assert ask(account, tmp_path) == 2


def test_a_certificate_file_needs_no_password_when_it_has_none(authority: Authority, tmp_path: Path) -> None:
    """Some tools write it so."""
    authority.client_file(password=None)
    account = Account("prod", "https://one.digicert.com", client_certificate=ClientCertificate("client.p12"))
    caller, line = open_line(Settings(accounts=(account,), folder=str(tmp_path)), account)
    line.add_to(ssl.create_default_context())
    assert caller.key is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), r"client_certificate\.file: .*client.p12 cannot be read \(No such file"),
        (lambda path: path.write_bytes(b"no"), r"client_certificate: .*client.p12 cannot be opened as PKCS#12"),
        (lambda path: path.chmod(0o660), r"client_certificate\.file: .*can be written by others"),
        (lambda path: path.write_bytes(only_a_key()), "client_certificate: .*holds no key with its certificate"),
    ],
)
def test_a_certificate_file_that_cannot_be_used_is_named(
    authority: Authority, tmp_path: Path, spoil: Callable[[Path], object], words: str
) -> None:
    """Missing, damaged, writable by others, or without a certificate: the setting, the file, what to do."""
    spoil(authority.client_file())
    with pytest.raises(ConfigurationError, match=r"accounts\.prod\." + words):
        ask(with_certificate("https://127.0.0.1:9"), tmp_path)


def test_a_wrong_password_is_told_without_it(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the file; the password is nowhere in it."""
    authority.client_file()
    monkeypatch.setenv("TLM_P12_PASSWORD", "canary-wrong-password")
    with pytest.raises(ConfigurationError, match="check the file and its password") as caught:
        ask(with_certificate("https://127.0.0.1:9"), tmp_path)
    assert "canary" not in f"{caught.value} {caught.value.__context__!r}".replace(str(tmp_path), "")


def test_the_key_of_the_certificate_is_on_no_disk_in_clear(authority: Authority, tmp_path: Path) -> None:
    """What ssl reads from a file is encrypted, with a password that no file has; and the object does not show it."""
    authority.client_file()
    account = with_certificate("https://one.digicert.com")
    _, line = open_line(Settings(accounts=(account,), folder=str(tmp_path)), account)
    assert line.identity is not None
    assert line.identity.key.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert line.identity.password.decode() not in f"{line!r} {line.identity!r}"
    stolen = Line("x", identity=Identity(line.identity.chain, line.identity.key, b"guess"))
    with pytest.raises(ssl.SSLError):
        stolen.add_to(ssl.create_default_context())


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"", "no certificate"), (b"hello", "no certificate")]
)
def test_a_bundle_without_a_certificate_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """It would add nothing, and its owner would not know why."""
    if content is not None:
        (tmp_path / "ca.pem").write_bytes(content)
    with pytest.raises(ConfigurationError, match=rf"accounts\.prod\.ca_bundle: .*ca\.pem .*{words}"):
        ask(with_key("https://127.0.0.1:9", ca_bundle="ca.pem"), tmp_path)


def test_a_proxy_of_the_environment_gets_a_tunnel_and_no_key(
    serve: Serve, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONNECT and bytes that it cannot read."""
    tlm, proxy = OpenTlm(), Proxy()
    port = serve(tlm.talk, authority.server_context())
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    assert ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path) == 2
    assert [head.split()[:2] for head in proxy.seen] == [[b"CONNECT", f"127.0.0.1:{port}".encode()]]
    assert KEY.encode() not in b"".join(proxy.seen)
    assert tlm.asked[0].headers["x-api-key"] == KEY


def test_a_tunnel_cut_off_while_tls_begins_is_opened_anew(
    serve: Serve, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody refused anything; the library would wait for the dead tunnel to come free."""
    tlm, proxy, tally = OpenTlm(), Proxy(cuts=1), Tally()
    port = serve(tlm.talk, authority.server_context())
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    assert ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path, tally) == 2
    assert (len(proxy.seen), tally.requests, tally.retries) == (2, 2, 1)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (
            b"407 Authenticate canary",
            r"wants a user and a password that it knows \(407\); set HTTPS_PROXY to http://USER",
        ),
        (
            b"403 Forbidden canary",
            r"does not let tlm through to one\.example \(403\); have who runs it allow that host",
        ),
        (b"302 canary", r"does not let tlm through to one\.example \(302\); have who runs it allow that host"),
        (b"451 canary", r"does not let tlm through to one\.example \(451\); have who runs it allow that host"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_asked_once(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: bytes, says: str
) -> None:
    """Only a person can change that; named without its user and password, and without its words."""
    proxy, tally = Proxy(status=status), Tally()
    place = f"127.0.0.1:{serve(proxy.talk, None)}"
    monkeypatch.setenv(
        "HTTPS_PROXY" if says.startswith("wants") else "all_proxy", f"http://ann:canary-password@{place}/"
    )
    with pytest.raises(ProxyRefused, match=rf"^The proxy {place} {says}.* NO_PROXY .*\.$") as caught:
        ask(with_key("https://one.example"), tmp_path, tally)
    assert "canary" not in str(caught.value)
    assert (len(proxy.seen), tally.requests) == (1, 1)
    assert code_for(caught.value) is Exit.INCOMPLETE


@pytest.mark.parametrize("status", [b"503 Service Unavailable", b"429 Too Many Requests"])
def test_a_proxy_that_is_overloaded_is_asked_again(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: bytes
) -> None:
    """That passes by itself, as the service's own does."""
    proxy = Proxy(status=status)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    with pytest.raises(
        ServiceUnavailable, match=rf"one\.example cannot be reached \({status[:4].decode()}.*given up after 2 attempts"
    ):
        ask(with_key("https://one.example"), tmp_path)
    assert len(proxy.seen) == 2


def test_no_proxy_is_heard(serve: Serve, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host that it names is reached directly."""
    tlm, proxy = OpenTlm(), Proxy()
    port = serve(tlm.talk, authority.server_context())
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path) == 2
    assert proxy.seen == []


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("ALL_PROXY", "socks5://u:canary-pass@127.0.0.1:9", "names a SOCKS proxy, which tlm cannot use"),
        ("https_proxy", "socks://127.0.0.1:9", "names a SOCKS proxy, which tlm cannot use"),
        ("HTTPS_PROXY", "http://u:canary-pass/x@127.0.0.1:9", "names no proxy that can be understood"),
        ("HTTPS_PROXY", "127.0.0.1:99999", "names no proxy that can be understood"),
        ("http_proxy", "::::", "names no proxy that can be understood"),
        ("all_proxy", "foo://canary-pass", "names no proxy that can be understood"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    """Before anything is sent or written, and without a word of its value: a password may be in it."""
    monkeypatch.setenv(variable, value)
    settings = Settings(accounts=(with_key("https://127.0.0.1:9"),), folder=str(tmp_path))
    with pytest.raises(
        ConfigurationError, match=rf"^The environment variable {variable} {says}; set .* or unset it\.$"
    ) as it:
        asyncio.run(extract_run(settings, clock=lambda: NOW, on_page=lambda *_progress: None))
    assert "canary-pass" not in str(it.value)
    assert not settings.data.exists()
    monkeypatch.setenv("NO_PROXY", "*")
    assert Client(requests_per_second=1, concurrency=1, clock=lambda: NOW, line=Line("prod")).has_answered is False


def test_plain_http_goes_through_no_proxy(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would read the key; plain http is for loopback, where no proxy is needed."""
    tlm, proxy = OpenTlm(), Proxy()
    port = serve(tlm.talk, None)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{serve(proxy.talk, None)}")
    assert ask(with_key(f"http://127.0.0.1:{port}"), tmp_path) == 2
    assert proxy.seen == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_key_nowhere(serve: Serve, authority: Authority, tmp_path: Path, status: int) -> None:
    """Neither to another host nor to another path of the same one."""
    tlm, other = Tlm(), OpenTlm()
    other_port = serve(other.talk, None)
    tlm.instead = lambda _asked, _number: (status, {"location": f"http://127.0.0.1:{other_port}/x?k={KEY}"}, b"")
    port = serve(tlm.talk, authority.server_context())
    with pytest.raises(TlmError, match=f"{status}, a redirect to") as caught:
        ask(with_key(f"https://127.0.0.1:{port}", ca_bundle="ca.pem"), tmp_path)
    assert isinstance(caught.value, RequestRejected)
    assert KEY not in str(caught.value)
    assert (len(tlm.asked), other.asked) == (1, [])
