"""Section 3: who holds the gap in protection and automation, and whether reach or enrolment is missing."""

from __future__ import annotations

import math
from typing import Any

from pipeline.report import words
from pipeline.report.contents import Block, Body, Caption, Cell, Charts, Column, Lede, Row, Section, State, Table, Tone
from pipeline.report.figures import WEEKS, Dot, DotAxis, Stack, StackRow, Trend, low_end, ticks
from pipeline.report.source import LIST_ROWS, Amount, Source, number_cell, word_cell

_PARTS = ("managed", "available", "not available")
_BARS = 7
_MATRIX_COLUMNS = 7
_BOLD_CELLS = 10
_LABEL = 20
_STEPS = {
    "enrol": "Enrol what automation already reaches",
    "reach": "Install an agent or sensor on the rest",
    "certify": "Give endpoints without a certificate one",
    "find_out": "Find out what the unspecified ones serve",
}


def coverage_section(source: Source) -> Section:
    """Section 3; an account without endpoints gets one sentence."""
    protection, automation = source.now("coverage.protection"), source.now("coverage.automation")
    gaps = {record["step"]: record for record in source.rows("gap_to_target")}
    if not source.now("inventory.endpoints").numerator:
        nothing = State("None", "0 endpoints: there is nothing to cover yet.", is_quiet=True)
        blocks: tuple[Block, ...] = (Block("Coverage", "", nothing, source.query("3.1", "trend")),)
        lede = Lede("", "There is no endpoint", " whose coverage could be measured.")
        return Section(3, "coverage", "Coverage", "Coverage", lede, blocks)
    by_unit = source.rows("coverage_by_unit")
    blocks = (
        _trend(source, protection, automation),
        _by_unit(source, by_unit),
        _stack(
            source,
            "3.3",
            "ca",
            "By issuing CA",
            "Endpoints with a certificate. Available: automation reaches it, nobody has enrolled it. Right: all.",
        ),
        _stack(source, "3.4", "platform", "By platform", "Same shades, its own scale."),
        _gap(source, gaps),
        _available(source),
    )
    return Section(3, "coverage", "Coverage", "Coverage", _lede(source, by_unit, gaps), blocks)


def _lede(source: Source, by_unit: list[dict[str, Any]], gaps: dict[str, dict[str, Any]]) -> Lede:
    protection, automation = source.now("coverage.protection"), source.now("coverage.automation")
    renewed = "" if source.is_automation_unread else f", {words.share(*automation.pair)} renew themselves"
    before = f"{words.share(*protection.pair)} are protected{renewed}. "
    if not protection.denominator:
        before = "No endpoint says whether it is protected. "
    open_by_unit = sorted(
        ((r["protectable"] or 0) - (r["protected"] or 0), words.clean(r["business_unit"])) for r in by_unit
    )
    total = protection.pair[1] - protection.pair[0]
    worst = [item for item in reversed(open_by_unit) if item[0] > 0][:2]
    if total == 0:
        fact = "No endpoint is known to lack a certificate;"
    elif len(worst) == 1 or len(open_by_unit) <= 2:  # two of two units hold all of it
        fact = f"{worst[0][1]} holds {words.number(worst[0][0])} of the {words.count(total, 'unprotected endpoint')};"
    else:
        held = words.number(sum(item[0] for item in worst))
        fact = f"{worst[0][1]} and {worst[1][1]} hold {held} of the {words.count(total, 'unprotected endpoint')};"
    needed = missing(automation, source.policy["automation_target"])
    if source.is_incomplete:
        after = " what is missing is not assessable: incomplete."
    elif source.is_automation_unread:
        after = " what renews itself is not known: the list that says so was not read."
    elif not automation.denominator:
        after = " no endpoint has a certificate to renew."
    elif needed == 0:
        after = " automation meets its target."
    elif gaps["enrol"]["endpoints"] >= needed:
        after = " automation lacks enrolment, not reach."
    else:
        after = " automation lacks reach, not only enrolment."
    return Lede(before, fact, after)


def missing(amount: Amount, target: float) -> int:
    """How many more the numerator of a share needs to reach its target; 0 when it has."""
    # a target is a decimal such as 0.9: without the rounding 0.9 * 10 could need ten
    return max(0, math.ceil(round(target * amount.pair[1], 6)) - amount.pair[0])


def _unsure(source: Source, metric: str) -> str:
    """Why the target of a share is not judged; empty where it is."""
    is_unread = metric == "coverage.automation" and source.is_automation_unread
    return "incomplete" if source.is_incomplete else "not read" if is_unread else ""


