"""Section 1, page one: is a target missed, what hurts first, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.report import words
from pipeline.report.contents import Action, Cover, Fact, Lede, Measure
from pipeline.report.coverage import missing
from pipeline.report.figures import Bullet, Spark
from pipeline.report.source import Amount, Source

_SPARK = (32, 7)
_ACTIONS = 4


@dataclass(frozen=True, slots=True)
class _Number:
    """A row of page one: its metric, its name, the policy's target (None: no target), whether it is a share."""

    metric: str
    name: str
    target: str | None
    is_share: bool = False


_NUMBERS = (
    _Number("coverage.protection", "Protected endpoints", "protection_target", is_share=True),
    _Number("coverage.automation", "Renewed automatically", "automation_target", is_share=True),
    _Number("expiry.expired", "Expired, still served", "expired_target"),
    _Number("expiry.manual_30d", "Unmanaged, ending in 30 days", "manual_30d_target"),
    _Number("deployment.revoked_installed", "Revoked, still installed", None),
    _Number("deployment.renewed_not_deployed", "Renewed, not deployed", None),
)


def read_cover(source: Source, configured: Sequence[str] = ()) -> Cover:
    """Page one's contents; an account without endpoints has no measures and nothing to do first.

    `configured` are the accounts that should be here.
    """
    is_empty = source.now("inventory.endpoints").numerator == 0
    measures = () if is_empty else tuple(_measure(source, number) for number in _NUMBERS)
    count = words.spelled(len(_NUMBERS), start=True)
    against = "against the policy’s targets"
    if source.baseline:
        weeks = source.weeks_head.split(",")[0]
        against = f"against {source.since.removeprefix('since ')}, {weeks} and the policy’s targets"
    return Cover(
        facts=_facts(source, source.absent(configured)),
        verdict=_verdict(source, is_empty=is_empty),
        measures=measures,
        measures_caption=(f"{count} numbers", against),
        weeks_head=source.weeks_head,
        actions=() if is_empty else _actions(source),
        query=source.query("1.1", "trend"),
    )


def _facts(source: Source, absent: Sequence[str]) -> tuple[Fact, ...]:
    names = ", ".join(words.clean(account["account"]) for account in source.accounts)
    whose = "the key" if len(source.accounts) == 1 else f"{words.spelled(len(source.accounts))} keys"
    trust = f"Complete as served to {whose}:"
    incomplete = [words.clean(a["account"]) for a in source.accounts if a["is_complete"] is False]
    stale = [words.clean(a["account"]) for a in source.accounts if a["is_stale"]]
    if incomplete:
        trust = f"Incomplete: {words.joined(incomplete)} stopped early,"
    elif absent:
        who = words.clean(absent[0]) if len(absent) == 1 else words.count(len(absent), "account")
        trust = f"Without {who}, of which nothing has come yet; the rest:"
    elif stale:
        trust = f"Complete, but {words.joined(stale)} {'is' if len(stale) == 1 else 'are'} of an older run:"
    elif source.rows_of_earlier_runs:
        lists = source.rows_of_earlier_runs
        trust = f"Complete, but {words.count(len(lists), 'list')} {'is' if len(lists) == 1 else 'are'} of an older run:"
    elif source.unread_lists:
        lists = source.unread_lists
        trust = f"Complete, but {words.count(len(lists), 'list')} {'was' if len(lists) == 1 else 'were'} not read:"
    compared = (
        words.instant(source.baseline.as_of_at, source.zone)
        if source.baseline
        else ("Nothing yet:", "this is the first week")
    )
    return (
        Fact(
            "Account" if len(source.accounts) == 1 else "Accounts",
            (names, words.count(source.units_named, "business unit")),
            is_full=True,
        ),
        Fact("Data as of", words.instant(source.as_of_at, source.zone)),
        Fact("Compared with", compared),
        Fact("Completeness", (trust, source.rows_read), is_full=True),
    )


