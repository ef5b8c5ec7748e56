"""Section 4: what a person must renew, and by when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pipeline.report import words
from pipeline.report.contents import Block, Caption, Cell, Charts, Column, Lede, Row, Section, State, Table
from pipeline.report.figures import WEEKS, Calendar, Day, PartRow, Parts, Segment, Week
from pipeline.report.source import LIST_ROWS, Source, end_cell, name_cell, port_cell, word_cell

_NEAR = (
    ("expired", "expired"),
    ("d0_7", "0 to 7 days"),
    ("d8_14", "8 to 14"),
    ("d15_30", "15 to 30"),
    ("d31_60", "31 to 60"),
    ("d61_90", "61 to 90"),
)
_RELATIVE = (
    ("under_10pct", "under 10 % of life"),
    ("under_third", "10 % to a third"),
    ("under_half", "a third to half"),
    ("rest", "half or more"),
)
_WITHIN_30 = ("d0_7", "d8_14", "d15_30")
_HOT = {"expired", *_WITHIN_30}
_DAYS_AHEAD = 30
_FREEZE_NAME = 24


@dataclass(frozen=True, slots=True)
class _Freeze:
    name: str
    from_on: date
    to_on: date

    def holds(self, on: date) -> bool:
        return self.from_on <= on <= self.to_on


def expiry_section(source: Source) -> Section:
    """Section 4; where no endpoint has a certificate it says so."""
    buckets = {r["expiry_bucket"]: r for r in source.rows("expiry_buckets")}
    by_hand = source.rows("expiring_by_hand")
    freezes = tuple(
        _Freeze(words.cut_name(r["name"])[0], r["from_on"], r["to_on"])
        for r in sorted(source.rows("freezes"), key=lambda r: (r["from_on"], r["name"]))
    )
    lede = _lede(buckets, by_hand, freezes)
    if source.is_incomplete:  # what was not read may turn it around
        lede = replace(lede, before=f"Among what was read: {lede.before}")
    if not buckets:
        nothing = State("None", "0 endpoints have a certificate, so nothing can end.", is_quiet=True)
        block = Block("Days left", "", nothing, source.query("4.1", "expiry_buckets"))
        return Section(4, "expiry", "Expiry", "Expiry", lede, (block,))
    blocks = (
        _days_left(source, buckets),
        _lifetime_left(source),
        _calendar(source, freezes),
        _no_longer_valid(source),
        _by_hand(source, by_hand),
        _not_deployed(source),
    )
    return Section(4, "expiry", "Expiry", "Expiry", lede, blocks)


def _lede(buckets: dict[str, Any], by_hand: list[dict[str, Any]], freezes: tuple[_Freeze, ...]) -> Lede:
    soon = sum(buckets[key]["endpoints"] for key in _WITHIN_30 if key in buckets)
    hand = len(by_hand)
    if not buckets:
        return Lede("", "No endpoint has a certificate", " that could end.")
    expired = buckets["expired"]["endpoints"] if "expired" in buckets else 0
    behind = (
        f" {words.count(expired, 'endpoint')} {'has' if expired == 1 else 'have'} passed the date already."
        if expired
        else ""
    )
    if soon == 0:
        return Lede("", "No certificate in use ends within 30 days.", behind)
    before = f"{words.count(soon, 'endpoint')} {'needs' if soon == 1 else 'need'} a new certificate within 30 days. "
    frozen = sum(1 for r in by_hand if any(freeze.holds(r["expires_on"]) for freeze in freezes))
    if hand == 0:
        return Lede(before, f"Automation handles {'it' if soon == 1 else 'all of them'}.", behind)
    person = f"{words.number(hand)} {'needs' if hand == 1 else 'need'} a person"
    fact = f"Automation handles {words.number(soon - hand)} of them; {person}"
    if hand == soon:
        fact = "Automation handles none of them"
    if frozen:
        return Lede(
            before,
            f"{fact},",
            f" and {words.spelled(frozen)} of those {'falls' if frozen == 1 else 'fall'} into a change freeze.",
        )
    return Lede(before, f"{fact}.", behind)


def _days_left(source: Source, buckets: dict[str, Any]) -> Block:
    def pair(key: str) -> tuple[int, int]:
        record = buckets.get(key)
        return (record["endpoints"], record["by_hand"]) if record else (0, 0)

    rows = tuple(PartRow(label, *pair(key), is_hot=key in _HOT) for key, label in _NEAR)
    near = sum(row.everything for row in rows)
    far, undated = pair("over_90"), pair("unknown")
    total = near + far[0] + undated[0]
    strip = (
        Segment(f"up to 90 days: {words.number(near)}", near),
        Segment(f"over 90: {words.number(far[0])}, {words.number(far[1])} by hand", far[0]),
        *((Segment(f"undated: {words.number(undated[0])}", undated[0]),) if undated[0] else ()),
    )
    told = "; ".join(f"{row.label} {words.number(row.everything)}, {words.number(row.part)}" for row in rows)
    title = (
        f"Endpoints by days left, all and by hand. {told}; over 90 days {words.number(far[0])}, {words.number(far[1])};"
        f" unknown {words.number(undated[0])}, {words.number(undated[1])}; {words.number(total)} in all"
    )
    note = (
        f"{words.count(total, 'endpoint')} with a certificate. The strip shows all of them; the bars draw those up to "
        "90 days larger. Dark part: not managed, so renewed by hand."
    )
    query = source.query("4.1", "expiry_buckets")
    return Block("Days left", note, Charts((Parts(title, ("all", "by hand"), rows, strip),)), query)


def _lifetime_left(source: Source) -> Block:
    found = {r["relative_expiry_bucket"]: (r["endpoints"], r["by_hand"]) for r in source.rows("expiry_relative")}
    query = source.query("4.2", "expiry_relative")
    rows = tuple(PartRow(label, *found.get(key, (0, 0))) for key, label in _RELATIVE)
    total = sum(row.everything for row in rows)
    if not total:
        sentence = "No certificate in use has both dates and time left."
        return Block("Share of lifetime left", "", State("None", sentence, is_quiet=True), query)
    told = "; ".join(f"{row.label} {words.number(row.everything)}, {words.number(row.part)}" for row in rows)
    note = (
        f"A fixed number of days says little about a 47-day certificate. {words.count(total, 'endpoint')} whose "
        "certificate has both dates and has not expired."
    )
    figure = Parts(f"Endpoints by share of lifetime left, all and by hand. {told}", ("all", "by hand"), rows)
    return Block("Share of lifetime left", note, Charts((figure,)), query)


def _calendar(source: Source, freezes: tuple[_Freeze, ...]) -> Block:
    records = {r["expires_on"]: r for r in source.rows("expiry_calendar")}
    today = source.local_day(source.as_of_at)
    monday = today - timedelta(days=today.weekday())
    weeks = []
    for number in range(WEEKS):
        first = monday + timedelta(weeks=number)
        days = tuple(_day(first + timedelta(days=i), records, today, freezes) for i in range(7))
        begins = [f for f in freezes if first <= max(f.from_on, monday) < first + timedelta(weeks=1)]
        freeze = f"freeze: {begins[0].name[:_FREEZE_NAME]}" if begins else ""
        weeks.append(Week(f"W{first.isocalendar().week:02d}", words.day(first), days, freeze))
    query = source.query("4.3", "expiry_calendar")
    total = sum(week.count for week in weeks)
    last = monday + timedelta(days=7 * WEEKS - 1)
    if not total:
        sentence = f"No certificate in use ends between {words.day(today)} and {words.day(last)} {last.year}."
        return Block("Thirteen weeks ahead", "", State("None", sentence, is_quiet=True), query)
    first_day, last_day = (f"{words.weekday(on)} {words.day(on)} {on.year}" for on in (monday, last))
    told = ", ".join(f"{week.name} {words.number(week.count)} ({words.number(week.by_hand)} by hand)" for week in weeks)
    ordered = sorted(records.values(), key=lambda r: r["expires_on"])
    source.attach("expiry-calendar.csv", "Endings per day", ordered, ("expires_on", "endpoints", "by_hand"))
    weekend = sum(r["endpoints"] for r in ordered if r["expires_on"] >= today and r["expires_on"].weekday() > 4)
    note = (
        f"Endpoints whose certificate ends on that day, {words.number(total)} from today on. Darker is more. The bar "
        "under a figure is the share to be renewed by hand, in colour up to 30 days. "
    )
    frozen = [r for r in ordered if r["expires_on"] >= today and any(f.holds(r["expires_on"]) for f in freezes)]
    if freezes:
        held, hand = sum(r["endpoints"] for r in frozen), sum(r["by_hand"] for r in frozen)
        note += (
            f"Outlined: the policy’s change freezes, with {words.count(held, 'ending')}, {words.number(hand)} by hand. "
        )
    note += f"{words.number(weekend)} {'falls' if weekend == 1 else 'fall'} on a Saturday or Sunday. "
    note += (
        f"Every day: expiry-calendar.csv. Days of the calendar in {source.zone.key}; ends in lists in UTC, as in the "
        "certificate."
    )
    figure = Calendar(f"Expirations per day, {first_day} to {last_day}. Per week: {told}", tuple(weeks))
    return Block("Thirteen weeks ahead", note, Charts((figure,)), query, is_wide=True)


def _day(on: date, records: dict[date, Any], today: date, freezes: tuple[_Freeze, ...]) -> Day | None:
    if on < today:
        return None  # what ended before is expired, and counted there
    record = records.get(on)
    outline = [False, False, False, False]
    for freeze in freezes:
        if freeze.holds(on):
            beside = (
                on.weekday() > 0 and freeze.holds(on - timedelta(days=1)),
                freeze.holds(on + timedelta(days=7)),
                on.weekday() < 6 and freeze.holds(on + timedelta(days=1)),  # Sunday is the last row
                freeze.holds(on - timedelta(days=7)) and on - timedelta(days=7) >= today,
            )
            outline = [side or not same for side, same in zip(outline, beside, strict=True)]
    top, right, bottom, left = outline
    return Day(
        count=int(record["endpoints"]) if record else 0,
        by_hand=int(record["by_hand"]) if record else 0,
        is_hot=(on - today).days <= _DAYS_AHEAD,
        outline=(top, right, bottom, left),
    )


def _days_since(ended_at: datetime, as_of_at: datetime) -> str:
    """Whole days since a certificate ended: not the negative of days_left, which is rounded down to the day before."""
    days = (as_of_at - ended_at).days
    return words.number(days) if days > 0 else "under 1"


def _no_longer_valid(source: Source) -> Block:
    records = source.rows("no_longer_valid")
    query = source.query("4.4", "no_longer_valid")
    title = "Expired or revoked, still served"
    total = source.now("coverage.automation").pair[1]
    if not records:
        sentence = f"0 of {words.count(total, 'endpoint')} serve an expired or revoked certificate."
        return Block(title, "", State("None", sentence, is_quiet=True), query)
    file = source.attach("no-longer-valid.csv", title, records, tuple(c for c in records[0] if c != "list_no"))
    rows = []
    for r in records[:LIST_ROWS]:
        ended_at = r["valid_to_at"] if r["is_expired"] else None
        why = " and ".join(
            word for word, holds in (("revoked", r["is_revoked"]), ("expired", r["is_expired"])) if holds
        )
        is_managed = r["automation_state"] == "managed"
        rows.append(
            Row(
                (
                    name_cell(r["name"]),
                    port_cell(r["port"]),
                    word_cell(r["business_unit"]),
                    word_cell(r["issuing_ca"]),
                    Cell(why, "hot"),
                    end_cell(r["valid_to_at"]),
                    Cell(_days_since(ended_at, source.as_of_at), "bold") if ended_at else Cell("–", "soft"),
                    Cell("automation" if is_managed else "a person", "soft" if is_managed else ""),
                )
            )
        )
    expired = sum(1 for r in records if r["is_expired"])
    revoked = sum(1 for r in records if r["is_revoked"])
    table = Table(
        Caption(
            f"{words.number(len(rows))} of {words.number(len(records))}", ", revoked first, then longest expired", file
        ),
        (
            Column("Endpoint", 32),
            Column("Port", 5, right=True),
            Column("Business unit", 12),
            Column("Issuing CA", 14),
            Column("Why", 8),
            Column("Ended or ends", 12),
            Column("Days since", 7, right=True),
            Column("Renewed by", 10),
        ),
        tuple(rows),
    )
    note = (
        f"Clients should refuse these: {words.number(expired)} expired, {words.number(revoked)} revoked, of "
        f"{words.count(total, 'endpoint')} with a certificate."
    )
    return Block(title, note, table, query, anchor="no-longer-valid", is_wide=True)


def _by_hand(source: Source, records: list[dict[str, Any]]) -> Block:
    query = source.query("4.5", "expiring_by_hand")
    title = "Ending in 30 days, by hand"
    soon = source.now("expiry.manual_30d").pair[1]
    if not records:
        sentence = (
            f"0 of the {words.count(soon, 'endpoint')} with 0 to 30 days left need a person: automation renews them."
        )
        if not soon:
            sentence = "0 endpoints have 0 to 30 days left."
        return Block(title, "", State("None", sentence, is_quiet=True), query, anchor="by-hand")
    prefix = source.policy["owner_tag_prefix"]
    columns = tuple(c for c in records[0] if c not in ("list_no", "expires_on"))  # the end itself is valid_to_at
    file = source.attach("by-hand.csv", title, records, columns)
    rows = []
    for r in records[:LIST_ROWS]:
        owners = sorted(tag.removeprefix(prefix) for tag in r["tags"] or () if tag.startswith(prefix))
        rows.append(
            Row(
                (
                    name_cell(r["name"]),
                    port_cell(r["port"]),
                    word_cell(r["business_unit"]),
                    word_cell(r["issuing_ca"]),
                    Cell(words.weekday_and_date(r["valid_to_at"].date())),
                    Cell(words.number(r["days_left"]), "bold"),
                    word_cell(", ".join(owners), "no owner"),
                    Cell("yes" if r["can_enrol"] else "no"),
                )
            )
        )
    table = Table(
        Caption(f"{words.number(len(rows))} of {words.number(len(records))}", ", fewest days first", file),
        (
            Column("Endpoint", 30),
            Column("Port", 5, right=True),
            Column("Business unit", 12),
            Column("Issuing CA", 14),
            Column("Ends", 15),
            Column("Days", 4, right=True),
            Column("Owner", 13),
            Column("Can enrol", 7),
        ),
        tuple(rows),
    )
    note = (
        "Not managed, 0 to 30 days left. “Can enrol”: automation reaches the endpoint; where it says no, somebody "
        "needs access to the host."
    )
    return Block(title, note, table, query, anchor="by-hand", is_wide=True)


def _days_left_cell(days: int | None) -> Cell:
    if days is None:
        return Cell("–", "soft")
    return Cell(words.number(days), "bold") if days >= 0 else Cell("expired", "hot")


def _not_deployed(source: Source) -> Block:
    records = source.rows("renewed_not_deployed")
    query = source.query("4.6", "renewed_not_deployed")
    title = "Renewed, not deployed"
    total = source.now("coverage.automation").pair[1]
    if not records:
        sentence = f"0 of {words.count(total, 'endpoint')} serve a certificate whose successor lies unused."
        return Block(title, "", State("None", sentence, is_quiet=True), query, anchor="renewed-not-deployed")
    file = source.attach("renewed-not-deployed.csv", title, records, tuple(c for c in records[0] if c != "list_no"))
    rows = [
        Row(
            (
                name_cell(r["name"]),
                port_cell(r["port"]),
                word_cell(r["business_unit"]),
                word_cell(r["common_name"]),
                end_cell(r["valid_to_at"]),
                _days_left_cell(r["days_left"]),
            )
        )
        for r in records[:LIST_ROWS]
    ]
    table = Table(
        Caption(f"{words.number(len(rows))} of {words.number(len(records))}", ", fewest days first", file),
        (
            Column("Endpoint", 33),
            Column("Port", 5, right=True),
            Column("Business unit", 13),
            Column("Common name", 30),
            Column("Old one ends", 11),
            Column("Days left", 8, right=True),
        ),
        tuple(rows),
    )
    note = "A newer certificate of the same name is in the account and on no endpoint: install it, or say why not."
    return Block(title, note, table, query, anchor="renewed-not-deployed", is_wide=True)
