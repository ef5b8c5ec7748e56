"""A published warehouse of two simulated weeks, read from a real socket, and copies of it in other states."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.config import Settings, read_settings
from pipeline.jobs.running import run_daily
from pipeline.places import content
from pipeline.report.assemble import read_report
from pipeline.report.contents import Report
from pipeline.report.page import Theme
from pipeline.report.pdf import render_pdf
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox
from pipeline.transform.kinds import build_model
from pipeline.transform.model import Kind, read_models
from pipeline.warehouse.duck import open_read_only, open_writable

Shaped = Callable[..., Settings]

_STATES = {
    "incomplete": (
        """update meta.runs set is_complete = false, reason = 'discovered endpoints stopped at 8 of 9 (HTTP 503)'
        where account = 'apac'""",
    ),
    "accepted": (
        """update meta.runs set is_complete = false,
            reason = 'accepted: the window was closed; endpoints.discovered: 40 of unknown rows, then HTTP 503 again'
        where account = 'apac'""",
        """update meta.extracts set status = 'incomplete', api_total_end = null, reason = 'HTTP 503; page 3 of many'
        where account = 'apac' and resource = 'endpoints.discovered'""",
    ),
    "another policy": (
        (
            "update rules.policy set protection_target = 0.91, automation_target = 0.81, expired_target = 41, manual_30d_target = 42,"
            " renew_days = 43, owner_tag_prefix = 'holder:', shrink_warn = 0.21, shrink_stop = 0.61, drift_fields = 'fail',"
            " lead_days = 44, renewal_window_days = 45, batch = 46, cycle_hours = 47, off_hours_before = time '05:30',"
            " off_hours_from = time '21:30', off_days = [5], sla_critical_days = 2, sla_high_days = 8, sla_medium_days = 31,"
            " sla_low_days = 91, approved_cas = ['CA 1', 'CA 2', 'CA 3', 'CA 4', 'CA 5'], multi_year_profiles = ['Plan']"
        ),
        "insert into rules.business_unit_mapping (kind, value, business_unit) values ('sensor', 's', 'Retail')",
    ),
    "targets met": ("update rules.policy set protection_target = 0.01, automation_target = 0.01",),
    "ended 48.2 days ago": (
        """update core.endpoints set valid_to_at = current.as_of_at - interval 69408 minute, days_left = -49, expiry_bucket = 'expired'
        from meta.current_run as current where expiry_bucket in ('d0_7', 'd8_14')""",
    ),
    "ended an hour ago": (
        """update core.endpoints set valid_to_at = current.as_of_at - interval 1 hour, days_left = -1, expiry_bucket = 'expired'
        from meta.current_run as current where expiry_bucket in ('d0_7', 'd8_14')""",
    ),
    "renewed after the end": (
        """update core.endpoints set has_undeployed_renewal = true, expiry_bucket = 'expired', days_left = -3
        where expiry_bucket in ('d0_7', 'd8_14')""",
    ),
    "ends late in the day": (
        """update core.endpoints set valid_to_at = timestamp '2026-11-24 23:59:59', days_left = 1
        where expiry_bucket in ('d0_7', 'd8_14', 'd15_30')""",
    ),
    "stale": (
        "update meta.build_accounts set is_stale = true, as_of_at = as_of_at - interval 7 day where account = 'apac'",
    ),
    "freeze": ("insert into rules.freezes (name, from_on, to_on) values ('Year end', '2026-12-18', '2027-01-03')",),
    "first week": (
        "delete from mart.metrics where run_id <> (select run_id from meta.current_run) or metric like 'movement.%'",
        "delete from mart.changes",
        "update meta.build_accounts set baseline_run_id = null, baseline_as_of_at = null",
    ),
    "noted": (
        """update meta.checks set status = 'failed', failing_rows = 2, sample = '{name: <b>a</b>}; {name: b}'
        where check_name = 'sane_dates'""",
        """insert into meta.drift (run_id, account, resource, field, what, occurrences, sample)
        select run_id, account, 'endpoints.discovered', 'os_name', 'vanished', 7, 'last seen in run 1'
        from meta.build_accounts where account = 'apac'""",
    ),
    "unexplained": (
        """insert into mart.changes by name
        select * replace ('unexplained' as movement) from mart.changes where movement = 'renewed'""",
        """update mart.metrics set numerator = (select count(*) from mart.changes where movement = 'unexplained')
        where metric = 'movement.unexplained' and run_id = (select run_id from meta.current_run)""",
    ),
    "no audit log": (
        "update meta.extracts set status = 'skipped', reason = 'HTTP 403' where resource = 'audit_log' and account = 'apac'",
        "update mart.changes set movement = 'not_judged' where movement = 'unexplained' and account = 'apac'",
        """update mart.metrics set numerator = null, value = null
        where metric = 'movement.unexplained' and coalesce(account, 'apac') = 'apac'
        and run_id = (select run_id from meta.current_run)""",
    ),
    "nothing managed": (
        "update mart.metrics set numerator = 0 where metric in ('coverage.automation', 'coverage.adoption')",
    ),
    "automation not asked for": (
        """update meta.extracts set status = 'skipped', reason = 'not asked for in this run', requests = 0,
            api_total_end = null, rows_received = 0, rows_distinct = 0 where resource = 'automation_inventory'""",
    ),
    "automation left out": ("delete from meta.extracts where resource = 'automation_inventory'",),
    "no other account moved": ("delete from mart.changes where movement = 'unexplained' and account <> 'apac'",),
    "real service": ("update meta.runs set base_url = 'https://one.digicert.com'",),
    "hostile names": (
        """update core.endpoints set
            host_name = case
                when protection = 'certificate' then '"><script>alert(1)</script>' || chr(8238) || repeat('x', 300)
                else '\u0628\u0648\u0627\u0628\u0629'
            end,
            business_unit = '<img src=file:///etc/passwd>', ca_vendor = '</style>', platform = '</svg><image href="/x"/>',
            sensor_name = '{{ 7*7 }}', os_name = '<b>'""",
        "update mart.metrics set business_unit = '<img src=file:///etc/passwd>' where business_unit is not null",
    ),
}
# Tables that the build counts from the others: a change of those shows in them when they are made again.
_COUNTED = [
    model
    for model in read_models(content("sql"))
    if model.kind is Kind.TABLE and (model.name in ("mart.coverage", "mart.expiry") or model.name.startswith("report."))
]


def settings_for(folder: Path, sandbox: ThreadedSandbox | None, paper: str = "A4") -> Settings:
    """Settings in `folder`, with the sandbox's two accounts."""
    text = 'timezone = "Europe/Berlin"\n[extract]\nrequests_per_second = 1000\n'
    text += f'[report]\norganisation = "Tarnholm Group"\npaper = "{paper}"\n'
    for name in ("prod", "apac"):
        key = folder / f"{name}.key"
        key.write_text(sandbox.keys[name] if sandbox else "none", encoding="utf-8")
        key.chmod(0o600)
        base_url = sandbox.base_url if sandbox else "http://127.0.0.1:1"
        text += f'[[accounts]]\nname = "{name}"\nbase_url = "{base_url}"\napi_key = {{ file = "{key.name}" }}\n'
    place = folder / "tlm.toml"
    place.write_text(text, encoding="utf-8")
    return read_settings(place, {})


