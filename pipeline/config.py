"""Settings: `tlm.toml`, then environment `TLM_*`, then flags; the nearest wins. Secrets only by reference.

Everything here is immutable. A wrong key, type or value is a ConfigurationError that names the key, the place and,
for a missing setting, every place that was looked at.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

from pipeline.errors import ConfigurationError
from pipeline.log import register_secret
from pipeline.toml_file import TomlFile, convert_error, read_toml

logger = logging.getLogger(__name__)

FILE_NAME = "tlm.toml"
RESOURCES = (
    "endpoints.automatable",
    "endpoints.unsecured",
    "endpoints.discovered",
    "automation_inventory",
    "audit_log",
    "certificates",
    "business_units",
    "profiles",
    "agents",
)
REQUIRED = RESOURCES[:3]
CALLS = (
    *RESOURCES,
    "certificate",
    "hello",
    "health",
    "openapi",
    "automation",
    "automation_bulk",
    "admin_web_request",
    "endpoint_delete",
    "business_unit_update",
    "certificate_tags",
    "certificate_renew",
    "certificate_revoke",
    "certificate_resume",
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")  # it is a folder name and the head of every key
_COMMAND_SECONDS = 30
_SETTING_PREFIXES = ("TLM_EXTRACT_", "TLM_PUBLISH_", "TLM_REPORT_")

PositiveInt = Annotated[int, msgspec.Meta(ge=1, le=36_500)]  # in days it is a century, which dates can hold
# A first run counts the events of 7 days in the metrics audit.*, so it has to read as many.
AuditDays = Annotated[int, msgspec.Meta(ge=7, le=36_500)]


class SecretReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret is: exactly one of `env` (a variable's name), `file` (a path), `command` (argv)."""

    env: str | None = None
    file: str | None = None
    command: tuple[str, ...] | None = None


class ClientCertificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate that stands for the API key: a PKCS#12 file and its password."""

    file: str
    password: SecretReference | None = None


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One TLM account: its name is in every row; `base_url` has scheme and host only, no slash at the end.

    With `client_certificate` no API key is read or sent. `ca_bundle` (a PEM file) adds to the CAs of the system.
    """

    name: str
    base_url: str
    api_key: SecretReference | None = None
    account_id: str | None = None
    client_certificate: ClientCertificate | None = None
    ca_bundle: str | None = None

    def __post_init__(self) -> None:
        # A slash at its end makes it no other service: a run is resumed and lists stand in by what this says.
        msgspec.structs.force_setattr(self, "base_url", self.base_url.rstrip("/"))


class Extract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the service is read; `audit_days` is the look-back of the first extraction.

    `budget_minutes` is the time for one account; what is not read by then is incomplete.
    """

    page_size: PositiveInt = 100
    requests_per_second: Annotated[float, msgspec.Meta(gt=0)] = 5
    concurrency: PositiveInt = 8
    budget_minutes: PositiveInt = 240
    audit_days: AuditDays = 90
    resources: tuple[str, ...] = RESOURCES
    required: tuple[str, ...] = REQUIRED


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the owner of the accounts knows better than the shipped contract.

    `paths` by call name; `accept_assumed` names the calls that are assumed, or whose body is, and that were verified.
    """

    accept_assumed: tuple[str, ...] = ()
    paths: dict[str, str] = {}


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mode (octal text) and group of the published database and the outputs; how many earlier databases are kept."""

    mode: str = "0640"
    group: str | None = None
    keep: Annotated[int, msgspec.Meta(ge=0)] = 3


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the report's head and foot say."""

    organisation: str = ""
    classification: str = "Internal"
    paper: str = "A4"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of one invocation; `folder` is where tlm.toml is, relative paths start there."""

    accounts: tuple[Account, ...]
    timezone: str = "UTC"
    data_dir: str = "data"
    output_dir: str = "out"
    extract: Extract = Extract()
    contract: Contract = Contract()
    publish: Publish = Publish()
    report: Report = Report()
    folder: str = "."

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return (Path(self.folder) / self.data_dir).resolve()

    @property
    def output(self) -> Path:
        """The output folder, absolute."""
        return (Path(self.folder) / self.output_dir).resolve()

    @property
    def database(self) -> Path:
        """The published warehouse."""
        return self.data / "tlm.duckdb"

    @property
    def zone(self) -> ZoneInfo:
        """The zone of weeks and report dates."""
        return ZoneInfo(self.timezone)


def read_settings(path: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Settings:
    """Settings from the file (default ./tlm.toml), the environment and flags (named e.g. "extract.page_size")."""
    place = path or Path(environ.get("TLM_CONFIG", FILE_NAME))
    try:
        file = read_toml(place)
    except FileNotFoundError:
        looked = f"--config, TLM_CONFIG, {FILE_NAME} in {Path.cwd()}"
        msg = f"No configuration at {place} (looked at: {looked}); run `tlm init` to write one."
        raise ConfigurationError(msg) from None
    table = file.table
    if "folder" in table:
        msg = f"{file.at('folder')}: unknown key `folder`; remove it (paths are relative to the folder of this file)."
        raise ConfigurationError(msg)
    variables = {dotted: name for name, dotted in _environment_names().items() if name in environ}
    given = {k: v for k, v in (flags or {}).items() if v is not None}
    for dotted, value in ({dotted: environ[name] for dotted, name in variables.items()} | given).items():
        *sections, key = dotted.split(".")
        target = table
        for section in sections:
            target = target.setdefault(section, {})
        if isinstance(target, dict):  # another type is refused below
            target[key] = value
    table["folder"] = str(place.resolve().parent)
    settings = _validated(table, _Places(file, {k: name for k, name in variables.items() if k not in given}))
    _check_environment(environ, settings)
    return settings


class _Places(NamedTuple):
    """Where the settings come from: the file, and the environment variables of those that it does not decide."""

    file: TomlFile
    variables: Mapping[str, str]

    def of(self, dotted: str) -> str:
        """What errors name as the place of a setting."""
        return (
            f"the environment variable {self.variables[dotted]}" if dotted in self.variables else self.file.at(dotted)
        )


def _environment_names() -> dict[str, str]:
    """The setting that a variable stands for, by the variable's name."""
    names = {"TLM_TIMEZONE": "timezone", "TLM_DATA_DIR": "data_dir", "TLM_OUTPUT_DIR": "output_dir"}
    for section, kind in (("extract", Extract), ("publish", Publish), ("report", Report)):
        for field in msgspec.structs.fields(kind):
            if field.name not in {"resources", "required"}:
                names[f"TLM_{section}_{field.name}".upper()] = f"{section}.{field.name}"
    return names


