"""The contract with the TLM API as data: the calls that read and the calls that change, each with its evidence.

No current public specification exists, so nothing here is taken for granted. Three kinds of evidence:

    vendor    the vendor's documentation, or the vendor's OpenAPI text of 2022
    client    public code that talks to the API (weaker: it shows what its author sends and reads)
    assumed   inferred from siblings; an owner must be able to check it against the instance and to override it

A field marked assumed may be missing everywhere; missing is never an error. Sources are named in `source`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Evidence(StrEnum):
    """How we know; ordered from strong to weak."""

    VENDOR = "vendor"
    CLIENT = "client"
    ASSUMED = "assumed"


class Kind(StrEnum):
    """JSON type of a field as documented; the reader takes any type for any field."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"
    ARRAY = "array"

    @property
    def is_nested(self) -> bool:
        """Kept as JSON in `raw`; scalars are kept as text."""
        return self in (Kind.OBJECT, Kind.ARRAY)


class Paging(StrEnum):
    """OFFSET: `offset`/`limit` -> `items, total, offset, limit`; ARRAY: one bare array; NONE: a single answer.

    A list documented as OFFSET may still come as a bare array, and the other way round: the reader takes both.
    """

    OFFSET = "offset"
    ARRAY = "array"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an item or of a request's body: its name on the wire, its type, a sentence, and its evidence.

    `also` are types under which it may come as well; `values` are those that we send, where they are a fixed few.
    """

    name: str
    kind: Kind
    meaning: str
    evidence: Evidence = Evidence.ASSUMED
    also: tuple[Kind, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `name` is its name in the configuration, and that of a list's resource in the landing zone.

    `identity` is the field that names an item (None: items have none); `parameters` are the query parameters sent.
    `fields` are those of an item that is read, or of the body that a change sends; `body_evidence` is how we know that
    body (None: no body). `group`: a document that lists nothing below it says nothing about the call (None: the
    controller, which is the path's first word after the version).
    """

    name: str
    path: str
    meaning: str
    evidence: Evidence
    source: str
    paging: Paging
    fields: tuple[Field, ...] = ()
    identity: str | None = None
    parameters: tuple[str, ...] = ()
    method: str = "GET"
    body_evidence: Evidence | None = None
    group: str | None = None


T, N, B, O, A = Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.OBJECT, Kind.ARRAY  # noqa: E741 -- a column of types below
V, C, X = Evidence.VENDOR, Evidence.CLIENT, Evidence.ASSUMED
PAGED = ("offset", "limit", "account_id")

ENDPOINT_FIELDS = (
    Field("id", T, "the endpoint's identifier", X),
    Field("inventory_id", T, "the GUID that automation requests target", X),
    Field("location", T, "ip:port as the console shows it", X),
    Field("ip", T, "IP address", C),
    Field("port", N, "TCP port", C),
    Field("host_name", T, "host name found by the scan", X),
    Field("domain_name", T, "domain or SNI name", C),
    Field("os_name", T, "operating system, lower case", C),
    Field("os_version", T, "operating system version", X),
    Field("application", T, "server application, e.g. nginx", X),
    Field("application_version", T, "its version", X),
    Field("sensor_name", T, "managing sensor", C),
    Field("agent_name", T, "managing agent", X),
    Field("connector_name", T, "managing connector", X),
    Field("source", T, "connector, network scan, system scan or CT log", X),
    Field("automation_status", T, "state of managed automation, upper snake case", C),
    Field("job_name", T, "name of the bulk job that last touched it", X),
    Field("security_rating", T, "VERY_SECURE, SECURE, AT_RISK, NOT_SECURE, NOT_RATED", C),
    Field("discovery_status", T, "why there is no certificate, e.g. NO_CERTIFICATE", X),
    Field("discovery_error", T, "text of a failed certificate discovery", X),
    Field("last_discovered", T, "when a scan last saw it", X),
    Field("certificate_id", T, "identifier of its certificate", X),
    Field("common_name", T, "certificate common name", C),
    Field("sans", A, "subject alternative names", X),
    Field("serial_number", T, "certificate serial, upper-case hexadecimal", X),
    Field("thumbprint", T, "SHA-256 thumbprint, upper-case hexadecimal", X),
    Field("issuing_ca_name", T, "common name of the issuing CA", X),
    Field("ca_vendor", T, "display name of the CA's vendor", C),
    Field("valid_from", T, "start of validity", X),
    Field("valid_to", T, "end of validity", C),
    Field("key_type", T, "RSA, EC, ...", X),
    Field("key_size", T, "key size in bits, as text", X),
    Field("signature_algorithm", T, "e.g. sha256WithRSA", X),
    Field("status", T, "certificate status: issued, expired, revoked, suspended", X),
    Field("business_unit", O, "business unit: id, name", X),
    Field("tags", A, "tags of its certificate", X),
    Field("owners", A, "owners of its certificate", X),
    Field("cert_owner_ids", A, "identifiers of the owners", X),
)