def built(folder: Path, endpoints: int) -> Path:
    """The database of `endpoints` over two weeks, built in `folder`."""
    plan = Plan(endpoints=endpoints, weeks=2)
    with ThreadedSandbox(plan, week=0) as sandbox:
        settings = settings_for(folder, sandbox)
        for week, instant in enumerate(plan.instants):
            sandbox.move_to(week)
            run_daily(settings, clock=lambda at=instant: at, show_progress=False)
    return settings.database


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 endpoints."""
    return built(tmp_path_factory.mktemp("estate"), 400)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An account without endpoints."""
    return built(tmp_path_factory.mktemp("empty"), 0)


@pytest.fixture
def shaped(database: Path, tmp_path: Path) -> Shaped:
    """Settings over a copy of the database, brought into some states."""

    def shape(*states: str, paper: str = "A4", source: Path = database) -> Settings:
        settings = settings_for(tmp_path, None, paper)
        settings.data.mkdir(exist_ok=True)
        shutil.copyfile(source, settings.database)
        with open_writable(settings.database) as warehouse:
            for state in states:
                for statement in _STATES[state]:
                    warehouse.execute(statement)
            for model in _COUNTED if states else ():
                build_model(warehouse, model, "", {})
        return settings

    return shape


@dataclass(frozen=True)
class Issued:
    """A report and its PDF."""

    report: Report
    pdf: bytes


@pytest.fixture(scope="session")
def issued(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Issued:
    """The report of the database as it is, rendered once."""
    settings = settings_for(tmp_path_factory.mktemp("issued"), None)
    with open_read_only(database) as warehouse:
        report = read_report(warehouse, settings)
    return Issued(report, render_pdf(report, Theme()))