def _is_missed(source: Source, number: _Number) -> bool | None:
    """Whether the target is missed; None without a target, anything to measure, or the whole account."""
    now = source.now(number.metric)
    if number.target is None or not now.denominator or source.is_incomplete or _is_unread(source, number):
        return None
    target = source.policy[number.target]
    return missing(now, target) > 0 if number.is_share else now.numerator > target


def _is_unread(source: Source, number: _Number) -> bool:
    """Whether the number counts what is managed, and the list that says it was not read."""
    return source.is_automation_unread and number.metric in {"coverage.automation", "expiry.manual_30d"}


def _verdict(source: Source, *, is_empty: bool) -> Lede:
    if is_empty:
        return Lede(
            "", "No endpoint is in the inventory.", " There is nothing to measure yet: check what the key can see."
        )
    if source.is_incomplete:
        return _incomplete_verdict(source)
    judged = [missed for number in _NUMBERS if (missed := _is_missed(source, number)) is not None]
    met = judged.count(False)
    if not judged:
        targets = "No target can be judged yet. "
    elif met == len(judged):
        targets = f"{'All' if met > 1 else 'The'} {words.spelled(met) + ' ' if met > 1 else 'one '}targets are met. "
    elif met == 0:
        targets = f"None of the {words.spelled(len(judged))} targets is met. "
    else:
        are = "is" if met == 1 else "are"
        targets = f"{words.spelled(met, start=True)} of {words.spelled(len(judged))} targets {are} met. "
    expired = source.now("expiry.expired").numerator
    soon = source.now("expiry.manual_30d").numerator
    direction = _direction(source)
    if not expired and not soon:
        sentence = {"improves": "Coverage improves. ", "falls": "Coverage falls. "}.get(direction, "")
        return Lede(targets + sentence, "No endpoint serves an expired certificate, and none will within 30 days.")
    lead_in = {"improves": "Coverage improves, but ", "falls": "Coverage falls, and "}.get(direction, "")
    serve = f"{words.count(expired, 'endpoint')} {'serves' if expired == 1 else 'serve'} an expired certificate"
    if expired and soon:
        return Lede(
            targets + lead_in,
            f"{serve}, and {words.number(soon)} more will within 30{words.NO_BREAK}days",
            " unless renewed by hand.",
        )
    if expired:
        return Lede(targets + lead_in, f"{serve}.", " No other needs a person within 30 days.")
    needs = f"{words.count(soon, 'endpoint')} will serve an expired certificate within 30{words.NO_BREAK}days"
    return Lede(targets + lead_in, needs, " unless renewed by hand.")


def _incomplete_verdict(source: Source) -> Lede:
    """What was read, with no target judged: what was not read may turn any of it around."""
    expired = source.now("expiry.expired").numerator
    targets = "No target can be assessed: the data is incomplete. "
    if not expired:
        return Lede(targets, "Among what was read, no endpoint serves an expired certificate.")
    return Lede(
        f"{targets}Among what was read, ",
        f"{words.count(expired, 'endpoint')} {'serves' if expired == 1 else 'serve'} an expired certificate.",
    )


def _direction(source: Source) -> Literal["improves", "falls", ""]:
    signs = set()
    for metric in ("coverage.protection", "coverage.automation"):
        now, then = source.now(metric), source.then(metric)
        if then and then.denominator and now.denominator:
            difference = now.numerator * then.denominator - then.numerator * now.denominator
            signs.add((difference > 0) - (difference < 0))
    if signs and signs <= {0, 1} and 1 in signs:
        return "improves"
    return "falls" if signs and signs <= {0, -1} and -1 in signs else ""


