"""Section 5: how long what has been open, with no certificate, discovery error and unspecified kept apart."""

from __future__ import annotations

from typing import Any

from pipeline.report import words
from pipeline.report.contents import Block, Caption, Cell, Charts, Column, Kind, Kinds, Lede, Row, Section, State, Table
from pipeline.report.figures import Bar, Bars
from pipeline.report.source import LIST_ROWS, Source, date_cell, name_cell, number_cell, port_cell, word_cell

_KINDS = (
    ("none", "No certificate", "The API says so. Counts against protection."),
    ("discovery_error", "Discovery error", "The scan failed, so nobody knows. Outside protection; a scanner task."),
    ("unspecified", "Unspecified", "In the unsecured category without a reason. Counts against protection."),
)
_AGES = (
    ("age_0_7", "0 to 7 days"),
    ("age_8_30", "8 to 30 days"),
    ("age_31_90", "31 to 90 days"),
    ("age_over_90", "over 90 days"),
)
_FIRST_DAYS = {"age_0_7": 0, "age_8_30": 8, "age_31_90": 31, "age_over_90": 91}
_REASONS = 8
_SENSORS = 2


def unsecured_section(source: Source) -> Section:
    """Section 5; an account without endpoints gets one sentence."""
    if not source.now("inventory.endpoints").numerator:
        nothing = State("None", "0 endpoints: none can be unsecured.", is_quiet=True)
        block = Block("Unsecured", "", nothing, source.query("5.1", "trend"))
        lede = Lede("", "There is no endpoint", " that could be without a certificate.")
        return Section(5, "unsecured", "Unsecured", "Unsecured", lede, (block,))
    everything = source.rows("unsecured")
    counted = [r for r in everything if r["protection"] != "discovery_error"]
    errors = len(everything) - len(counted)
    by_unit = source.rows("unsecured_by_unit")
    found = {r["age_bucket"]: r["endpoints"] for r in source.rows("unsecured_ageing")}
    ages = {key: found.get(key, 0) for key, _ in _AGES}
    file = source.attach(
        "unsecured.csv",
        "Endpoints without a known certificate",
        everything,
        tuple(name for name in (everything[0] if everything else {}) if name != "list_no"),
    )
    blocks = [_kinds(source), _ageing(source, ages, by_unit)]
    if errors:
        blocks.append(_errors(source, errors))
    if by_unit:
        blocks.append(_by_unit(source, by_unit, file))
    if counted:
        blocks.append(_oldest(source, counted, file))
    return Section(5, "unsecured", "Unsecured", "Unsecured", _lede(source, len(counted), ages, errors), tuple(blocks))


def _lede(source: Source, counted: int, ages: dict[str, int], errors: int) -> Lede:
    after = ""
    if errors:
        another = "Another " if counted else ""
        after = f" {another}{words.number(errors)} could not be read: a scanner’s problem, no proof of exposure."
    known = source.history_days
    if errors and counted and known <= 90:  # the sentence about the history needs the room
        after = f" Another {words.number(errors)} could not be read."
    if not counted:
        return Lede("", "Every endpoint that could be read has a certificate.", after)
    before = f"{words.count(counted, 'endpoint')} {'has' if counted == 1 else 'have'} no certificate that we know of"
    limit = next((days for days in (90, 30, 7) if known > days), 0)
    if not known:
        return Lede(f"{before}; ", "this is the first day that we look, so nobody can say for how long.", after)
    if not limit:
        length = words.count(known, "day")
        return Lede(f"{before}; ", f"our history of {length} is too short to say for how long.", after)
    over = sum(ages[key] for key, first in _FIRST_DAYS.items() if first > limit)
    # nobody can be older than our own history, so a short one is said with the number
    span = f"{limit} days" if known > 90 else f"{limit} of the {known} days that we know"
    who = {0: "none of them", counted: "all of them" if counted > 1 else "and so"}.get(
        over, f"{words.number(over)} of them"
    )
    return Lede(f"{before}, ", f"{who} for more than {span}.", after)


def _kinds(source: Source) -> Block:
    items = []
    for key, title, note in _KINDS:
        metric = f"unsecured.{key}"
        now, then = source.now(metric), source.then(metric)
        change = f", {words.signed(now.numerator - then.numerator)} {source.since}" if then else ""
        share = f"{words.share(*now.pair)} of {words.number(now.pair[1])}{change}"
        spark = source.spark(title, metric, size=(38, 8), is_hot=False)
        items.append(Kind(title, words.number(now.numerator), share, spark, note))
    total = source.now("inventory.endpoints").numerator
    bars = f" Bars: {source.weeks_head}." if len(source.weeks) > 1 else ""
    note = f"Each of all {words.count(total, 'endpoint')}.{bars}"
    return Block("Three kinds, kept apart", note, Kinds(tuple(items)), source.query("5.1", "trend"))


