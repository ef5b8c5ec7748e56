"""Section 2: what changed since the baseline, and what nobody planned."""

from __future__ import annotations

from typing import Any

from pipeline.report import words
from pipeline.report.contents import Block, Body, Caption, Cell, Charts, Column, Lede, Row, Section, State, Table
from pipeline.report.figures import Bridge, Step
from pipeline.report.source import (
    LIST_ROWS,
    Source,
    end_cell,
    name_cell,
    port_cell,
    serial_cell,
    word_cell,
)

_MOVEMENTS = (
    ("new", "New", "never seen before"),
    ("reappeared", "Reappeared", "seen before, not last time"),
    ("removed", "Removed", "seen last time, not today"),
    ("renewed", "Renewed", "other certificate, later end"),
    ("reissued", "Reissued", "other certificate, same end"),
    ("replaced", "Replaced", "other certificate, earlier or unknown end"),
    ("newly_covered", "Newly covered", "had none, has one"),
    ("newly_unsecured", "Newly unsecured", "had one, has none"),
    ("rating_worse", "Rating worse", "rated both times"),
    ("unexplained", "Unexplained", "certificate changed, no event says why"),
)
_HOT = {"newly_unsecured", "unexplained"}
_RATINGS = ("VERY_SECURE", "SECURE", "AT_RISK", "NOT_SECURE", "NOT_RATED")
_SPARK = (25.5, 4.6)


def changes_section(source: Source) -> Section:
    """Section 2; without a baseline it says so and when it comes."""
    blocks: tuple[Block, ...]
    before = source.then("inventory.endpoints")
    if before is not None and before.numerator == 0 and source.now("inventory.endpoints").numerator == 0:
        lede = Lede("", "There was no endpoint at the baseline,", " and there is none now.")
        nothing = State("None", "0 endpoints moved, of 0 today and 0 at the baseline.", is_quiet=True)
        blocks = (Block("Movements", "", nothing, source.query("2.2", "movements")),)
    elif source.baseline is None:
        lede = Lede("This is the first week with a complete run. ", "What changed can be said from the second week on.")
        sentence = "Changes compare two weeks; there is one. They appear with the first run of another week."
        blocks = (Block("Nothing to compare with", "", State("No data", sentence, is_quiet=True)),)
    else:
        moved = {record["movement"]: record for record in source.rows("movements")}
        lede = _lede(source, {name: record["endpoints"] for name, record in moved.items()})
        blocks = (
            _in_and_out(source),
            _movements(source, moved),
            _ratings(source),
            _unexplained(source),
            _newly_unsecured(source),
        )
    title = f"Changes {source.since}" if source.baseline else "Changes"
    return Section(2, "changes", title, "Changes", lede, blocks)


def _lede(source: Source, moved: dict[str, int]) -> Lede:
    before = source.then("inventory.endpoints")
    now = source.now("inventory.endpoints").numerator
    grown = now - (before.numerator if before else now)
    if grown == 0:
        size = f"The estate still has {words.count(now, 'endpoint')}. "
    else:
        size = f"The estate {'grew' if grown > 0 else 'shrank'} by {words.count(abs(grown), 'endpoint')}. "
    size += _joined(source)
    lost = moved.get("newly_unsecured", 0)
    loss = f"{words.spelled(lost, start=True)} lost {'its' if lost == 1 else 'their'} certificate, and "
    if lost == 0:
        loss = "None lost its certificate, and "
    unexplained = len(source.rows("unexplained_changes"))
    changed = sum(moved.get(name, 0) for name in ("renewed", "reissued", "replaced"))
    if unexplained:
        fact = f"{words.count(unexplained, 'certificate')} changed without any event that explains it."
    elif source.not_judged:
        fact = f"why {words.count(source.not_judged, 'certificate')} changed is not known."
    elif changed:
        fact = "every changed certificate is explained by an event."
    else:
        fact = "no certificate changed."
    return Lede(size + loss, fact, f" {_without_events(source)}".rstrip())


def _without_events(source: Source) -> str:
    """Which exchanged certificates are not judged because the audit log was not read; empty when each is."""
    if not source.not_judged:
        return ""
    names = words.joined([words.clean(name) for name in source.accounts_without_events])
    count = words.count(source.not_judged, "changed certificate")
    verb = "is" if source.not_judged == 1 else "are"
    return f"The audit log of {names} was not read with this run: {count} there {verb} not judged."


