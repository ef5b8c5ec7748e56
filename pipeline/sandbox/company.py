"""The invented company: Tarnholm Group, a trading house in ten cities. All names and numbers are made up.

Shares are relative weights. `managed` is the share of the endpoints within reach that automation manages at the end of
the simulated weeks, `protected` the share with a certificate among those that have or lack one.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sandbox import authorities as ca
from pipeline.sandbox.authorities import Authority


@dataclass(frozen=True, slots=True)
class Unit:
    """A business unit; `zone` is its part of the domain name, `words` its services, `owners` its teams."""

    name: str
    zone: str
    share: float
    managed: float
    protected: float
    words: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """A city: its code in names, the second octet of its addresses, and its share."""

    code: str
    octet: int
    share: float


RETAIL = Unit(
    "Retail", "retail", 27.0, 0.91, 0.975,
    ("checkout", "basket", "catalogue", "search", "pos", "loyalty", "click-collect", "vouchers", "stock", "pricing"),
    ("store-platform", "web-shop", "point-of-sale"),
)  # fmt: skip
PAYMENTS = Unit(
    "Payments", "pay", 21.0, 0.92, 0.98,
    ("gateway", "acquirer", "acs", "tokens", "ledger", "settlement", "fraud", "3ds", "payouts"),
    ("payments-core", "fraud-desk"),
)  # fmt: skip
WHOLESALE = Unit(
    "Wholesale", "wholesale", 14.5, 0.80, 0.96,
    ("orders", "edi", "invoices", "api", "partners", "freight", "customs", "contracts"),
    ("b2b-integration", "logistics"),
)  # fmt: skip
INSURANCE = Unit(
    "Insurance", "ins", 11.5, 0.70, 0.955,
    ("claims", "quotes", "policies", "brokers", "actuary", "documents"),
    ("claims-platform", "broker-portal"),
)  # fmt: skip
CORPORATE = Unit(
    "Corporate IT", "corp", 15.0, 0.50, 0.895,
    ("intranet", "files", "mail", "vpn", "wiki", "hr", "tickets", "idp", "build", "git", "monitor", "print"),
    ("workplace", "network", "identity"),
)  # fmt: skip
ASIA_PACIFIC = Unit(
    "Asia-Pacific", "apac", 12.0, 0.50, 0.90,
    ("shop", "orders", "warehouse", "catalogue", "portal", "api", "delivery"),
    ("apac-platform", "apac-network"),
)  # fmt: skip
JAPAN = Unit(
    "Japan", "jp", 5.0, 0.58, 0.91,
    ("mise", "kaimono", "orders", "portal", "soko", "members"),
    ("jp-platform",),
)  # fmt: skip
PAYMENTS_APAC = Unit(
    "Payments", "pay-apac", 4.0, 0.85, 0.96, ("gateway", "acquirer", "tokens", "settlement"), ("payments-core",)
)

HEAD_OFFICE_UNITS = (RETAIL, PAYMENTS, WHOLESALE, INSURANCE, CORPORATE)
BRANCH_UNITS = (ASIA_PACIFIC, JAPAN, PAYMENTS_APAC)
HEAD_OFFICE_SITES = (
    Site("rtm", 10, 30), Site("ham", 20, 24), Site("dub", 30, 16), Site("mil", 40, 12),
    Site("waw", 50, 10), Site("nyc", 60, 8),
)  # fmt: skip
BRANCH_SITES = (Site("sin", 110, 40), Site("tyo", 120, 25), Site("syd", 130, 20), Site("osa", 140, 15))


@dataclass(frozen=True, slots=True)
class Platform:
    """A kind of server. `application` is empty for a box that does not say what it runs.

    `reach`: how automation gets there (agent, connector or not at all). `machines`: (os_name, os_version) to draw from.
    """

    application: str
    versions: tuple[str, ...]
    machines: tuple[tuple[str, str], ...]
    ports: tuple[int, ...]
    reach: str
    share: float
    authorities: tuple[tuple[Authority, float], ...]


_LINUX = (
    ("linux", "RHEL 9.4"), ("linux", "Debian 12"), ("linux", "Ubuntu 22.04"), ("linux", "SLES 15"),
    ("linux", "RHEL 7.9"),
)  # fmt: skip
_WINDOWS = (
    ("windows server", "2022"), ("windows server", "2019"), ("windows server", "2016"), ("windows server", "2012 R2"),
)  # fmt: skip
_TMOS = (("tmos", "17.1"), ("tmos", "16.1"))
_SILENT = (("", ""),)
_WEB = (
    (ca.DIGICERT_G2, 40.0), (ca.DIGICERT_G3, 6.0), (ca.GEOTRUST, 5.0), (ca.SECTIGO_OV, 8.0), (ca.SECTIGO_DV, 3.0),
    (ca.LETS_ENCRYPT_R, 6.0), (ca.LETS_ENCRYPT_E, 4.0), (ca.GLOBALSIGN, 3.0), (ca.GODADDY, 1.0), (ca.ADCS_SHORT, 14.0),
    (ca.DIGICERT_PRIVATE, 5.0), (ca.ADCS, 5.0),
)  # fmt: skip
_EDGE = (
    (ca.DIGICERT_EV, 14.0),
    (ca.DIGICERT_G2, 52.0),
    (ca.SECTIGO_OV, 14.0),
    (ca.GLOBALSIGN, 5.0),
    (ca.ADCS_SHORT, 15.0),
)
_INSIDE = ((ca.ADCS, 46.0), (ca.ADCS_SHORT, 30.0), (ca.DIGICERT_PRIVATE, 14.0), (ca.LEGACY, 4.0), (ca.DIGICERT_G2, 6.0))
_BOXES = ((ca.SELF_SIGNED, 62.0), (ca.ADCS, 26.0), (ca.LEGACY, 12.0))
_AWS = ((ca.AMAZON, 70.0), (ca.DIGICERT_G2, 26.0), (ca.GOOGLE, 4.0))
_AZURE = ((ca.DIGICERT_G2, 66.0), (ca.DIGICERT_PRIVATE, 34.0))
_CLUSTER = ((ca.VAULT, 34.0), (ca.DIGICERT_G2, 36.0), (ca.LETS_ENCRYPT_R, 20.0), (ca.ADCS_SHORT, 10.0))
_MAIL = ((ca.DIGICERT_G2, 80.0), (ca.SECTIGO_OV, 20.0))
_DIRECTORY = ((ca.ADCS, 92.0), (ca.LEGACY, 8.0))
_FIREWALL = ((ca.SECTIGO_OV, 60.0), (ca.ADCS, 40.0))

PLATFORMS = (
    Platform("nginx", ("1.26", "1.24", "1.22"), _LINUX, (443, 8443), "agent", 24, _WEB),
    Platform("Apache", ("2.4.62", "2.4.57", "2.4.37"), _LINUX, (443, 8443), "agent", 12, _WEB),
    Platform("IIS", ("10.0", "8.5"), _WINDOWS, (443, 8443), "agent", 15, _WEB),
    Platform("Tomcat", ("10.1", "9.0"), _LINUX, (8443, 443), "agent", 7, _INSIDE),
    Platform("F5 BIG-IP", ("17.1", "16.1"), _TMOS, (443,), "connector", 11, _EDGE),
    Platform("Citrix ADC", ("14.1", "13.1"), (("netscaler", "14.1"),), (443,), "connector", 5, _EDGE),
    Platform("AWS ELB", ("",), _SILENT, (443,), "connector", 5, _AWS),
    Platform("Azure Key Vault", ("",), _SILENT, (443,), "connector", 3, _AZURE),
    Platform("Kubernetes ingress", ("1.11", "1.10"), (("linux", "Flatcar 3975"),), (443,), "connector", 7, _CLUSTER),
    Platform("HashiCorp Vault", ("1.17",), _LINUX[:1], (8200,), "connector", 1.5, ((ca.VAULT, 100.0),)),
    Platform("Exchange", ("2019",), _WINDOWS[:2], (443, 587), "agent", 1, _MAIL),
    Platform("Active Directory", ("",), _WINDOWS, (636, 3269), "agent", 3, _DIRECTORY),
    Platform("PostgreSQL", ("16", "14"), _LINUX, (5432,), "agent", 1.5, _INSIDE),
    Platform("Cisco ASA", ("9.18",), (("asa", "9.18"),), (443,), "none", 1.2, _FIREWALL),
    Platform("", ("",), _SILENT, (443, 8443, 9443), "none", 2.8, _BOXES),
)

DISCOVERY_ERRORS = (
    "Connection timed out after 10 s", "Connection refused", "TLS handshake failure: protocol_version",
    "TLS handshake failure: unrecognized_name", "No route to host", "Connector answered 401: credentials expired",
    "Connection reset by peer", "Agent did not answer within 60 s",
)  # fmt: skip

PEOPLE = (
    "Greta Lindqvist", "Ayo Bankole", "Marta Kowalczyk", "Jonas Reinders", "Aoife Brennan", "Luca Ferrari",
    "Priya Raman", "佐藤 陽子",
)  # fmt: skip
SERVICE_USERS = ("svc-automation", "svc-tlm-report", "svc-servicenow")

LONG_NAME = "a-name-that-never-ends." * 13 + "x"
HOSTILE_NAMES = (
    "=cmd|' /C calc'!A0", "+SUM(1+1)*cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "@SUM(A1:A9)", "\t=1+1",
    "<script>alert('tlm')</script>", "<img src=x onerror=alert(1)>", "\"quoted\", 'and' `ticked`",
    "O'Brien; DROP TABLE hosts;--", "shop-\U0001f6d2\U0001f389.retail.tarnholm.example", "متجر.tarnholm.example",
    "\u202egnp.elpmaxe", "店舗管理サーバー.jp.tarnholm.example", "Grüße-Straße.tarnholm.example",
    "line\nbreak.tarnholm.example", "comma,semicolon;tab\t.example", "null", "1234567e890", "{{ 7 * 7 }}",
    "../../etc/passwd", LONG_NAME,
)  # fmt: skip
"""Names that break spreadsheets, web pages, terminals and type settings; each stands once in a large enough estate."""
