"""The counts, in polars: every metric of the headline groups as numerator and denominator, for all, each account, each unit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import polars as pl
from second_opinion.endpoints import OPEN
from second_opinion.items import Item, Snapshot, instant, text

Key = tuple[str, str, str | None, str | None, str | None]
"""Metric, scope, account, business unit, member."""
Counts = dict[Key, tuple[int, int | None]]

RATINGS = ("VERY_SECURE", "SECURE", "AT_RISK", "NOT_SECURE", "NOT_RATED")  # from best to worst; the last is no rating
MOVEMENTS = ("new", "removed", "reappeared", "renewed", "reissued", "replaced", "newly_unsecured", "newly_covered",
             "rating_worse", "unexplained")  # fmt: skip
SCHEMA = {
    "account": pl.String, "business_unit": pl.String, "endpoint_key": pl.String, "protection": pl.String,
    "automation_state": pl.String, "outcome": pl.String, "rating": pl.String, "discovered_at": pl.Datetime,
    "certificate_key": pl.String, "days_left": pl.Int64, "left": pl.Duration, "life": pl.Duration,
    "is_revoked": pl.Boolean, "is_owned_here": pl.Boolean, "is_owned": pl.Boolean, "waits": pl.Boolean,
    "unsecured_days": pl.Int64,
}  # fmt: skip


def count(snapshot: Snapshot, endpoints: list[Item]) -> Counts:
    """Inventory, coverage, expiry, unsecured, deployment and rating of one run."""
    frame = pl.DataFrame([_row(one) for one in endpoints], schema=SCHEMA)
    accounts = sorted(snapshot.lists)
    counts: Counts = {}
    for metric, (numerator, denominator) in _metrics(snapshot).items():
        for scope, group in _groups(frame, accounts):
            pair = group.select(n=numerator, d=pl.lit(0) if denominator is None else denominator).row(0)
            counts[metric, *scope, None] = (pair[0] or 0, None if denominator is None else pair[1] or 0)
    for scope, group in _groups(frame, accounts):
        rated = dict.fromkeys(RATINGS, 0) | dict(group.group_by("rating").len().iter_rows())
        counts |= {("rating", *scope, rating): (number, None) for rating, number in rated.items()}
        owned = pl.col("is_owned" if scope[0] == "all" else "is_owned_here")
        distinct = group.drop_nulls("certificate_key").unique("certificate_key")
        counts["inventory.ownership", *scope, None] = (distinct.filter(owned).height, distinct.height)
        told = [snapshot.announced[name] for name in accounts if scope[1] in (None, name)]
        member = "stale" if scope[1] in snapshot.stale else None
        counts["inventory.completeness", *scope, member] = (sum(x for x, _ in told), sum(y for _, y in told))
    return counts


def _row(one: Item) -> dict[str, Any]:
    left, life = one["part_left"] or (None, None)
    return {name: one.get(name) for name in SCHEMA} | {"left": left, "life": life}


def _groups(
    frame: pl.DataFrame, accounts: list[str]
) -> Iterator[tuple[tuple[str, str | None, str | None], pl.DataFrame]]:
    """The rows of each scope, with the scope's name: all, every account of the run, every unit with an endpoint in it."""
    yield ("all", None, None), frame
    for account in accounts:
        own = frame.filter(pl.col("account") == account)
        yield ("account", account, None), own
        for unit in own["business_unit"].unique().sort():
            yield ("business_unit", account, unit), own.filter(pl.col("business_unit") == unit)


def _metrics(snapshot: Snapshot) -> dict[str, tuple[pl.Expr, pl.Expr | None]]:
    """Numerator and denominator of each metric as the number of rows for which a condition holds; None: a plain count."""

    def rows(condition: pl.Expr) -> pl.Expr:
        return condition.fill_null(value=False).sum()

    def is_(*kinds: str) -> pl.Expr:
        return pl.col("protection").is_in(kinds)

    def days(first: int, last: int) -> pl.Expr:
        return has & pl.col("days_left").is_between(first, last)

    def open_for(first: int, last: int) -> pl.Expr:
        return is_(*OPEN) & pl.col("unsecured_days").is_between(first, last)

    ever = 10**6
    has, managed = is_("certificate"), pl.col("automation_state") == "managed"
    found = pl.col("discovered_at")
    fresh = (found > snapshot.as_of_at - timedelta(days=7)) & (found <= snapshot.as_of_at)
    left, life = pl.col("left"), pl.col("life")
    both = has & left.is_not_null()
    shares: dict[str, tuple[pl.Expr, pl.Expr | None]] = {
        "inventory.endpoints": (pl.len(), None),
        "inventory.certificates": (pl.col("certificate_key").drop_nulls().n_unique(), None),
        "inventory.fresh_7d": (rows(fresh), rows(found.is_not_null())),
        "coverage.protection": (rows(has), rows(is_("certificate", *OPEN))),
        "coverage.discovery_error": (rows(is_("discovery_error")), None),
        "coverage.automation": (rows(managed & has), rows(has)),
        "coverage.adoption": (rows(managed), rows(managed | (pl.col("automation_state") == "available"))),
        "coverage.failing": (rows(managed & pl.col("outcome").is_in(["failed", "attention"])), rows(managed)),
        "expiry.expired": (rows(days(-ever, -1)), rows(has)),
        "expiry.d0_7": (rows(days(0, 7)), rows(has)),
        "expiry.d8_14": (rows(days(8, 14)), rows(has)),
        "expiry.d15_30": (rows(days(15, 30)), rows(has)),
        "expiry.d31_60": (rows(days(31, 60)), rows(has)),
        "expiry.d61_90": (rows(days(61, 90)), rows(has)),
        "expiry.over_90": (rows(days(91, ever)), rows(has)),
        "expiry.unknown": (rows(has & pl.col("days_left").is_null()), rows(has)),
        "expiry.relative_under_10pct": (rows(both & (left * 10 < life)), rows(both)),
        "expiry.relative_under_third": (rows(both & (left * 10 >= life) & (left * 3 < life)), rows(both)),
        "expiry.relative_under_half": (rows(both & (left * 3 >= life) & (left * 2 < life)), rows(both)),
        "expiry.relative_rest": (rows(both & (left * 2 >= life)), rows(both)),
        "expiry.manual_30d": (rows(days(0, 30) & ~managed), rows(days(0, 30))),
        "deployment.revoked_installed": (rows(has & pl.col("is_revoked")), rows(has)),
        "deployment.renewed_not_deployed": (rows(has & pl.col("waits")), rows(has)),
    }
    for kind in ("none", "discovery_error", "unspecified"):
        shares[f"unsecured.{kind}"] = (rows(is_(kind)), pl.len())
    for name, first, last in (("0_7", 0, 7), ("8_30", 8, 30), ("31_90", 31, 90), ("over_90", 91, ever)):
        shares[f"unsecured.age_{name}"] = (rows(open_for(first, last)), rows(is_(*OPEN)))
    return shares


