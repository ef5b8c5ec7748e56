"""The certificate profiles of an account, and which one a deployment uses."""

from __future__ import annotations

import functools
import uuid
from typing import Any

from pipeline.sandbox.authorities import DIGICERT_EV, DIGICERT_PRIVATE, SECTIGO_DV, SECTIGO_OV, VAULT
from pipeline.sandbox.estate import Branch, Deployment

_PROFILES = (
    ("Public TLS, OV", "Active", "rest_api", 30, "DigiCert OV", True),
    ("Public TLS, EV", "Active", "rest_api", 30, "DigiCert EV", False),
    ("Public TLS, Sectigo", "Active", "rest_api", 30, "Sectigo OV", True),
    ("Load balancers", "Active", "admin_web_request", 30, "DigiCert OV", True),
    ("Cloud services", "Active", "admin_web_request", 45, "DigiCert OV", True),
    ("Private TLS server", "Active", "rest_api", 30, "DigiCert Private CA", True),
    ("AD CS web server", "Active", "rest_api", 60, "Microsoft CA", True),
    ("Kubernetes issuer", "Active", "acme", 20, "HashiCorp Vault", True),
    ("Device certificates, 2022", "Suspended", "scep", 30, "Microsoft CA", False),
)
_BY_AUTHORITY = {DIGICERT_EV: 1, SECTIGO_OV: 2, SECTIGO_DV: 2, DIGICERT_PRIVATE: 5, VAULT: 7}


@functools.cache
def account_profiles(branch: Branch) -> tuple[dict[str, Any], ...]:
    """Every profile of an account as the API shows it."""
    return tuple(
        {
            "id": str(uuid.uuid5(uuid.UUID(branch.account_id), f"profile {name}")),
            "name": name,
            "status": status,
            "account_id": branch.account_id,
            "business_unit_id": None,
            "enrollment_method": enrolment,
            "authentication_method": "api_key",
            "signature_algorithm": "sha256WithRSA",
            "template": {"id": f"template-{number}", "name": template},
            "renewal_period_days": days,
            "renewal_window_days": days,
            "duplicate_cert_policy": duplicates,
        }
        for number, (name, status, enrolment, days, template, duplicates) in enumerate(_PROFILES)
    )


def profile_of(branch: Branch, deployment: Deployment) -> dict[str, Any]:
    """The profile of a managed deployment in this account."""
    authority, platform = deployment.authority, deployment.platform
    if authority in _BY_AUTHORITY:
        number = _BY_AUTHORITY[authority]
    elif not authority.is_public:
        number = 6
    elif platform.reach == "connector":
        number = 4 if not platform.machines[0][0] else 3
    else:
        number = 0
    return account_profiles(branch)[number]