def _measure(source: Source, number: _Number) -> Measure:
    now, then = source.now(number.metric), source.then(number.metric)
    missed = _is_missed(source, number)
    change, judgement = _change(number, now, None if source.is_incomplete else then)
    target = float(source.policy[number.target]) if number.target else 0.0
    if missed is None:
        verdict_words = "No data."
        if number.target is None:
            verdict_words = "No target."
        elif source.is_incomplete:
            verdict_words = "Not assessable: incomplete."
        elif _is_unread(source, number):
            verdict_words = "Not assessable: not read."
        verdict: Literal["missed", "met", "none"] = "none"
    else:
        verdict = "missed" if missed else "met"
        goal = words.percent(target) if number.is_share else words.number(int(target))
        verdict_words = f"{'Below' if number.is_share else 'Above'} target {goal}." if missed else "Target met."
    spark = _spark(source, number, target, is_hot=bool(missed))
    reached = words.share(*now.pair)
    bullet = None
    if number.is_share and now.value is not None and not source.is_incomplete:
        title = f"{number.name} {reached} of 100, target {words.percent(target)}"
        bullet = Bullet(title, now.value, target, is_hot=bool(missed))
    is_pair = number.is_share and now.value is not None
    return Measure(
        name=number.name,
        of=words.of(*now.pair),
        value=reached[:-2] if is_pair else "–" if number.is_share else words.number(now.numerator),
        unit=reached[-2:] if is_pair else "",
        change=change,
        judgement=judgement,
        spark=spark,
        spark_words="" if spark else "from the second week on",
        verdict=verdict,
        verdict_words=verdict_words,
        remark=_remark(source, number, now, target),
        bullet=bullet,
    )


def _change(number: _Number, now: Amount, then: Amount | None) -> tuple[str, Literal["better", "worse", "same", ""]]:
    if then is None or (number.is_share and not (now.denominator and then.denominator)):
        return "–", ""
    if number.is_share:
        difference = now.pair[0] * then.pair[1] - then.pair[0] * now.pair[1]
        change = words.signed_points(now.pair, then.pair)
        return change, "same" if difference == 0 else "better" if difference > 0 else "worse"
    difference = now.numerator - then.numerator
    return words.signed(difference), "same" if difference == 0 else "better" if difference < 0 else "worse"


def _spark(source: Source, number: _Number, target: float, *, is_hot: bool) -> Spark | None:
    if not number.is_share:
        return source.spark(number.name, number.metric, size=_SPARK, is_hot=is_hot)
    series = source.series(number.metric)
    known = [amount for amount in series if amount and amount.value is not None]
    if len(known) < 2 or known[-1] is not series[-1]:  # a line needs two points
        return None
    title = (
        f"{number.name}, {len(known)} weeks: from {words.share(*known[0].pair)} to {words.share(*known[-1].pair)}, "
        f"target {words.percent(target)}"
    )
    values = tuple(amount.value if amount else None for amount in series)
    return Spark(title, values, *_SPARK, is_share=True, target=target, is_hot=is_hot)


def _remark(source: Source, number: _Number, now: Amount, target: float) -> str:
    if number.is_share:
        if not now.denominator or source.is_incomplete or _is_unread(source, number):
            return "" if now.denominator else "Nothing to divide by."
        needed = missing(now, target)
        return (
            f"{words.count(needed, 'more endpoint')} needed." if needed else f"At least {words.percent(target)} asked."
        )
    if not now.numerator:
        return f"None of {words.count(now.pair[1], 'endpoint')}{' read' if source.is_incomplete else ''}."
    unit, held = source.largest_unit(number.metric)
    if not unit:
        return ""
    name = _short(unit)
    if held == now.numerator:
        return f"In {name}." if held == 1 else f"{'Both' if held == 2 else 'All'} in {name}."
    return f"{words.number(held)} of them in {name}."


def _short(unit: str) -> str:
    name = words.clean(unit)
    return name if len(name) <= 22 else f"{name[:21]}{words.ELLIPSIS}"  # the column holds that many


def _actions(source: Source) -> tuple[Action, ...]:
    """At most four lines, by urgency: what is broken, what breaks next, what missed targets need."""
    candidates: tuple[Callable[[Source], Action | None], ...] = (
        _replace_expired,
        _replace_revoked,
        _renew_by_hand,
        _deploy,
        _enrol,
        _certify,
        _ask,
    )
    found = [action for candidate in candidates if (action := candidate(source))]
    if not found and source.is_incomplete:
        return (Action("Read the rest first.", "What was read asks for nothing; the rest may."),)
    return tuple(found[:_ACTIONS]) or (
        Action("Nothing.", "Every target is met and no certificate waits for a person."),
    )