def _check_environment(environ: Mapping[str, str], settings: Settings) -> None:
    """Refuse variables that look like a setting and are none, unless an account has its secret there."""
    names = _environment_names()
    passwords = (one.client_certificate.password for one in settings.accounts if one.client_certificate is not None)
    references = (*(one.api_key for one in settings.accounts), *passwords)
    known = {*names, *(one.env for one in references if one is not None)}
    for name in sorted(name for name in environ if name.startswith(_SETTING_PREFIXES) and name not in known):
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {near[0]}?" if near else "unset it."
        msg = f"The environment variable {name} stands for no setting; {hint}"
        raise ConfigurationError(msg)


def _validated(table: dict[str, Any], places: _Places) -> Settings:
    if not table.get("accounts"):
        msg = f"{places.of('accounts')} names no account (looked for [[accounts]]); add one with `name` and `base_url`."
        raise ConfigurationError(msg)
    try:
        # Text from the environment may stand for a number; a number in TOML never stands for text.
        settings = msgspec.convert(table, Settings, strict=False)
        msgspec.convert(
            {k: v for k, v in table.items() if k in {"accounts", "contract"}}
            | {n: table[n] for n in ("timezone", "data_dir", "output_dir") if n in table},
            Settings,
        )
    except msgspec.ValidationError as error:
        dotted, says = convert_error(error, Settings)
        msg = f"{places.of(dotted)}: {says}"
        raise ConfigurationError(msg) from None
    _check_accounts(settings, places)
    try:
        ZoneInfo(settings.timezone)
    except (KeyError, ValueError, OSError):
        msg = (
            f'{places.of("timezone")}: timezone "{settings.timezone}" is not an IANA zone; write e.g. "Europe/Berlin".'
        )
        raise ConfigurationError(msg) from None
    for key in ("resources", "required"):
        unknown = sorted(set(getattr(settings.extract, key)) - set(RESOURCES))
        if unknown:
            where = places.of(f"extract.{key}")
            msg = f"{where}: extract.{key} names {unknown[0]!r}, which is none of: {', '.join(RESOURCES)}."
            raise ConfigurationError(msg)
    for key in ("accept_assumed", "paths"):
        unknown = sorted(set(getattr(settings.contract, key)) - set(CALLS))
        if unknown:
            where = places.of(f"contract.{key}")
            msg = f"{where}: contract.{key} names {unknown[0]!r}, which is no call; `tlm contract show` lists them."
            raise ConfigurationError(msg)
    if not re.fullmatch(r"0?[0-7]{3}", settings.publish.mode):
        where = places.of("publish.mode")
        msg = f'{where}: publish.mode "{settings.publish.mode}" is not an octal file mode; write e.g. "0640".'
        raise ConfigurationError(msg)
    if settings.report.paper not in {"A4", "Letter"}:
        msg = f'{places.of("report.paper")}: report.paper "{settings.report.paper}" is neither "A4" nor "Letter".'
        raise ConfigurationError(msg)
    return settings


