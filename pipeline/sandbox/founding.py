"""How deployments and endpoints come into being: names, addresses, platforms, keys, blemishes."""

from __future__ import annotations

from collections import Counter

from pipeline.sandbox.authorities import ADCS, ADCS_APAC, LEGACY, SELF_SIGNED, Authority
from pipeline.sandbox.certificates import Subject
from pipeline.sandbox.chance import Dice
from pipeline.sandbox.company import DISCOVERY_ERRORS, HOSTILE_NAMES, PLATFORMS, Platform, Site, Unit
from pipeline.sandbox.estate import Branch, Deployment, Endpoint, Protection, Renewal
from pipeline.sandbox.issuing import ACME_AUTHORITIES

SCAN_GROUPS = 400
_DOMAIN = "tarnholm.example"
_CLUSTER_SIZES = ((1, 82.0), (2, 11.0), (3, 3.0), (4, 2.0), (6, 1.3), (8, 0.7))
_WILDCARD_SHARE = 0.003
_PLATFORM_WEIGHTS = [platform.share for platform in PLATFORMS]
_KEYS = ((("RSA", 2048), 70.0), (("RSA", 3072), 4.0), (("RSA", 4096), 10.0), (("EC", 256), 14.0), (("EC", 384), 2.0))
_RARE_TAGS: tuple[tuple[tuple[str, ...], float], ...] = (
    ((), 985.0), (("pci",), 10.0), (('=HYPERLINK("http://evil.example")',), 2.0), (("a;b,c",), 2.0), (("重要",), 1.0),
)  # fmt: skip
_EC_KEYS = ((("EC", 256), 88.0), (("EC", 384), 12.0))
_AVAILABLE = (("CONFIGURED", 58.0), ("NOT_CONFIGURED", 40.0), ("", 2.0))
_MANAGED = (
    ("AUTO_RENEW_SCHEDULED", 900.0), ("CERTIFICATE_DELIVERED", 26.0), ("SUCCESSFULLY_RENEWED", 18.0),
    ("SUCCESFULLY_RENEWED", 4.0), ("AUTOMATION_SCHEDULED", 13.0), ("AUTOMATION_REQUESTED", 5.0),
    ("APPROVAL_PENDING", 6.0), ("ACCOUNT_CREATED", 4.0), ("Auto renew scheduled", 3.0), ("AUTOMATION_PAUSED", 1.0),
)  # fmt: skip
FAILURES = (
    ("ACTION_REQUIRED", 26.0, "Action required: the profile needs a domain validation"),
    ("AUTOMATION_AT_RISK", 18.0, "Automation at risk: the agent has not reported for 48 hours"),
    ("AUTOMATION_FAILED", 22.0, "Automation failed: the authority did not answer"),
    ("AGENT_ERROR", 14.0, "Agent error: the key store is not writable"),
    ("INSTALL_FAILED", 8.0, "Installation failed: the virtual server is locked by a change"),
    ("INSTALL_VALIDATION_FAILED", 4.0, "Installation could not be validated"),
    ("APPROVAL_DENIED", 3.0, "Approval denied"),
    ("AUTOMATION_PROFILE_BLOCKED", 3.0, "Automation profile blocked"),
    ("ACCOUNT_CREATION_FAILED", 1.0, "Account creation failed"),
    ("ERROR", 1.0, "Unknown error"),
)
_RATINGS = (("VERY_SECURE", 36.0), ("SECURE", 45.0), ("AT_RISK", 6.0), ("NOT_RATED", 12.9), ("UNDER_REVIEW", 0.1))


