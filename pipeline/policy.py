"""The organisation's policy: `policy.toml` beside `tlm.toml`, optional, every setting with a documented default.

It becomes the one-row table `rules.policy`, so that SQL reads it like every other rule.
"""

from __future__ import annotations

import ipaddress
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec

from pipeline.errors import ConfigurationError
from pipeline.toml_file import TomlFile, convert_error, read_toml

FILE_NAME = "policy.toml"
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
UNIT_KINDS = ("sensor", "agent", "connector", "network")
_CENTURY_DAYS = 36_500  # dates and products stay in the types of SQL
_MOST_ENDPOINTS = 1_000_000_000
Days = Annotated[int, msgspec.Meta(ge=0, le=_CENTURY_DAYS)]
Years = Annotated[int, msgspec.Meta(ge=0, le=100)]
Hours = Annotated[int, msgspec.Meta(ge=0, le=24 * _CENTURY_DAYS)]
Endpoints = Annotated[int, msgspec.Meta(ge=0, le=_MOST_ENDPOINTS)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


class Targets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the verdicts on page one compare with: shares for the first two, counts for the others."""

    protection: Share = 0.98
    automation: Share = 0.90
    manual_30d: Endpoints = 0
    expired: Endpoints = 0


class SlaDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days that a finding of a severity may be open; it is due on the day it was first seen plus these."""

    critical: Days = 1
    high: Days = 7
    medium: Days = 30
    low: Days = 90


class OffHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When nobody is at work, in the configured zone: before one time of day, from another, and on whole days."""

    before: time = time(6)
    from_: time = msgspec.field(default=time(20), name="from")
    days: tuple[Weekday, ...] = ("saturday", "sunday")


class Drift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a build does when data is not as it was or should be: tell it, or stop.

    `fields`: one that the contract does not know, or that is gone. `values`: what does not parse or is of another type.
    """

    fields: Literal["warn", "fail"] = "warn"
    values: Literal["warn", "fail"] = "warn"


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change freeze: both days (TOML dates) are inside."""

    name: str
    from_on: date
    to_on: date


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a run keeps its pages in the landing zone: each, then the last complete one of a week, of a month."""

    all_days: Annotated[int, msgspec.Meta(ge=1, le=_CENTURY_DAYS)] = 30
    weekly_years: Years = 2
    monthly_years: Years = 7


class LegalHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No run of these days is removed while this stands in the policy; both days are inside, without `to_on` no end."""

    reason: str
    from_on: date
    to_on: date | None = None


class UnitRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Endpoints of one sensor, agent, connector or network (exactly one; a network as CIDR) belong to `name`."""

    name: str
    sensor: str | None = None
    agent: str | None = None
    connector: str | None = None
    network: str | None = None

    @property
    def kind_and_value(self) -> tuple[str, str]:
        """("sensor", "s-1") and so on."""
        return next((kind, value) for kind in UNIT_KINDS if (value := getattr(self, kind)) is not None)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All policy settings.

    `business_units` say the unit of endpoints whose unit neither the endpoint nor its certificate says; sensors come
    before agents, connectors and networks. `batch` is in endpoints. `approved_cas` are names of issuing CAs or CA
    vendors; none means that all are approved.
    """

    targets: Targets = Targets()
    renew_days: Days = 30
    lead_days: Days = 30
    renewal_window_days: Days = 30
    batch: Annotated[int, msgspec.Meta(ge=1, le=_MOST_ENDPOINTS)] = 100
    cycle_hours: Hours = 4
    approved_cas: tuple[str, ...] = ()
    off_hours: OffHours = OffHours()
    sla_days: SlaDays = SlaDays()
    multi_year_profiles: tuple[str, ...] = ()
    owner_tag_prefix: str = "owner:"
    business_units: tuple[UnitRule, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    shrink_warn: Share = 0.10
    shrink_stop: Share = 0.50
    drift: Drift = Drift()
    retention: Retention = Retention()
    legal_holds: tuple[LegalHold, ...] = ()


def read_policy(folder: Path) -> Policy:
    """The policy of `folder`, or the defaults where there is no policy.toml."""
    place = folder / FILE_NAME
    try:
        file = read_toml(place)
    except FileNotFoundError:
        return Policy()
    try:
        policy = msgspec.convert(file.table, Policy)
    except msgspec.ValidationError as error:
        key, says = convert_error(error, Policy)
        msg = f"{file.at(key)}: {says}"
        raise ConfigurationError(msg) from None
    _check(policy, file)
    return policy


def _check(policy: Policy, file: TomlFile) -> None:
    _check_units(policy.business_units, file)
    if policy.shrink_warn > policy.shrink_stop:
        where = file.at("shrink_warn" if "shrink_warn" in file.table else "shrink_stop")
        msg = (
            f"{where}: shrink_warn ({policy.shrink_warn}) is above shrink_stop ({policy.shrink_stop}), so no build"
            " would ever warn; set shrink_warn to at most shrink_stop."
        )
        raise ConfigurationError(msg)
    for number, freeze in enumerate(policy.freezes):
        if freeze.to_on < freeze.from_on:
            where = file.at(f"freezes[{number}].to_on")
            msg = f'{where}: freeze "{freeze.name}" ends ({freeze.to_on}) before it begins ({freeze.from_on}).'
            raise ConfigurationError(msg)
    for number, hold in enumerate(policy.legal_holds):
        if not hold.reason.strip():
            where = file.at(f"legal_holds[{number}].reason")
            msg = f"{where}: legal_holds[{number}].reason is blank; say who asked for it or which case it is."
            raise ConfigurationError(msg)
        if hold.to_on is not None and hold.to_on < hold.from_on:
            where = file.at(f"legal_holds[{number}].to_on")
            msg = f'{where}: legal hold "{hold.reason}" ends ({hold.to_on}) before it begins ({hold.from_on}).'
            raise ConfigurationError(msg)


def _check_units(rules: tuple[UnitRule, ...], file: TomlFile) -> None:
    seen: dict[tuple[str, str], int] = {}
    for number, rule in enumerate(rules):
        given = [kind for kind in UNIT_KINDS if getattr(rule, kind) is not None]
        if len(given) != 1:
            kinds = ", ".join(UNIT_KINDS)
            where = file.at(f"business_units[{number}]")
            msg = f"{where}: business_units[{number}] needs exactly one of {kinds}; it has {given or 'none'}."
            raise ConfigurationError(msg)
        if rule.network is not None:
            try:
                ipaddress.ip_network(rule.network)
            except ValueError as error:
                where = file.at(f"business_units[{number}].network")
                msg = f"{where}: business_units[{number}].network: {error}; write e.g. 10.20.0.0/16."
                raise ConfigurationError(msg) from None
        first = seen.setdefault(rule.kind_and_value, number)
        if first != number:
            kind, value = rule.kind_and_value
            here, there = (file.at(f"business_units[{one}].{kind}") for one in (number, first))
            units = f'"{rule.name}" and in line {there.rpartition(" ")[2]} to "{rules[first].name}"'
            raise ConfigurationError(f'{here}: {kind} "{value}" is mapped to {units}; keep one of the two.')