CALLS = (
    Call(
        "endpoints.automatable", "/mpki/api/v1/inventory/endpoint/automatable",
        "endpoints under managed automation, or available for it",
        C, "cbom-analyser (written inside DigiCert) calls it; the vendor's page names the category",
        Paging.OFFSET, ENDPOINT_FIELDS, "id", PAGED,
    ),
    Call(
        "endpoints.unsecured", "/mpki/api/v1/inventory/endpoint/unsecured",
        "endpoints without a certificate, or whose certificate discovery failed",
        X, "the vendor's page names the category; path by its sibling",
        Paging.OFFSET, ENDPOINT_FIELDS, "id", PAGED,
    ),
    Call(
        "endpoints.discovered", "/mpki/api/v1/inventory/endpoint/discovered",
        "endpoints found or imported by scans and connectors",
        X, "the vendor's page names the category; path by its sibling",
        Paging.OFFSET, ENDPOINT_FIELDS, "id", PAGED,
    ),
    Call(
        "automation_inventory", "/mpki/api/v1/automation/inventory",
        "endpoints eligible for managed automation, with the GUID to target and the automation status",
        X, "the vendor's page describes it; path by the automation controller's siblings",
        Paging.OFFSET,
        (
            Field("guid", T, "the GUID that automation requests target", X),
            Field("inventory_id", T, "the same identifier under the name that the admin web request answers with", C),
            Field("id", T, "identifier of the entry", X),
            Field("common_name", T, "certificate common name", X),
            Field("ip", T, "IP address", X),
            Field("port", N, "TCP port", X),
            Field("domain_name", T, "domain or SNI name", X),
            Field("automation_status", T, "state of managed automation", X),
            Field("profile_id", T, "certificate profile", X),
            Field("agent_id", T, "agent", X),
            Field("connector_id", T, "connector", X),
        ),
        "guid", PAGED,
    ),
    Call(
        "audit_log", "/mpki/api/v1/audit-log",
        "audit events, selected by time",
        V, "vendor OpenAPI 2022",
        Paging.OFFSET,
        (
            Field("id", T, "identifier of the event", V),
            Field("timestamp", T, "when it happened", V),
            Field("action", T, "create, update, delete, expire, suspend, resume, import, revoke, ...", V),
            Field("status", T, "success, warning, failure", V),
            Field("resource_type", T, "kind of thing it is about", V),
            Field("resource_id", T, "identifier of that thing", V),
            Field("description", T, "sentence for people", V),
            Field("data", T, "details, a JSON text or an object", V, also=(O,)),
            Field("user", O, "who did it: id, name", V),
            Field("account", O, "account: id", V),
            Field("business_unit", O, "business unit: id", V),
        ),
        "id", (*PAGED, "from", "to"),
    ),
    Call(
        "certificates", "/mpki/api/v1/certificate-search",
        "certificates of the account",
        V, "vendor OpenAPI 2022, four public clients",
        Paging.OFFSET,
        (
            Field("id", T, "identifier of the certificate", C),
            Field("common_name", T, "common name", V),
            Field("sans", A, "subject alternative names", X),
            Field("serial_number", T, "serial, upper-case hexadecimal; not unique in an account", V),
            Field("thumbprint", T, "SHA-256 thumbprint, upper-case hexadecimal", V),
            Field("status", T, "issued, expired, revoked, suspended", V),
            Field("valid_from", T, "start of validity", V),
            Field("valid_to", T, "end of validity", V),
            Field("issuing_ca_name", T, "common name of the issuing CA", C),
            Field("ca_vendor", T, "display name of the CA's vendor", C),
            Field("key_type", T, "RSA, EC, ...", C),
            Field("key_size", T, "key size in bits, as text", C),
            Field("signature_algorithm", T, "e.g. sha256WithRSA", C),
            Field("subject", O, "subject: common_name, organization_name, ...", C),
            Field("extended_key_usage", T, "extended key usages, as text", C),
            Field("pqc_vulnerable", B, "whether a quantum computer breaks it", C),
            Field("source", T, "where it came from", C),
            Field("connector", T, "connector that imported it", C),
            Field("business_unit", O, "business unit: id, name", V),
            Field("profile", O, "profile: id, name", V),
            Field("seat", O, "seat: seat_id", V),
            Field("seat_type", O, "seat type: id, name", C),
            Field("account", O, "account: id", V),
            Field("revocation", O, "revocation: reason, revocation_date, comments", V),
            Field("tags", A, "tags", X),
            Field("owners", A, "owners", X),
            Field("cert_owner_ids", A, "identifiers of the owners", C),
            Field("custom_attributes", A, "custom attributes: id, value", C),
        ),
        "id", PAGED,
    ),
    Call(
        "certificate", "/mpki/api/v1/certificate/{serial_number}",
        "one certificate with its DER text",
        V, "vendor OpenAPI 2022, two public clients",
        Paging.NONE,
        (
            Field("certificate", T, "bare base64 DER, without PEM lines", V),
            Field("serial_number", T, "serial, upper-case hexadecimal", V),
            Field("thumbprint", T, "SHA-256 thumbprint, upper-case hexadecimal", V),
            Field("common_name", T, "common name", V),
            Field("status", T, "issued, expired, revoked, suspended", V),
            Field("valid_from", T, "start of validity", V),
            Field("valid_to", T, "end of validity", V),
        ),
        "thumbprint", ("thumbprint_sha256",),
    ),
    Call(
        "business_units", "/mpki/api/v1/business-unit",
        "business units",
        C, "dc-certificate-lifecycle-mgmt calls it",
        Paging.OFFSET,
        (
            Field("id", T, "identifier", C),
            Field("name", T, "name", C),
            Field("account", O, "account: id, name", C),
        ),
        "id", PAGED,
    ),
    Call(
        "profiles", "/mpki/api/v1/profile",
        "certificate profiles",
        V, "vendor OpenAPI 2022 (a bare array), five public clients",
        Paging.ARRAY,
        (
            Field("id", T, "identifier", V),
            Field("name", T, "name", V),
            Field("status", T, "e.g. Active", V),
            Field("account_id", T, "account", C),
            Field("business_unit_id", T, "business unit", V),
            Field("enrollment_method", T, "e.g. rest_api", V),
            Field("authentication_method", T, "authentication method", V),
            Field("signature_algorithm", T, "signature algorithm", V),
            Field("template", O, "template: id, name", C),
            Field("renewal_period_days", N, "renewal window, days before the end", V),
            Field("renewal_window_days", N, "the same under another name", C),
            Field("duplicate_cert_policy", B, "whether duplicates are allowed", V),
        ),
        "id", ("account_id",),
    ),
    Call(
        "agents", "/mpki/api/v1/agent",
        "agents on servers",
        C, "dc-certificate-lifecycle-mgmt calls it",
        Paging.OFFSET,
        (
            Field("id", T, "identifier", C),
            Field("name", T, "name", C),
            Field("host_name", T, "host", C),
            Field("status", T, "Active, Suspended, ...", C),
            Field("os_name", T, "operating system", C),
        ),
        "id", PAGED,
    ),
    Call(
        "hello", "/mpki/api/v1/hello", "liveness, plain text",
        V, "vendor OpenAPI 2022, the vendor's Terraform provider compares the text", Paging.NONE,
    ),
    Call(
        "health", "/mpki/api/v1/health/extensive", "UP or DOWN, plain text",
        V, "vendor OpenAPI 2022", Paging.NONE,
    ),
    Call(
        "openapi", "/mpki/docs/openapi-public.json", "the instance's own OpenAPI document",
        C, "three public clients name it", Paging.NONE, group="/mpki/docs",
    ),
)  # fmt: skip