def _joined(source: Source) -> str:
    """Whose endpoints are all new because the account has no baseline, as a sentence; empty when each has one."""
    names = [account["account"] for account in source.accounts if account["baseline_run_id"] is None]
    if not names:
        return ""
    count = sum(1 for r in source.rows("changes") if r["movement"] == "new" and r["account"] in names)
    which = "Account" if len(names) == 1 else "Accounts"
    was = "was" if len(names) == 1 else "were"
    whose = words.joined([words.clean(name) for name in names])
    return f"{which} {whose} {was} not there before: {words.count(count, 'endpoint')}, all new. "


def _in_and_out(source: Source) -> Block:
    row = source.one("endpoints_in_and_out")
    before, now = row["endpoints_before"] or 0, row["endpoints"] or 0
    steps = [
        Step("new", row["endpoints_new"]),
        Step("reappeared", row["endpoints_reappeared"]),
        Step("removed", -row["endpoints_removed"]),
    ]
    rest = now - before - sum(step.size for step in steps)
    if rest:  # what an accepted incomplete run did not see is not in its snapshot, and not recorded as removed
        steps.append(Step("not read", rest))
    named = ", ".join(f"{words.number(abs(step.size))} {step.name}" for step in steps)
    first, last = source.baseline, source.weeks[0]
    start, end = (source.local_day(week.as_of_at) if week else None for week in (first, last))
    figure = Bridge(
        title=f"Endpoints from {words.number(before)} to {words.number(now)}: {named}",
        start=before,
        start_words=f"{words.weekday(start)} {words.day(start)}" if start else "",
        end=now,
        end_words=f"{words.weekday(end)} {words.day(end)}" if end else "",
        steps=tuple(steps),
    )
    at = " ".join(words.instant(first.as_of_at, source.zone)) if first else ""
    note = f"Against the baseline, the run of {at}. Bars show the differences only."
    query = source.query("2.1", "endpoints_in_and_out")
    return Block("Endpoints in and out", note, Charts((figure,)), query)


def _movements(source: Source, moved: dict[str, dict[str, Any]]) -> Block:
    rows = []
    for key, name, meaning in _MOVEMENTS:
        if key not in moved:
            continue
        count, earlier = moved[key]["endpoints"], moved[key]["endpoints_before"]
        is_hot = key in _HOT and bool(count)
        spark = source.spark(name, f"movement.{key}", size=_SPARK, is_hot=is_hot)
        rows.append(
            Row(
                (
                    Cell(name, "bold", extra=meaning),
                    Cell("not judged", "soft") if count is None else Cell(words.number(count), "hot" if is_hot else ""),
                    Cell("–", "soft") if earlier is None or count is None else Cell(words.signed(count - earlier)),
                    Cell("", figure=spark) if spark else Cell("from the third week", "soft"),
                )
            )
        )
    everything = source.rows("changes")
    columns = tuple(name for name in (everything[0] if everything else {}) if name != "list_no")
    file = source.attach("changes.csv", "Every movement since the baseline", everything, columns)
    before = source.then("inventory.endpoints")
    count = f"Of {words.number(source.now('inventory.endpoints').numerator)} endpoints"
    rest = f" today and {words.number(before.numerator)} at the baseline" if before else ""
    table = Table(
        Caption(count, rest, file),
        (
            Column("Endpoints that moved", 56),
            Column("This week", 12, right=True),
            Column("Change", 10, right=True),
            Column(source.weeks_head.split(",")[0], 22, is_chart=True),
        ),
        tuple(rows),
    )
    note = "An endpoint can move in more than one way. Change: against the baseline’s own number. Dark: this week."
    return Block("Movements", note, table, source.query("2.2", "movements"))


def _ratings(source: Source) -> Block:
    pairs = {(r["rating_before"], r["rating"]): r["endpoints"] for r in source.rows("rating_changes")}
    query = source.query("2.3", "rating_changes")
    known = {pair: n for pair, n in pairs.items() if pair[0] in _RATINGS and pair[1] in _RATINGS}
    total = sum(known.values())
    if not total:
        sentence = "No endpoint is in both runs, so no rating can be compared."
        return Block("Security rating", "", State("None", sentence, is_quiet=True), query)
    rated = [(_RATINGS.index(a), _RATINGS.index(b), n) for (a, b), n in known.items() if "NOT_RATED" not in (a, b)]
    worse = sum(n for a, b, n in rated if b > a)
    better = sum(n for a, b, n in rated if b < a)
    rows = []
    for before in _RATINGS:
        cells = [Cell(_rating_words(before))]
        for after in _RATINGS:
            count = known.get((before, after), 0)
            is_worse = _RATINGS.index(after) > _RATINGS.index(before) and after != "NOT_RATED"
            tone = "soft" if before == after else "hot" if is_worse else "bold"
            cells.append(Cell(words.number(count), tone) if count else Cell("–", "soft"))  # type: ignore[arg-type]
        cells.append(Cell(words.number(sum(known.get((before, after), 0) for after in _RATINGS))))
        rows.append(Row(tuple(cells)))
    widths = (13, 13, 13, 13, 13, 14)
    heads = (*(_rating_words(rating) for rating in _RATINGS), "All")
    other = sum(pairs.values()) - total
    table = Table(
        Caption(f"{words.number(worse)} of {words.number(total)} rated worse", f", {words.number(better)} better"),
        (Column("At the baseline", 21), *(Column(h, w, right=True) for h, w in zip(heads, widths, strict=True))),
        tuple(rows),
    )
    note = "Down: at the baseline. Across: this week. Right of the diagonal is worse. Endpoints in both runs"
    note += f", less {words.number(other)} rated in other words." if other else "."
    return Block("Security rating", note, table, query)


