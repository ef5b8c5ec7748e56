"""The way to an account's service: who asks, whom we trust beside the system's CAs, and our own client certificate.

Files are read and tried here, before anything is sent; the HTTP library meets only an SSL context. Verification has no
switch. A PKCS#12 file is opened with `cryptography`, because Python's ssl takes PEM files only.
"""

from __future__ import annotations

import secrets
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.api.request import Caller
from pipeline.config import Account, ClientCertificate, Settings, read_private_file, read_secret
from pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Identity:
    """A client certificate with its chain, and its key under a password that lives as long as this object."""

    chain: bytes
    key: bytes = field(repr=False)
    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """How the service of `account` is reached; `ca_bundle` (PEM) adds to the CAs of the system.

    `uses_proxies`: by the environment (HTTPS_PROXY, NO_PROXY); never for plain http, whose headers a proxy would see.
    """

    account: str = ""
    uses_proxies: bool = True
    ca_bundle: Path | None = None
    identity: Identity | None = field(default=None, repr=False)

    @property
    def prefix(self) -> str:
        """The beginning of a line of the log."""
        return f"Account {self.account}: " if self.account else ""

    def add_to(self, context: ssl.SSLContext) -> None:
        """Let `context` trust and present what this line needs; ssl.SSLError where a file is wrong."""
        if self.ca_bundle is not None:
            context.load_verify_locations(cafile=self.ca_bundle)
        if self.identity is not None:
            # ssl reads keys from files only; what is on the disk for a moment is useless without the password.
            with tempfile.NamedTemporaryFile(prefix="tlm-", suffix=".pem") as file:
                file.write(self.identity.key + self.identity.chain)
                file.flush()
                context.load_cert_chain(file.name, password=self.identity.password)


DIRECT = Line()
"""To a service that the system trusts, in nobody's name."""


def open_line(settings: Settings, account: Account) -> tuple[Caller, Line]:
    """Who asks for `account`, and over which line; ConfigurationError where a secret or a file cannot be used."""
    folder, where = Path(settings.folder), f"accounts.{account.name}"
    key = identity = None
    if account.client_certificate is None:
        key = read_secret(account.api_key, f"{where}.api_key", folder)
    else:
        identity = _open_identity(account.client_certificate, f"{where}.client_certificate", folder)
    ca_bundle = None if account.ca_bundle is None else _try_bundle(folder / account.ca_bundle, f"{where}.ca_bundle")
    is_https = urlsplit(account.base_url).scheme == "https"
    line = Line(account.name, uses_proxies=is_https, ca_bundle=ca_bundle, identity=identity)
    return Caller(account, key, settings.contract.paths), line


def _try_bundle(path: Path, what: str) -> Path:
    """`path`, when it holds a certificate; a file without one would add nothing, silently."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        msg = f"{what}: {path} holds no certificate; name a PEM file with the certificates of CAs."
        raise ConfigurationError(msg) from None
    except OSError as error:
        msg = f"{what}: {path} cannot be read ({error.strerror or error}); check the path and its mode."
        raise ConfigurationError(msg) from None
    return path


def _open_identity(given: ClientCertificate, what: str, folder: Path) -> Identity:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 -- 60 ms that only mTLS pays
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415

    path = folder / given.file
    content = read_private_file(path, f"{what}.file")
    password = None
    if given.password is not None:
        password = read_secret(given.password, f"{what}.password", folder).encode()
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    except (ValueError, UnsupportedAlgorithm):
        msg = f"{what}: {path} cannot be opened as PKCS#12; check the file and its password."
        raise ConfigurationError(msg) from None
    if key is None or certificate is None:
        msg = f"{what}: {path} holds no key with its certificate; export both into the PKCS#12 file."
        raise ConfigurationError(msg)
    passing = secrets.token_bytes(32).hex().encode()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return Identity(
        chain=b"".join(one.public_bytes(pem) for one in (certificate, *others)),
        key=key.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(passing)),
        password=passing,
    )
