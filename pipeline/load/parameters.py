"""What the models take as given: the run that is being built, its accounts with their baselines, and the policy.

Parameters are tables, so that any model can be pasted into a shell and run.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from pipeline import __version__
from pipeline.load.lists import read_pci, read_waivers
from pipeline.policy import WEEKDAYS, Policy
from pipeline.warehouse.duck import Warehouse


def week_start(as_of_at: datetime, zone: ZoneInfo) -> datetime:
    """Monday 00:00 in `zone` of the ISO week of `as_of_at` (aware), as naive UTC."""
    day = as_of_at.astimezone(zone).date()
    monday = datetime.combine(day - timedelta(days=day.weekday()), time(), zone)
    return monday.astimezone(UTC).replace(tzinfo=None)


def set_run(warehouse: Warehouse, run_id: str, as_of_at: datetime, zone: ZoneInfo, configured: Collection[str]) -> None:
    """Make `run_id` the current run: one row in meta.current_run, one in meta.build_accounts for each known account.

    Reads meta.runs, so the manifests of this run must be recorded first. An account without a complete run is not
    known yet; one whose newest complete run is an older one is stale. A run that was accepted as it is counts as the
    newest, never as the baseline. `configured` are the accounts of tlm.toml: of another nothing comes any more.
    """
    local = as_of_at.astimezone(zone).isocalendar()
    starts_at = week_start(as_of_at, zone)
    as_of_utc = as_of_at.astimezone(UTC).replace(tzinfo=None)
    warehouse.execute("delete from meta.current_run")
    warehouse.execute(
        "insert into meta.current_run by name select ? as run_id, ? as as_of_at, ? as timezone, ? as week_starts_at,"
        " ? as iso_year, ? as iso_week, ? as tool_version",
        (run_id, as_of_utc, zone.key, starts_at, local.year, local.week, __version__),
    )
    warehouse.execute("delete from meta.build_accounts")
    warehouse.execute(
        """
        insert into meta.build_accounts by name
        with loaded as (
            select account, run_id, as_of_at, is_complete from meta.runs
            where (is_complete or is_accepted) and run_id <= ?
        ),
        complete as (
            select account, run_id, as_of_at from loaded where is_complete
        ),
        newest as (
            select account, max(run_id) as run_id from loaded group by account
        ),
        baseline as (
            select account, max(run_id) as run_id from complete where as_of_at < ? group by account
        )
        select
            newest.account,
            newest.run_id,
            ours.as_of_at,
            ours.is_complete,
            newest.run_id <> ? as is_stale,
            list_contains(cast(? as varchar[]), newest.account) as is_configured,
            baseline.run_id as baseline_run_id,
            theirs.as_of_at as baseline_as_of_at
        from newest
        join loaded as ours on ours.account = newest.account and ours.run_id = newest.run_id
        left join baseline on baseline.account = newest.account
        left join complete as theirs on theirs.account = baseline.account and theirs.run_id = baseline.run_id
        """,
        (run_id, starts_at, run_id, list(configured)),
    )


def judge_on(warehouse: Warehouse, day: date) -> None:
    """Let the dated rules of `day` judge everything in the current run, not each thing by its own day."""
    warehouse.execute("update meta.current_run set rules_on = ?", (day,))


def set_as_of(warehouse: Warehouse, day: date) -> None:
    """Say that the current run stands for `day`, for which it was asked later."""
    warehouse.execute("update meta.current_run set as_of_on = ?", (day,))


def set_policy(warehouse: Warehouse, policy: Policy) -> None:
    """The policy as rules.policy (one row), rules.business_unit_mapping and rules.freezes."""
    warehouse.execute("delete from rules.policy")
    row = _policy_row(policy)
    values = ", ".join(f"? as {name}" for name in row)
    warehouse.execute(f"insert into rules.policy by name select {values}", tuple(row.values()))
    warehouse.execute("delete from rules.business_unit_mapping")
    for rule in policy.business_units:
        kind, value = rule.kind_and_value
        first, last = _ends(value) if kind == "network" else (None, None)
        warehouse.execute(
            "insert into rules.business_unit_mapping by name select ? as kind, ? as value, ? as business_unit,"
            " ? as first_ip, ? as last_ip",
            (kind, value, rule.name, first, last),
        )
    warehouse.execute("delete from rules.freezes")
    for freeze in policy.freezes:
        warehouse.execute("insert into rules.freezes values (?, ?, ?)", (freeze.name, freeze.from_on, freeze.to_on))


def _policy_row(policy: Policy) -> dict[str, object]:
    """The columns of rules.policy."""
    return {
        "protection_target": policy.targets.protection,
        "automation_target": policy.targets.automation,
        "manual_30d_target": policy.targets.manual_30d,
        "expired_target": policy.targets.expired,
        "renew_days": policy.renew_days,
        "owner_tag_prefix": policy.owner_tag_prefix,
        "drift_fields": policy.drift.fields,
        "drift_values": policy.drift.values,
        "shrink_warn": policy.shrink_warn,
        "shrink_stop": policy.shrink_stop,
        "multi_year_profiles": list(policy.multi_year_profiles),
        "lead_days": policy.lead_days,
        "renewal_window_days": policy.renewal_window_days,
        "batch": policy.batch,
        "cycle_hours": policy.cycle_hours,
        "approved_cas": list(policy.approved_cas),
        "off_hours_before": policy.off_hours.before,
        "off_hours_from": policy.off_hours.from_,
        "off_days": [WEEKDAYS.index(day) + 1 for day in policy.off_hours.days],
        "sla_critical_days": policy.sla_days.critical,
        "sla_high_days": policy.sla_days.high,
        "sla_medium_days": policy.sla_days.medium,
        "sla_low_days": policy.sla_days.low,
    }


def set_lists(warehouse: Warehouse, folder: Path) -> None:
    """The optional lists beside tlm.toml in `folder`: waivers.csv as raw.waivers, pci.csv as raw.pci_inventory.

    ConfigurationError names file and line of what is wrong in them.
    """
    waivers, entries = read_waivers(folder), read_pci(folder)
    warehouse.execute("delete from raw.waivers")
    for waiver in waivers:
        warehouse.execute("insert into raw.waivers values (?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(waiver))
    warehouse.execute("delete from raw.pci_inventory")
    for entry in entries:
        warehouse.execute("insert into raw.pci_inventory values (?, ?, ?, ?)", msgspec.structs.astuple(entry))


def _ends(network: str) -> tuple[str, str]:
    """First and last address of a CIDR as 32 hexadecimal digits, IPv4 in its mapped form (::ffff:a.b.c.d)."""
    net = ipaddress.ip_network(network)
    mapped = 0xFFFF << 32 if net.version == 4 else 0
    return f"{int(net[0]) | mapped:032x}", f"{int(net[-1]) | mapped:032x}"