def _ageing(source: Source, ages: dict[str, int], by_unit: list[dict[str, Any]]) -> Block:
    query = source.query("5.2", "unsecured_ageing")
    total = sum(ages.values())
    if not total:
        everything = words.count(source.now("inventory.endpoints").numerator, "endpoint")
        sentence = f"0 of {everything} are without a known certificate."
        return Block("How long already", "", State("None", sentence, is_quiet=True), query)
    worst = min(by_unit, key=lambda r: (-r["over_90_days"], r["business_unit"]))
    rows = []
    for key, label in _AGES:
        remark = words.share(ages[key], total)
        if key == "age_over_90" and ages[key] > worst["over_90_days"] > 0:
            remark += f", {words.number(worst['over_90_days'])} in {words.cut_name(worst['business_unit'])[0]}"
        rows.append(Bar(label, ages[key], remark, is_hot=key == "age_over_90"))
    told = ", ".join(f"{bar.label} {words.number(bar.count)}" for bar in rows)
    note = "No certificate or unspecified, by whole days since first seen so without a break. "
    note += f"{words.number(total)} in all."
    if not source.history_days:
        note += " Our history begins today: nothing can be older."
    elif source.history_days <= 90:
        note += f" Our history is {words.count(source.history_days, 'day')} long: nothing can be older."
    figure = Bars(f"Unsecured by age: {told} of {words.number(total)}", tuple(rows))
    return Block("How long already", note, Charts((figure,)), query)


def _errors(source: Source, total: int) -> Block:
    sensors: dict[str, list[tuple[int, str]]] = {}
    records = source.rows("discovery_errors")
    for r in records:
        sensors.setdefault(r["reason"], []).append((r["endpoints"], words.cut_name(r["sensor_name"])[0]))
    sizes = {reason: sum(n for n, _ in found) for reason, found in sensors.items()}
    reasons = sorted(sensors, key=lambda reason: (-sizes[reason], reason))
    rows = []
    for reason in reasons[:_REASONS]:
        found = sorted(sensors[reason], key=lambda item: (-item[0], item[1]))
        seen = ", ".join(f"{name} ({words.number(n)})" for n, name in found[:_SENSORS])
        if len(found) > _SENSORS:
            rest = sum(n for n, _ in found[_SENSORS:])
            others = len(found) - _SENSORS
            seen += f", {words.number(others)} {'other' if others == 1 else 'others'} ({words.number(rest)})"
        rows.append(Row((word_cell(reason), Cell(words.number(sizes[reason]), "bold"), Cell(seen))))
    shown = sum(sizes[reason] for reason in reasons[:_REASONS])
    columns = ("reason", "sensor_name", "endpoints")
    ordered = sorted(records, key=lambda r: (-r["endpoints"], r["reason"], r["sensor_name"]))
    file = source.attach("discovery-errors.csv", "Discovery errors by reason and sensor", ordered, columns)
    table = Table(
        Caption(words.of(shown, total), ", most frequent first", file),
        (Column("Reason", 34), Column("Endpoints", 12, right=True), Column("Seen by", 54)),
        tuple(rows),
    )
    note = "By the scanner’s own words. No proof of anything until the scan works."
    return Block("Discovery errors", note, table, source.query("5.3", "discovery_errors"))


def _by_unit(source: Source, records: list[dict[str, Any]], file: str) -> Block:
    records = sorted(records, key=lambda r: (-r["together"], -r["discovery_errors"], r["business_unit"]))
    keys = ("without", "unspecified", "together", "over_90_days", "discovery_errors")
    rows = [
        Row((word_cell(r["business_unit"]), *(number_cell(r[k], "bold" if k == "together" else "") for k in keys)))
        for r in records[:LIST_ROWS]
    ]
    rows.append(Row((Cell("All"), *(Cell(words.number(sum(r[k] for r in records))) for k in keys)), "sum"))
    count = f"{words.number(min(len(records), LIST_ROWS))} of {words.count(len(records), 'unit')}"
    table = Table(
        Caption(count, "", file),
        (
            Column("Business unit", 25),
            Column("None", 12, right=True),
            Column("Unspecified", 15, right=True),
            Column("Together", 14, right=True),
            Column("Over 90 days", 16, right=True),
            Column("Discovery error", 18, right=True),
        ),
        tuple(rows),
    )
    note = "Worst first, by endpoints that count against protection. Units without any are left out."
    return Block("By business unit", note, table, source.query("5.4", "unsecured_by_unit"))


def _oldest(source: Source, records: list[dict[str, Any]], file: str) -> Block:
    rows = [
        Row(
            (
                name_cell(r["name"]),
                port_cell(r["port"]),
                word_cell(r["business_unit"]),
                Cell(r["protection"]),
                date_cell(r["unsecured_since_at"], source),
                Cell(words.number(r["age_days"]), "bold") if r["age_days"] is not None else Cell("–", "soft"),
                word_cell(r["sensor_name"]),
                word_cell(r["os_name"]),
            )
        )
        for r in records[:LIST_ROWS]
    ]
    table = Table(
        Caption(f"{words.number(len(rows))} of {words.number(len(records))}", ", longest first", file),
        (
            Column("Endpoint", 31),
            Column("Port", 5, right=True),
            Column("Business unit", 12),
            Column("Kind", 10),
            Column("Since", 10),
            Column("Days", 4, right=True),
            Column("Seen by", 17),
            Column("System", 11),
        ),
        tuple(rows),
    )
    note = (
        "No certificate or unspecified, longest first. “Since” is the first of our runs that saw it so, and never "
        "earlier than our own history."
    )
    query = source.query("5.5", "unsecured")
    return Block("Oldest first", note, table, query, anchor="oldest", is_wide=True)