def _check_accounts(settings: Settings, places: _Places) -> None:
    seen: set[str] = set()
    for number, account in enumerate(settings.accounts):
        key, fault = _find_fault(account, seen)
        if fault is not None:
            msg = f"{places.of(f'accounts[{number}].{key}')}: accounts[{number}].{key} {fault}"
            raise ConfigurationError(msg)
        seen.add(account.name)


def _find_fault(account: Account, seen: set[str]) -> tuple[str, str | None]:
    """The key of an account that is wrong, and what is wrong with it; None: nothing."""
    if not _ACCOUNT_NAME.fullmatch(account.name):
        return "name", f'"{account.name}" must be letters, digits, - or _ (it names a folder).'
    if account.name in seen:
        return "name", f'"{account.name}" stands twice; every account needs a name of its own.'
    fault = _find_fault_of_address(account)
    if fault is not None:
        return "base_url", fault
    if account.client_certificate is not None and urlsplit(account.base_url).scheme != "https":
        return "client_certificate", f'needs https, but base_url is "{account.base_url}"; change one of them.'
    return "", None


def _find_fault_of_address(account: Account) -> str | None:
    try:
        url = urlsplit(account.base_url)
        (url.hostname or "").encode("idna")
        _ = url.port  # raises when it is no number, or out of range
    except ValueError:  # not shown: what stands for the port may be a password
        return "is no address; it must be https://host or https://host:port."
    if url.username or url.password:  # not printed: they are secrets
        return "has a user or password in it; it must be scheme and host only, the key is api_key."
    plain_on_loopback = url.scheme == "http" and url.hostname in _LOOPBACK
    if not url.hostname or not (url.scheme == "https" or plain_on_loopback):
        return f'"{account.base_url}" must be https://host (http only on loopback).'
    if url.path.strip("/") or url.query or "#" in account.base_url:
        return f'"{account.base_url}" must be scheme and host only, without a path.'
    return None


def read_secret(reference: SecretReference | None, what: str, folder: Path) -> str:
    """The secret behind a reference, without its line end and masked from now on; `what` names its key in errors."""
    given = [n for n in ("env", "file", "command") if reference is not None and getattr(reference, n) is not None]
    if reference is None or len(given) != 1:
        msg = (
            f"{what} must be one of {{ env = ... }}, {{ file = ... }}, {{ command = [...] }}; found {given or 'none'}."
        )
        raise ConfigurationError(msg)
    if reference.env is not None:
        secret = os.environ.get(reference.env, "")
        source = f"the environment variable {reference.env}"
    elif reference.file is not None:
        source = str(folder / reference.file)
        secret = _as_text(read_private_file(folder / reference.file, what), source, what)
    else:
        command = reference.command or ("",)
        source = f"the command {command[0]}"
        secret = _run_secret_command(command, what, folder)
    secret = secret.strip("\r\n")
    if not secret:
        msg = f"{what} is empty: looked at {source}; set it and try again."
        raise ConfigurationError(msg)
    register_secret(secret)
    return secret


def read_private_file(path: Path, what: str) -> bytes:
    """The bytes of a file that holds a secret; `what` names its key in errors.

    ConfigurationError when others can write it, for they could put their own there; a warning when others can read it.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o022:
                msg = f"{what}: {path} can be written by others; run `chmod 600 {path}`."
                raise ConfigurationError(msg)
            if mode & 0o044:
                logger.warning("%s: %s can be read by others; run `chmod 600 %s`.", what, path, path)
            return file.read()
    except OSError as error:
        msg = f"{what}: {path} cannot be read ({error.strerror or error}); check the path and its mode."
        raise ConfigurationError(msg) from None


def _as_text(content: bytes, source: str, what: str) -> str:
    try:
        return content.decode("utf-8-sig")  # editors of Windows write a mark, which is no part of a key
    except UnicodeDecodeError:
        msg = f"{what}: {source} cannot be read (not text); check the path."
        raise ConfigurationError(msg) from None


def _run_secret_command(command: tuple[str, ...], what: str, folder: Path) -> str:
    """The first line that the command prints: password stores keep notes below the secret."""
    try:
        done = subprocess.run(  # noqa: S603 -- the owner's own command from the owner's own configuration
            command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True, cwd=folder
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        msg = f"{what}: the command {command[0]!r} gave no key ({type(error).__name__}); run it by hand to see why."
        raise ConfigurationError(msg) from None
    return done.stdout.partition("\n")[0]