def count_movements(history: list[tuple[Snapshot, list[Item]]], baselines: dict[str, int]) -> Counts:
    """What moved in the newest run of `history` against each account's baseline, by its place in it; none: no rows.

    An account without one had nothing before, where another has one.
    """
    snapshot, endpoints = history[-1]
    now = {one["endpoint_key"]: one for one in endpoints}
    moved: list[tuple[str, str, str]] = []
    for account, baseline in baselines.items():
        then = {one["endpoint_key"]: one for one in history[baseline][1] if one["account"] == account}
        known = {one["endpoint_key"] for _, run in history[: baseline + 1] for one in run}
        told = _told(history, account, history[baseline][0])
        for key in sorted(then.keys() | {key for key, one in now.items() if one["account"] == account}):
            here = now.get(key) or then[key]
            moved += [
                (name, account, here["business_unit"])
                for name in _ways(now.get(key), then.get(key), key in known, told)
            ]
    if not baselines:
        return {}
    moved += [("new", one["account"], one["business_unit"]) for one in endpoints if one["account"] not in baselines]
    frame = pl.DataFrame(
        moved, schema={"movement": pl.String, "account": pl.String, "business_unit": pl.String}, orient="row"
    )
    places = pl.DataFrame(
        [(a, u) for a, u in {(x["account"], x["business_unit"]) for x in endpoints}],
        schema=["account", "business_unit"],
        orient="row",
    )
    counts: Counts = {}
    for (scope, account, unit), _ in _groups(places, sorted(snapshot.lists)):
        counts |= {(f"movement.{name}", scope, account, unit, None): (0, None) for name in MOVEMENTS}
    for scope, group in _groups(frame, sorted(snapshot.lists)):
        for name, number in group.group_by("movement").len().iter_rows():
            counts[f"movement.{name}", *scope, None] = (number, None)
    return counts


def _ways(now: Item | None, then: Item | None, is_known: bool, told: str) -> Iterator[str]:
    """In how many ways an endpoint has moved; `told` is all that the audit events of the interval say."""
    if then is None:
        yield "reappeared" if is_known else "new"
        return
    if now is None:
        yield "removed"
        return
    old, new = then["certificate_key"], now["certificate_key"]
    if old and new and old != new:
        ends = (then["end"], now["end"])
        yield "replaced" if None in ends or ends[1] < ends[0] else "reissued" if ends[1] == ends[0] else "renewed"
        names = {now["endpoint_id"]} | now["names"] | then["names"]
        if not any(_says(told, name) for name in names if name is not None):
            yield "unexplained"
    if then["protection"] == "certificate" and now["protection"] in OPEN:
        yield "newly_unsecured"
    if now["protection"] == "certificate" and then["protection"] in OPEN:
        yield "newly_covered"
    grades = [RATINGS.index(one["rating"]) if one["rating"] in RATINGS[:4] else None for one in (then, now)]
    if None not in grades and grades[1] > grades[0]:  # type: ignore[operator]
        yield "rating_worse"


def _told(history: list[tuple[Snapshot, list[Item]]], account: str, baseline: Snapshot) -> str:
    """The texts of the account's events after the baseline and up to the run, in upper case."""
    newest = history[-1][0].as_of_at
    said = []
    for snapshot, _ in history:
        for event in snapshot.lists.get(account, {}).get("audit_log", []):
            at = instant(event.get("timestamp"))
            if at is not None and baseline.as_of_at < at <= newest:
                data = event.get("data")
                data = json.dumps(data) if isinstance(data, dict | list) else data
                said += [text(event.get("resource_id")), event.get("description"), data]
    return "\n".join(one for one in said if one).upper()


def _says(told: str, name: str) -> bool:
    """Whether a name stands there as a word of its own, with or without colons."""
    pattern = rf"(?<![0-9A-Z_-]){re.escape(name.upper())}(?![0-9A-Z_-])"
    return re.search(pattern, told) is not None or re.search(pattern, told.replace(":", "")) is not None
