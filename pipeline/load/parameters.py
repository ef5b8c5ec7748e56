"""What the models take as given: the run that is being built, its accounts with their baselines, and the policy.

Parameters are tables, so that any model can be pasted into a shell and run.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline import __version__
from pipeline.policy import Policy
from pipeline.warehouse.duck import Warehouse


def week_start(as_of_at: datetime, zone: ZoneInfo) -> datetime:
    """Monday 00:00 in `zone` of the ISO week of `as_of_at` (aware), as naive UTC."""
    day = as_of_at.astimezone(zone).date()
    monday = datetime.combine(day - timedelta(days=day.weekday()), time(), zone)
    return monday.astimezone(UTC).replace(tzinfo=None)


def set_run(warehouse: Warehouse, run_id: str, as_of_at: datetime, zone: ZoneInfo) -> None:
    """Make `run_id` the current run: one row in meta.current_run, one in meta.build_accounts for each known account.

    Reads meta.runs, so the manifests of this run must be recorded first. An account without a complete run is not
    known yet; one whose newest complete run is an older one is stale. A run that was accepted as it is counts as the
    newest, never as the baseline.
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
            select account, run_id, as_of_at from meta.runs where (is_complete or is_accepted) and run_id <= ?
        ),
        complete as (
            select account, run_id, as_of_at from meta.runs where is_complete and run_id <= ?
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
            newest.run_id <> ? as is_stale,
            baseline.run_id as baseline_run_id,
            theirs.as_of_at as baseline_as_of_at
        from newest
        join loaded as ours on ours.account = newest.account and ours.run_id = newest.run_id
        left join baseline on baseline.account = newest.account
        left join complete as theirs on theirs.account = baseline.account and theirs.run_id = baseline.run_id
        """,
        (run_id, run_id, starts_at, run_id),
    )


def set_policy(warehouse: Warehouse, policy: Policy) -> None:
    """The policy as rules.policy (one row), rules.business_unit_mapping and rules.freezes."""
    warehouse.execute("delete from rules.policy")
    warehouse.execute(
        "insert into rules.policy by name select ? as protection_target, ? as automation_target,"
        " ? as manual_30d_target, ? as expired_target, ? as renew_days, ? as owner_tag_prefix, ? as shrink_warn,"
        " ? as shrink_stop, ? as multi_year_profiles",
        (
            policy.targets.protection,
            policy.targets.automation,
            policy.targets.manual_30d,
            policy.targets.expired,
            policy.renew_days,
            policy.owner_tag_prefix,
            policy.shrink_warn,
            policy.shrink_stop,
            list(policy.multi_year_profiles),
        ),
    )
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


def _ends(network: str) -> tuple[str, str]:
    """First and last address of a CIDR as 32 hexadecimal digits, IPv4 in its mapped form (::ffff:a.b.c.d)."""
    net = ipaddress.ip_network(network)
    mapped = 0xFFFF << 32 if net.version == 4 else 0
    return f"{int(net[0]) | mapped:032x}", f"{int(net[-1]) | mapped:032x}"