def _trend(source: Source, protection: Amount, automation: Amount) -> Block:
    query = source.query("3.1", "trend")
    pairs = (
        ("Protection", "coverage.protection", protection, source.policy["protection_target"]),
        ("Automation", "coverage.automation", automation, source.policy["automation_target"]),
    )
    figures = []
    paces = []
    for name, metric, now, target in pairs:
        series = [amount for amount in source.series(metric) if amount and amount.value is not None]
        if len(series) < 2 or now.value is None:  # a trend needs two points
            sentence = "A trend needs the runs of two weeks; there is one. It appears next week."
            return Block("Thirteen weeks", "", State("No data", sentence, is_quiet=True), query)
        figures.append(_trend_figure(source, name, metric, now, target))
        paces.append(
            f"{name}: not assessable, {unsure}."
            if (unsure := _unsure(source, metric))
            else _pace(name, source.series(metric), now, target)
        )
    weeks = len(source.series("coverage.protection"))
    note = f"{' '.join(paces)} A straight line, no forecast."
    title = "Thirteen weeks" if weeks == WEEKS else f"{words.spelled(weeks, start=True)} weeks so far"
    return Block(title, note, Charts(tuple(figures)), query)


def _trend_figure(source: Source, name: str, metric: str, now: Amount, target: float) -> Trend:
    series = source.series(metric)
    values = tuple(amount.value if amount else None for amount in series)
    drawn = [value for value in values if value is not None]
    first = next(amount for amount in series if amount and amount.value is not None)
    low, high, marks = ticks(drawn, target)
    oldest, middle, last = (source.week_name(len(series) - 1), source.week_name(len(series) // 2), source.week_name(0))
    reached, start = words.share(*now.pair), words.share(*first.pair)
    goal = words.percent(target)
    return Trend(
        title=f"{name}, {len(series)} weeks, {oldest} {start} to {last} {reached}; target {goal}",
        name=name,
        values=values,
        first_words=start,
        last_words=reached,
        week_words=(oldest, middle if len(series) > 2 else "", last),  # two weeks have no middle
        target=target,
        target_words=f"target {goal}",
        low=low,
        high=high,
        ticks=marks,
        is_hot=missing(now, target) > 0,
    )


def _pace(name: str, series: tuple[Amount | None, ...], now: Amount, target: float) -> str:
    needed = missing(now, target)
    first = next((amount.value for amount in series if amount and amount.value is not None), None)
    if needed == 0:
        return f"{name} meets its target."
    if first is None or now.value is None or now.value <= first:
        return f"{name} has not come nearer to its target in {len(series)} weeks."
    weeks = math.ceil(round((target - now.value) / ((now.value - first) / (len(series) - 1)), 6))
    when = "more than a year" if weeks > 52 else words.count(max(weeks, 1), "week")
    return f"At the pace of these weeks {name.lower()} reaches its target in {when}."


def _by_unit(source: Source, records: list[dict[str, Any]]) -> Block:
    targets = (source.policy["protection_target"], source.policy["automation_target"])
    keys = (("protected", "protectable"), ("managed", "with_certificate"))
    records = sorted(records, key=lambda r: (-r["endpoints"], r["business_unit"]))
    columns = tuple(records[0])
    file = source.attach("coverage-by-unit.csv", "Coverage by business unit", records, columns)
    shown = records[:LIST_ROWS]
    lows, axes = [], []
    for (top, bottom), target in zip(keys, targets, strict=True):
        values = [r[top + end] / r[bottom + end] for r in shown for end in ("", "_before") if r[bottom + end]]
        low = low_end(values, target)
        lows.append(low)
        low_words, goal = words.percent(low), words.percent(target)
        axes.append(
            DotAxis(
                f"Axis from {low_words} to {words.percent(1)}, target {goal}", low, target, low_words, f"target {goal}"
            )
        )
    rows = []
    oldest = source.week_name(source.oldest)
    for r in shown:
        cells = [word_cell(r["business_unit"])]
        for (top, bottom), target, low, what in zip(keys, targets, lows, ("protection", "automation"), strict=True):
            cells += _unit_cells(
                r, Amount(r[top] or 0, r[bottom] or 0), _earlier(r, top, bottom), (target, low), (what, oldest)
            )
        rows.append(Row(tuple(cells)))
    totals = [source.now("coverage.protection"), source.now("coverage.automation")]
    cells = [Cell("All")]
    for total in totals:
        cells += [Cell(words.of(*total.pair)), Cell(words.share(*total.pair)), Cell()]
    rows.append(Row(tuple(cells), "sum"))
    count = f"{words.number(len(shown))} of {words.count(len(records), 'unit')}"
    table = Table(
        Caption(count, ", largest first", file),
        (
            Column("Business unit", 15),
            Column("Protected", 15, right=True),
            Column("Share", 8, right=True),
            Column("Protection", 19, is_chart=True, figure=axes[0]),
            Column("Managed", 15, right=True),
            Column("Share", 8, right=True),
            Column("Automation", 20, is_chart=True, figure=axes[1]),
        ),
        tuple(rows),
        is_chart_table=True,
    )
    errors = words.number(source.now("coverage.discovery_error").numerator)
    ring = f" Ring: {oldest}." if len(source.weeks) > 1 else ""
    note = (
        f"Full dot: this week.{ring} Vertical line: the policy’s target. Protection counts endpoints with a "
        f"certificate among those with, without and unspecified; discovery errors ({errors}) are outside. Automation "
        "counts managed endpoints among those with a certificate."
    )
    query = source.query("3.2", "coverage_by_unit")
    return Block("By business unit", note, table, query, anchor="by-unit", is_wide=True)


def _earlier(record: dict[str, Any], top: str, bottom: str) -> Amount | None:
    if record[f"{bottom}_before"]:
        return Amount(record[f"{top}_before"], record[f"{bottom}_before"])
    return None


def _unit_cells(
    record: dict[str, Any], now: Amount, then: Amount | None, axis: tuple[float, float], what: tuple[str, str]
) -> list[Cell]:
    target, low = axis
    if now.value is None:
        return [Cell("–", "soft"), Cell("–", "soft"), Cell("no data: nothing to divide by", "soft")]
    name = words.cut_name(record["business_unit"])[0]
    earlier = f", in {what[1]} {words.share(*then.pair)}" if then else ""
    reached = words.share(*now.pair)
    is_hot = missing(now, target) > 0
    dot = Dot(
        title=f"{name}: {what[0]} {reached}{earlier}, target {words.percent(target)}",
        value=now.value,
        earlier=then.value if then else None,
        target=target,
        low=low,
        is_hot=is_hot,
    )
    return [Cell(words.of(*now.pair)), Cell(reached, "hot" if is_hot else ""), Cell(figure=dot)]


def _stack(source: Source, number: str, kind: str, title: str, note: str) -> Block:
    key = "issuing_ca" if kind == "ca" else "platform"
    records = sorted(source.rows(f"coverage_by_{kind}"), key=lambda r: (-r["with_certificate"], r[key]))
    query = source.query(number, f"coverage_by_{kind}")
    body: Body
    if not records:
        body = State("None", "0 endpoints have a certificate.", is_quiet=True)
        return Block(title, "", body, query)
    source.attach(f"coverage-by-{kind}.csv", title, records, tuple(records[0]))
    rows = [StackRow(_label(r[key]), (r["managed"], r["available"], r["not_available"])) for r in records[:_BARS]]
    others = records[_BARS:]
    if others:
        managed, available, rest = (sum(r[part] for r in others) for part in ("managed", "available", "not_available"))
        name = words.count(len(others), "other")
        rows.append(StackRow(name, (managed, available, rest)))
    told = "; ".join(f"{row.label} {', '.join(words.number(part) for part in row.parts)}" for row in rows)
    figure = Stack(f"Endpoints {title[0].lower()}{title[1:]}: {', '.join(_PARTS)}. {told}", _PARTS, tuple(rows))
    return Block(title, f"{note} Whole list: coverage-by-{kind}.csv.", Charts((figure,)), query)


def _label(text: str) -> str:
    name = words.clean(text)
    return name if len(name) <= _LABEL else f"{name[: _LABEL - 1]}{words.ELLIPSIS}"


def _gap(source: Source, gaps: dict[str, dict[str, Any]]) -> Block:
    rows = []
    notes = []
    for metric, name, steps in (
        ("coverage.automation", "Automation", ("enrol", "reach")),
        ("coverage.protection", "Protection", ("certify", "find_out")),
    ):
        target = source.policy[f"{name.lower()}_target"]
        now = Amount(gaps[steps[0]]["numerator"], gaps[steps[0]]["denominator"])
        needed = missing(now, target)
        goal = words.percent(target)
        what = "managed endpoint" if metric == "coverage.automation" else "endpoint with a certificate"
        plural = "managed endpoints" if metric == "coverage.automation" else "endpoints with a certificate"
        notes.append(
            f"{name} needs {words.count(needed, f'more {what}', f'more {plural}')} for {goal}."
            if needed
            else f"{name} has reached {goal}."
        )
        unsure = _unsure(source, metric)
        if unsure:
            notes[-1] = f"{name}: not assessable, {unsure}."
        rows.append(Row((Cell(f"{name}, today {words.share(*now.pair)}, target {goal}"),), "group"))
        reached = now.numerator
        for step in steps:
            count = gaps[step]["endpoints"]
            reached += count
            then = Amount(reached, now.denominator)
            is_met = missing(then, target) == 0 and not unsure
            rows.append(
                Row(
                    (
                        Cell(_STEPS[step]),
                        Cell(words.number(count)),
                        Cell(
                            words.signed_points(then.pair, (reached - count, then.pair[1])) if then.denominator else "–"
                        ),
                        Cell(words.share(*then.pair), "bold" if is_met else ""),
                    )
                )
            )
    table = Table(
        Caption(
            "4 of 4 steps",
            ", the nearest first, of what was read"
            if source.is_incomplete
            else ", the nearest first; bold: the target is met",
            "automate.csv" if gaps["enrol"]["endpoints"] else "",
        ),
        (
            Column("Step", 52),
            Column("Endpoints", 14, right=True),
            Column("Adds", 17, right=True),
            Column("Share after it", 17, right=True),
        ),
        tuple(rows),
    )
    query = source.query("3.5", "gap_to_target")
    return Block("Between today and the target", " ".join(notes), table, query, anchor="between")


def _available(source: Source) -> Block:
    cells = {(r["business_unit"], r["platform"]): r["endpoints"] for r in source.rows("available_by_unit")}
    total = sum(cells.values())
    query = source.query("3.6", "available_by_unit")
    if not total:
        sentence = "0 endpoints wait for enrolment: what automation reaches is managed."
        return Block("Where enrolment waits", "", State("None", sentence, is_quiet=True), query)
    records = source.rows("available")
    columns = tuple(name for name in records[0] if name != "list_no")
    file = source.attach("automate.csv", "Endpoints one enrolment away", records, columns)
    units = _ordered(
        {unit for unit, _ in cells}, {u: sum(n for (x, _), n in cells.items() if x == u) for u, _ in cells}
    )
    sums = {p: sum(n for (_, x), n in cells.items() if x == p) for _, p in cells}
    platforms = _ordered({platform for _, platform in cells}, sums)
    shown, merged = platforms, []
    if len(platforms) > _MATRIX_COLUMNS:
        shown, merged = platforms[: _MATRIX_COLUMNS - 1], platforms[_MATRIX_COLUMNS - 1 :]
    bold = {key for key, _ in sorted(cells.items(), key=lambda item: (-item[1], item[0]))[:_BOLD_CELLS]}
    rows = []
    for unit in units[:LIST_ROWS]:
        row = [word_cell(unit)]
        for platform in shown:
            count = cells.get((unit, platform), 0)
            tone: Tone = "bold" if (unit, platform) in bold and count else "soft"
            row.append(number_cell(count, tone))
        if merged:
            row.append(number_cell(sum(cells.get((unit, p), 0) for p in merged), "soft"))
        row.append(Cell(words.number(sum(n for (x, _), n in cells.items() if x == unit))))
        rows.append(Row(tuple(row)))
    heads = [_label(platform) for platform in shown] + (["others"] if merged else [])
    bottom = [sums[p] for p in shown] + ([sum(sums[p] for p in merged)] if merged else [])
    rows.append(Row((Cell("All"), *(Cell(words.number(n)) for n in bottom), Cell(words.number(total))), "sum"))
    each = 68 // len(heads)
    table = Table(
        Caption(
            f"{words.number(min(len(units), LIST_ROWS))} of {words.count(len(units), 'unit')}",
            ", most endpoints first",
            file,
        ),
        (
            Column("Unit", 100 - each * len(heads) - 12),
            *(Column(head, each, right=True) for head in heads),
            Column("All", 12, right=True),
        ),
        tuple(rows),
    )
    note = "Available and not yet managed: one enrolment away."
    if len(cells) > _BOLD_CELLS:
        note += f" Bold: the ten largest cells, {words.of(sum(cells[key] for key in bold), total)}."
    return Block(f"Where the {words.number(total)} {'is' if total == 1 else 'are'}", note, table, query)


def _ordered(names: set[str], sizes: dict[str, int]) -> list[str]:
    return sorted(names, key=lambda name: (-sizes[name], name))