_AUTOMATION = ("ENROLL", "DUPLICATE", "REISSUE", "RENEW", "SWITCH_CA", "GET_NEXT_CERTIFICATE")
_CLIENTS = "dc-certificate-lifecycle-mgmt and a public Terraform file send it"
_CERTIFICATE = "/mpki/api/v1/certificate"

CHANGES = (
    Call(
        "automation", "/mpki/api/v1/automation", "requests automation at one endpoint",
        V, "the vendor's page names the path; body by its sibling's", Paging.NONE,
        (
            Field("account_id", T, "account", X),
            Field("inventory_id", T, "the GUID of the target", X),
            Field("action_type", T, "what to do", X, values=_AUTOMATION),
            Field("profile_id", T, "certificate profile", X),
            Field("certificate_services_agreement", B, "always true", X),
            Field("issue_duplicate_cert", B, "a duplicate instead of a new certificate", X),
            Field("schedule", O, "type: NOW", X),
            Field("auto_renew_settings", O, "whether and when it renews by itself", X),
        ),
        method="POST", body_evidence=X,
    ),
    Call(
        "automation_bulk", "/mpki/api/v1/automation/bulk", "requests automation at several endpoints",
        V, "the vendor's page names the path; body by its sibling's", Paging.NONE,
        (
            Field("account_id", T, "account", X),
            Field("job_name", T, "name of the job", X),
            Field("action_type", T, "what to do", X, values=_AUTOMATION),
            Field("profile_id", T, "certificate profile", X),
            Field("inventory_ids", A, "the GUIDs of the targets", X),
        ),
        method="POST", body_evidence=X,
    ),
    Call(
        "admin_web_request", "/mpki/api/v1/automation/admin-web-request", "enrolls and delivers a new certificate",
        V, f"the vendor's page names the path; {_CLIENTS}", Paging.NONE,
        (
            Field("account_id", T, "account", C),
            Field("profile_id", T, "certificate profile with the admin web request method", C),
            Field("cn", T, "common name", C),
            Field("action_type", T, "what to do", C, values=("ENROLL",)),
            Field("certificate_services_agreement", B, "always true", C),
            Field("auto_renew_settings", O, "whether and when it renews by itself", C),
            Field("cert_delivery_settings", A, "agents or connectors that receive it, with formats and paths", C),
        ),
        method="POST", body_evidence=C,
    ),
    Call(
        "endpoint_delete", "/mpki/api/v1/inventory/endpoint/{id}", "deletes a discovered endpoint and its certificate",
        X, "the vendor's page describes the action; path by its siblings", Paging.NONE, method="DELETE",
    ),
    Call(
        "business_unit_update", f"{_CERTIFICATE}/business-unit", "gives discovered certificates to a business unit",
        X, "the vendor's page describes the action; path invented", Paging.NONE,
        (
            Field("certificate_ids", A, "certificates", X),
            Field("business_unit_id", T, "their new business unit", X),
        ),
        method="POST", body_evidence=X, group=f"{_CERTIFICATE}/business-unit",
    ),
    Call(
        "certificate_tags", f"{_CERTIFICATE}/tags", "adds, replaces or removes tags of certificates",
        X, "the vendor's page describes the action; path invented", Paging.NONE,
        (
            Field("certificate_ids", A, "certificates", X),
            Field("tags", A, "tags", X),
            Field("mode", T, "what to do with them", X, values=("ADD", "REPLACE", "REMOVE_ALL")),
        ),
        method="POST", body_evidence=X, group=f"{_CERTIFICATE}/tags",
    ),
    Call(
        "certificate_renew", f"{_CERTIFICATE}/{{serial_number}}/renew", "renews outside automation",
        V, "vendor OpenAPI 2022, a public client", Paging.NONE, (Field("csr", T, "certificate request", V),),
        method="POST", body_evidence=V,
    ),
    Call(
        "certificate_revoke", f"{_CERTIFICATE}/{{serial_number}}/revoke", "revokes a certificate",
        V, "vendor OpenAPI 2022, three public clients", Paging.NONE,
        (Field("revocation_reason", T, "reason, lower snake case", V),),
        parameters=("account_id", "thumbprint_sha256"), method="PUT", body_evidence=V,
    ),
    Call(
        "certificate_resume", f"{_CERTIFICATE}/{{serial_number}}/revoke", "resumes a suspended certificate",
        V, "vendor OpenAPI 2022", Paging.NONE, method="DELETE",
    ),
)  # fmt: skip
"""The calls that change something. Nothing sends them yet; one that is only assumed must never be sent unconfirmed."""

EVERY = (*CALLS, *CHANGES)
BY_NAME = {call.name: call for call in EVERY}
LISTS = tuple(call for call in CALLS if call.identity is not None and call.paging is not Paging.NONE)
"""The calls that the extraction reads, one resource each."""