def _rating_words(rating: str) -> str:
    return rating.replace("_", " ").capitalize()


def _unexplained(source: Source) -> Block:
    records = source.rows("unexplained_changes")
    query = source.query("2.4", "unexplained_changes")
    if not records and source.not_judged:
        return Block("Changed, unexplained", "", State("Not judged", _without_events(source)), query)
    if not records:
        total = words.count(source.now("inventory.endpoints").numerator, "endpoint")
        sentence = (
            f"0 of {total}: for every certificate that differs from the baseline’s, an audit event or a job names the "
            "endpoint or the certificate."
        )
        return Block("Changed, unexplained", "", State("None", sentence, is_quiet=True), query)
    columns = tuple(name for name in records[0] if name != "list_no")
    file = source.attach("unexplained-changes.csv", "Certificate changes that no event explains", records, columns)
    rows = [
        Row(
            (
                name_cell(r["name"]),
                port_cell(r["port"]),
                word_cell(r["business_unit"]),
                serial_cell(r["old_serial_number"]),
                serial_cell(r["new_serial_number"]),
                word_cell(r["issuing_ca"]),
                end_cell(r["new_valid_to_at"]),
            )
        )
        for r in records[:LIST_ROWS]
    ]
    table = Table(
        Caption(_n_of_m(records), ", first to end first; serials by their last 8 digits", file),
        (
            Column("Endpoint", 30),
            Column("Port", 6, right=True),
            Column("Business unit", 14),
            Column("Serial before", 12),
            Column("Serial now", 11),
            Column("Issuing CA", 16),
            Column("Ends", 11, right=True),
        ),
        tuple(rows),
    )
    unit, held = source.largest_unit("movement.unexplained")
    note = (
        "A certificate that differs from the baseline’s, while no audit event or job target names the endpoint, a "
        "thumbprint or a serial of either. Ask the owner"
    )
    note += f"; {words.of(held, len(records))} {'is' if held == 1 else 'are'} in {words.clean(unit)}." if unit else "."
    note = f"{note} {_without_events(source)}".rstrip()
    return Block("Changed, unexplained", note, table, query, anchor="unexplained", is_wide=True)


def _newly_unsecured(source: Source) -> Block:
    records = source.rows("newly_unsecured")
    query = source.query("2.5", "newly_unsecured")
    body: Body
    if not records:
        sentence = "No endpoint that had a certificate at the baseline is without one now."
        return Block("Newly unsecured", "", State("None", sentence, is_quiet=True), query)
    columns = tuple(name for name in records[0] if name != "list_no")
    file = source.attach("newly-unsecured.csv", "Endpoints that lost their certificate", records, columns)
    rows = [
        Row(
            (
                name_cell(r["name"]),
                port_cell(r["port"]),
                word_cell(r["business_unit"]),
                Cell(r["protection"]),
                Cell(words.clean(r["account"])),
                serial_cell(r["old_serial_number"]),
                end_cell(r["old_valid_to_at"]),
            )
        )
        for r in records[:LIST_ROWS]
    ]
    body = Table(
        Caption(_n_of_m(records), ", no certificate first; serials by their last 8 digits", file),
        (
            Column("Endpoint", 32),
            Column("Port", 7, right=True),
            Column("Business unit", 17),
            Column("Now", 12),
            Column("Account", 10),
            Column("Serial before", 11),
            Column("It would end", 11, right=True),
        ),
        tuple(rows),
    )
    note = "Had a certificate at the baseline. Discovery errors are not in this list: see section 5."
    return Block("Newly unsecured", note, body, query, anchor="newly-unsecured", is_wide=True)


def _n_of_m(records: list[dict[str, Any]]) -> str:
    return f"{words.number(min(len(records), LIST_ROWS))} of {words.number(len(records))}"