class Founder:
    """Makes deployments with their endpoints; certificates come later.

    `lag`: by how much automation and protection are behind the final shares of a unit, as (automation, protection).
    """

    def __init__(self, dice: Dice, branches: tuple[Branch, ...], hostile: int) -> None:
        self._dice = dice
        self._branches = branches
        self._names: Counter[str] = Counter()
        self._addresses: Counter[int] = Counter()
        self._hostile = list(reversed(HOSTILE_NAMES[:hostile]))
        self.lag = (0.0, 0.0)

    def found(self, branch: Branch, most: int) -> Deployment:
        """A deployment of one account with at most so many endpoints."""
        dice = self._dice
        unit = dice.choices(branch.units, [unit.share for unit in branch.units])[0]
        platform = dice.choices(PLATFORMS, _PLATFORM_WEIGHTS)[0]
        is_wildcard = most > 12 and platform.reach != "none" and dice.happens(_WILDCARD_SHARE)
        size = dice.randrange(8, 41) if is_wildcard else dice.pick(_CLUSTER_SIZES)
        if platform.reach == "none":
            size = 1
        protection = self._draw_protection(unit) if size == 1 else Protection.CERTIFICATE
        deployment = self._make_deployment(branch, unit, platform, is_wildcard)
        for _ in range(min(size, most)):
            self.add_endpoint(branch, deployment, protection)
        return deployment

    def _draw_protection(self, unit: Unit) -> Protection:
        if self._dice.happens(0.031):
            return Protection.ERROR
        # Only single endpoints lack a certificate, and they are about half of all: hence the factor.
        if self._dice.happens((1 - unit.protected + self.lag[1]) * 2.1):
            return Protection.NONE if self._dice.happens(0.75) else Protection.UNSPECIFIED
        return Protection.CERTIFICATE

    def _make_deployment(self, branch: Branch, unit: Unit, platform: Platform, is_wildcard: bool) -> Deployment:
        dice = self._dice
        authority = dice.pick(platform.authorities)
        if authority is ADCS and branch is not self._branches[0] and dice.happens(0.5):
            authority = ADCS_APAC
        key, algorithm = self._draw_key(authority)
        owner = dice.choice(unit.owners) if dice.happens(0.72) else ""
        stage = dice.pick((("prod", 74.0), ("stage", 16.0), ("test", 10.0)))
        return Deployment(
            subject=self._name(unit, is_wildcard, authority),
            authority=authority,
            key=key,
            algorithm=algorithm,
            unit=unit,
            platform=platform,
            renewal=self._draw_renewal(unit, platform, authority),
            tags=(f"env:{stage}", *([f"owner:{owner}"] if owner else []), *dice.pick(_RARE_TAGS)),
            owner=owner,
            is_unit_known=dice.happens(0.983),
            is_over_long=authority.is_public and authority not in ACME_AUTHORITIES and dice.happens(0.004),
            also_client=dice.happens(0.3 if authority.is_public else 0.6),
        )

    def _draw_renewal(self, unit: Unit, platform: Platform, authority: Authority) -> Renewal:
        if authority in ACME_AUTHORITIES:
            return Renewal.ACME
        if platform.reach != "none" and authority is not SELF_SIGNED and self._dice.happens(unit.managed - self.lag[0]):
            return Renewal.MANAGED
        if authority in (SELF_SIGNED, LEGACY) and self._dice.happens(0.12):
            return Renewal.NEVER
        return Renewal.HAND

    def _draw_key(self, authority: Authority) -> tuple[tuple[str, int], str]:
        """Key type with size, and the signature's algorithm; old ones only where nobody else looks."""
        dice = self._dice
        if authority is SELF_SIGNED:
            size = 1024 if dice.happens(0.12) else 2048
            return ("RSA", size), dice.pick((("sha256WithRSA", 88.0), ("sha1WithRSA", 12.0)))
        if authority is LEGACY:
            size = dice.pick(((1024, 14.0), (2048, 86.0)))
            return ("RSA", size), dice.pick((("sha256WithRSA", 62.0), ("sha1WithRSA", 36.0), ("md5WithRSA", 2.0)))
        return dice.pick(_EC_KEYS if authority.algorithm.startswith("ecdsa") else _KEYS), authority.algorithm

    def _name(self, unit: Unit, is_wildcard: bool, authority: Authority) -> Subject:
        word = self._dice.choice(unit.words)
        label = f"{word}{self._count(f'{word}.{unit.zone}')}.{unit.zone}.{_DOMAIN}"
        sans: tuple[str, ...] = (f"*.{label}", label) if is_wildcard else (label,)
        if not is_wildcard and self._dice.happens(0.18):
            sans += (f"www.{label}",)
        common_name = sans[0]
        if self._hostile and not is_wildcard and self._dice.happens(0.2):
            common_name = self._hostile.pop()
        is_named = authority not in ACME_AUTHORITIES and authority is not SELF_SIGNED
        return Subject(common_name, sans, *(("Tarnholm Group", "NL") if is_named else ()))

    def _count(self, name: str) -> str:
        """Numbers that make names unique: none for the first, then 2, 3, ..."""
        self._names[name] += 1
        return "" if self._names[name] == 1 else str(self._names[name])

    def add_endpoint(self, branch: Branch, deployment: Deployment, protection: Protection) -> Endpoint:
        """One more location of a deployment."""
        dice = self._dice
        platform, unit = deployment.platform, deployment.unit
        site = dice.choices(branch.sites, [site.share for site in branch.sites])[0]
        host = f"{dice.choice(unit.words)}-{site.code}"
        host_name = f"{host}{self._count(f'host {host}.{unit.zone}') or 1}.{unit.zone}.{_DOMAIN}"
        connector = _name_connector(platform, site) if platform.reach == "connector" else None
        has_agent = platform.reach == "agent" and (deployment.renewal is Renewal.MANAGED or dice.happens(0.6))
        is_automatable = connector is not None or has_agent
        is_cloud = platform.machines[0][0] == "" and connector is not None
        endpoint = Endpoint(
            id=dice.identifier(),
            guid=dice.identifier(),
            account=branch.account,
            ip=None if is_cloud else self._address(site),
            port=None if is_cloud else dice.choice(platform.ports[:1] * 4 + platform.ports),
            host_name=host_name,
            domain_name=self._domain(deployment, host_name),
            machine=dice.choice(platform.machines),
            version=dice.choice(platform.versions),
            sensor=None if connector else f"sensor-{site.code}-{unit.zone}",
            agent=f"agent-{host_name.split('.', maxsplit=1)[0]}" if has_agent else None,
            connector=connector,
            source="connector" if connector else ("system_scan" if has_agent else "network_scan"),
            deployment=deployment,
            protection=protection,
            is_automatable=is_automatable,
            is_discovered=not is_automatable or dice.happens(0.45),
            scan=dice.randrange(SCAN_GROUPS),
        )
        self.dress(endpoint)
        deployment.endpoints.append(endpoint)
        return endpoint

    def dress(self, endpoint: Endpoint) -> None:
        """Draw what follows from the protection: rating, status, error, what the item knows of its certificate."""
        dice = self._dice
        has_certificate = endpoint.protection is Protection.CERTIFICATE
        endpoint.error = dice.choice(DISCOVERY_ERRORS) if endpoint.protection is Protection.ERROR else None
        endpoint.rating = self.draw_rating(endpoint.deployment) if has_certificate else None
        endpoint.status = self.draw_status(endpoint)
        endpoint.knows = dice.pick(
            (("all", 95.0), ("thumbprint", 3.0), ("serial", 1.2), ("name", 0.75), ("place", 0.05))
        )
        endpoint.touch()

    def draw_rating(self, deployment: Deployment) -> str:
        """The console's rating of a certificate that has not expired."""
        if deployment.key[1] == 1024 or deployment.algorithm in ("sha1WithRSA", "md5WithRSA"):
            return "NOT_SECURE"
        if deployment.authority is SELF_SIGNED or deployment.is_over_long:
            return "AT_RISK"
        return self._dice.pick(_RATINGS)

    def draw_status(self, endpoint: Endpoint) -> str | None:
        """The automation status; None for an endpoint that automation does not reach, or that does not say."""
        if not endpoint.is_automatable:
            return None
        if endpoint.is_managed and endpoint.protection is Protection.CERTIFICATE:
            return self.draw_managed_status()
        return self._dice.pick(_AVAILABLE) or None

    def draw_managed_status(self) -> str:
        """A status of an endpoint that automation takes care of, 2.6 % of them failing."""
        if self._dice.happens(0.026):
            return self._dice.pick([(status, weight) for status, weight, _ in FAILURES])
        return self._dice.pick(_MANAGED)

    def _domain(self, deployment: Deployment, host_name: str) -> str:
        common_name = deployment.subject.common_name
        if common_name.startswith("*."):
            return f"{host_name.split('.', maxsplit=1)[0]}.{common_name[2:]}"
        return common_name

    def _address(self, site: Site) -> str:
        """The next free address of a site; three in a hundred are IPv6."""
        self._addresses[site.octet] += 1
        number = self._addresses[site.octet]
        if self._dice.happens(0.03):
            return f"2001:db8:{site.octet:x}::{number:x}"
        block, rest = divmod(number, 250 * 256)
        return f"10.{site.octet + block}.{rest // 250}.{rest % 250 + 1}"


def _name_connector(platform: Platform, site: Site) -> str:
    """A connector of a platform at a site or region."""
    return f"{platform.application.lower().replace(' ', '-')}-{site.code}"
