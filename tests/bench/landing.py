"""A landing zone of any size, as an extraction would have left it, made by the engine itself: a million in a minute.

One account with all resources in the proportions of the sandbox's estate: of 100 endpoints 88 are automatable and in
the automation inventory, 46 discovered, 8 unsecured; 91 carry a certificate, of which a third are shared by two. Chance
is the engine's hash, so the same size and week give the same bytes. In each week another hundredth of the endpoints has
renewed its certificate.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from pipeline.runs.manifest import Extract, KeySees, Manifest, Part, write_manifest

ACCOUNT = "prod"
FIRST_WEEK = datetime(2026, 11, 23, 4, tzinfo=UTC)
_ROWS_A_PART = 30_000

# n is the endpoint, c its certificate (two endpoints in three have one of their own), g how often it was renewed.
_ESTATE = """
create table estate as
with numbered as (
    select
        n,
        cast(hash(n) % 1000 as integer) as chance,
        case when n % 3 = 2 and hash(n, 1) % 2 = 0 then n - 1 else n end as c
    from range({endpoints}) as numbers(n)
),

certified as (
    select
        n,
        chance,
        c,
        case when c % 100 < {week} then 1 else 0 end as g,
        ['api', 'shop', 'mail', 'vpn', 'edge', 'auth', 'files', 'grid'][c % 8 + 1] || '-' || c || '.unit'
        || lpad(cast(c % 20 as varchar), 2, '0') || '.example' as name,
        hash(c) % 365 as age_days
    from numbered
)

select
    n,
    chance,
    c,
    g,
    name,
    chance >= 85 as has_certificate,
    chance >= 120 or chance < 8 as is_automatable,
    chance >= 85 and (chance < 120 or (chance * 7) % 1000 < 450) as is_discovered,
    chance < 85 as is_unsecured,
    cast(md5('endpoint' || n)::uuid as varchar) as id,
    cast(md5('guid' || n)::uuid as varchar) as guid,
    '10.' || n // 65536 % 256 || '.' || n // 256 % 256 || '.' || n % 256 as ip,
    cast(md5('certificate' || c || '/' || g)::uuid as varchar) as certificate_id,
    upper(sha256('certificate' || c || '/' || g)) as thumbprint,
    upper(md5('serial' || c || '/' || g)) as serial_number,
    strftime(timestamp '2026-11-23' - to_days(cast(age_days * (1 - g) as integer)), '%Y-%m-%dT%H:%M:%SZ') as valid_from,
    strftime(timestamp '2027-11-22 23:59:59' - to_days(cast(age_days * (1 - g) as integer)), '%Y-%m-%dT%H:%M:%SZ') as valid_to,
    ['DigiCert Global G2 TLS RSA SHA256 2020 CA1', 'R11', 'Example Internal CA 4', 'Sectigo RSA DV'][c % 4 + 1] as issuer,
    ['DigiCert', 'Let''s Encrypt', 'Private CA', 'Sectigo'][c % 4 + 1] as ca_vendor,
    ['EC', 'RSA'][c % 2 + 1] as key_type,
    ['256', '2048'][c % 2 + 1] as key_size,
    {{'id': md5('unit' || c % 20), 'name': 'Business unit ' || c % 20}} as unit,
    list_transform(['', 'www.', 'm.'][:cast(1 + c % 3 as integer)], lambda part: part || name) as sans,
    case when c % 3 > 0 then ['env:prod', 'owner:team-' || c % 40] else [] end as tags
from certified
"""

_CERTIFICATE_OF_AN_ITEM = """
    name as common_name, serial_number, issuer as issuing_ca_name, ca_vendor, valid_to, thumbprint, certificate_id,
    sans, valid_from, key_type, key_size, 'sha256WithRSA' as signature_algorithm, 'issued' as status, tags,
    [{'name': 'team-' || c % 40, 'email': 'team@unit.example'}] as owners, [md5('owner' || c % 40)] as cert_owner_ids,
"""
_ITEM = """
    id, guid as inventory_id, ip || ':443' as location, ip, 443 as port, 'host-' || n || '.dc.example' as host_name,
    name as domain_name, ['linux', 'windows server'][n % 2 + 1] as os_name, '2012 R2' as os_version,
    ['nginx', 'IIS', 'F5'][n % 3 + 1] as application, '8.5' as application_version, 'sensor-' || n % 20 as sensor_name,
    'agent-' || n % 900 as agent_name, null as connector_name, 'system_scan' as source,
    ['CONFIGURED', 'AUTO_RENEW_SCHEDULED', 'AUTOMATION_FAILED'][least(n % 7, 2) + 1] as automation_status,
    null as job_name, ['VERY_SECURE', 'SECURE', 'AT_RISK', 'NOT_SECURE'][n % 4 + 1] as security_rating,
    unit as business_unit,