def _file(source: Source, name: str) -> str:
    return name if any(file.name == name for file in source.files) else ""


def _replace_expired(source: Source) -> Action | None:
    count = source.now("expiry.expired").numerator
    if not count:
        return None
    unmanaged = sum(1 for r in source.rows("no_longer_valid") if r["is_expired"] and r["automation_state"] != "managed")
    rest = f"{words.number(unmanaged)} {'needs' if unmanaged == 1 else 'need'} a person."
    if unmanaged == 0:
        rest = "Automation should have: see why."
    what = "the expired certificate" if count == 1 else f"the {words.number(count)} expired certificates"
    return Action(f"Replace {what}.", rest, _file(source, "no-longer-valid.csv"), "no-longer-valid")


def _replace_revoked(source: Source) -> Action | None:
    count = source.now("deployment.revoked_installed").numerator
    if not count:
        return None
    unit, held = source.largest_unit("deployment.revoked_installed")
    rest = f"{words.number(held)} in {_short(unit)}." if unit and count > 1 else f"In {_short(unit)}." if unit else ""
    return Action(
        f"Take {words.count(count, 'revoked certificate')} off.",
        rest,
        _file(source, "no-longer-valid.csv"),
        "no-longer-valid",
    )


def _renew_by_hand(source: Source) -> Action | None:
    records = source.rows("expiring_by_hand")
    if not records:
        return None
    first = min(r["valid_to_at"] for r in records).date()  # UTC, as in the list and in the certificate
    freezes = source.rows("freezes")
    frozen = sum(1 for r in records if any(f["from_on"] <= r["expires_on"] <= f["to_on"] for f in freezes))
    file = _file(source, "by-hand.csv")
    if frozen:
        order = f"Get freeze approval for {words.count(frozen, 'renewal')}."
        others = len(records) - frozen
        return Action(order, f"Then the other {words.number(others)}." if others else "", file, "by-hand")
    order = f"Renew {words.number(len(records))} by hand within 30 days."
    return Action(order, f"First on {words.weekday(first)} {words.day(first)}.", file, "by-hand")


def _deploy(source: Source) -> Action | None:
    count = source.now("deployment.renewed_not_deployed").numerator
    if not count:
        return None
    order = f"Deploy what is renewed already on {words.count(count, 'endpoint')}."
    return Action(order, "", _file(source, "renewed-not-deployed.csv"), "renewed-not-deployed")


def _enrol(source: Source) -> Action | None:
    now = source.now("coverage.automation")
    gap = next((r for r in source.rows("gap_to_target") if r["step"] == "enrol"), None)
    if (
        source.is_automation_unread
        or not gap
        or not gap["endpoints"]
        or missing(now, source.policy["automation_target"]) == 0
    ):
        return None
    then = words.share(now.numerator + gap["endpoints"], now.pair[1])
    order = f"Enrol {words.count(gap['endpoints'], 'endpoint')} within reach"
    if source.is_incomplete:  # a share of what was read promises nothing
        return Action(f"{order}.", "", _file(source, "automate.csv"), "between")
    return Action(f"{order}:", f"{words.share(*now.pair)} becomes {then}.", _file(source, "automate.csv"), "between")


def _certify(source: Source) -> Action | None:
    count = source.now("unsecured.none").numerator
    if not count or missing(source.now("coverage.protection"), source.policy["protection_target"]) == 0:
        return None
    return Action(
        f"Give {words.count(count, 'endpoint')} a certificate.", "", _file(source, "unsecured.csv"), "unsecured"
    )


def _ask(source: Source) -> Action | None:
    count = len(source.rows("unexplained_changes"))  # also where the log of another account was not read
    if not count:
        return None
    return Action(
        f"Ask who changed {words.count(count, 'certificate')}.",
        "",
        _file(source, "unexplained-changes.csv"),
        "unexplained",
    )