"""
_SCANNED = "strftime(timestamp '2026-11-23' - to_seconds(n % 86400), '%Y-%m-%dT%H:%M:%SZ') as last_discovered"

_RESOURCES = {
    "business_units": "select distinct unit.id as id, unit.name as name from estate",
    "endpoints.automatable": f"select {_ITEM} {_CERTIFICATE_OF_AN_ITEM} {_SCANNED} from estate where is_automatable",
    "endpoints.unsecured": f"select {_ITEM} 'NO_CERTIFICATE' as discovery_status, {_SCANNED}"
    " from estate where is_unsecured",
    "endpoints.discovered": f"select {_ITEM} {_CERTIFICATE_OF_AN_ITEM} {_SCANNED} from estate where is_discovered",
    "automation_inventory": "select guid, guid as inventory_id, guid as id, name as common_name, ip, 443 as port,"
    " name as domain_name, ['CONFIGURED', 'AUTO_RENEW_SCHEDULED', 'AUTOMATION_FAILED'][least(n % 7, 2) + 1]"
    " as automation_status, md5('profile' || n % 9) as profile_id, md5('agent' || n) as agent_id"
    " from estate where is_automatable",
    "certificates": "select certificate_id as id, name as common_name, sans, serial_number, thumbprint,"
    " 'issued' as status, valid_from, valid_to, issuer as issuing_ca_name, ca_vendor, key_type, key_size,"
    " 'sha256WithRSA' as signature_algorithm, {'common_name': name} as subject, 'serverAuth' as extended_key_usage,"
    " true as pqc_vulnerable, unit as business_unit, {'id': md5('profile' || c % 9), 'name': 'Public TLS'} as profile,"
    " tags, [] as owners, [] as cert_owner_ids from estate where has_certificate"
    " qualify row_number() over (partition by c order by n) = 1",
    "profiles": "select md5('profile' || n) as id, 'Public TLS ' || n as name, 30 as renewal_window_days"
    " from range(9) as numbers(n)",
    "agents": "select md5('agent' || n) as id, 'agent-' || n as name, 'Active' as status from estate where n % 2 = 0",
}
_EVENTS = (
    "select cast(md5('event' || n)::uuid as varchar) as id, strftime(timestamp '2026-11-23' -"
    " to_seconds(cast(hash(n) % (86400 * 90) as bigint)), '%Y-%m-%dT%H:%M:%SZ') as \"timestamp\", 'renew' as action,"
    " 'success' as status, 'certificate' as resource_type, certificate_id as resource_id,"
    " 'Certificate of ' || name || ' renewed' as description, {'serial_number': serial_number} as data,"
    " {'id': md5('user' || n % 50), 'name': 'user ' || n % 50} as \"user\" from estate where n % 10 <> 0"
)


def write_landing(landing: Path, endpoints: int, week: int = 0) -> int:
    """A finished run of `endpoints` in its `week` (from 0) below `landing`; how many items it has."""
    as_of = FIRST_WEEK + timedelta(weeks=week)
    run_id = f"{as_of:%Y%m%dT%H%M%SZ}-{week:06x}"
    with duckdb.connect() as engine:
        engine.execute(_ESTATE.format(endpoints=endpoints, week=week))
        extracts = [_write(engine, landing / ACCOUNT / run_id / name, name, sql) for name, sql in _RESOURCES.items()]
        events = landing / ACCOUNT / "events" / f"{as_of:%Y-%m-%d}"
        extracts.append(_write(engine, events, "audit_log", _EVENTS))
    manifest = Manifest(
        run_id=run_id,
        account=ACCOUNT,
        as_of_at=as_of,
        finished_at=as_of,
        status="complete",
        reason=None,
        tool_version="bench",
        config_hash="bench",
        base_url="https://one.example",
        required=("endpoints.automatable", "endpoints.unsecured", "endpoints.discovered"),
        key_sees=KeySees(),
        extracts=tuple(extracts),
        previous_manifest_hash=None,
    )
    write_manifest(landing / ACCOUNT / run_id, manifest)
    return sum(extract.rows_received for extract in extracts)


def _write(engine: duckdb.DuckDBPyConnection, folder: Path, resource: str, sql: str) -> Extract:
    """Write the items of `sql` as parts like those of an extraction; its entry in the manifest."""
    folder.mkdir(parents=True)
    engine.execute(f"create or replace temp table items as {sql}")
    count = engine.execute("select count(*) from items").fetchall()[0][0]
    parts = []
    for number in range(-(-count // _ROWS_A_PART)):
        path = folder / f"part-{number + 1:05}.ndjson.zst"
        rows = f"select * from items where rowid between {number * _ROWS_A_PART} and {(number + 1) * _ROWS_A_PART - 1}"
        engine.execute(f"copy ({rows}) to '{path}' (format json, compression zstd)")
        name = f"{folder.parent.name}/{folder.name}/{path.name}" if resource == "audit_log" else path.name
        kept = min(_ROWS_A_PART, count - number * _ROWS_A_PART)
        content = path.read_bytes()
        parts.append(Part(name, kept, len(content), hashlib.sha256(content).hexdigest()))
    return Extract(
        resource=resource,
        status="complete",
        api_total_start=count,
        api_total_end=count,
        rows_received=count,
        rows_distinct=count,
        pages=len(parts),
        requests=len(parts),
        parts=tuple(parts),
    )
