"""`tlm explain METRIC`: what a metric says, its number, the SQL that gives it, the rule, and the rows it counts.

The SQL is data: rules.metric_queries says which rows of sql/explain/<subject>.sql count, the file says what a row is. A
file is a SELECT that runs as it is; `true -- scope of x` in it is where the condition of a scope takes its place.
Certificates with their stored count of endpoints become those of the scope, counted there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.export.query import run_query
from pipeline.export.text_table import plain_table, show_cell
from pipeline.places import content
from pipeline.warehouse.duck import Warehouse, literal, open_read_only

_ROWS = 20
_SCOPE = re.compile(r"true -- (scope|account|units) of (\w+)")
_NOW = "from core.endpoints as endpoints\n"
# All certificates that an endpoint carries, by the count that is stored with them; in a scope they are counted.
_CARRIED = """\
        certificates.endpoint_count as endpoints
    from core.certificates as certificates
    where certificates.endpoint_count > 0
"""
_CARRIED_IN_SCOPE = """\
        counted.endpoints
    from core.certificates as certificates
    join (
        select
            certificate_key,
            count(*) as endpoints
        from core.endpoints as endpoints
        where certificate_key is not null and true -- scope of endpoints
        group by certificate_key
    ) as counted
        on counted.certificate_key = certificates.certificate_key
"""
# An account whose newest run up to the asked one was accepted as it is: such a run is in no history.
_ACCEPTED = """
select count(*)
from meta.runs as accepted
left join meta.runs as later
    on later.account = accepted.account
    and later.is_complete
    and later.run_id > accepted.run_id
    and later.run_id <= ?
where accepted.is_accepted and accepted.run_id <= ? and later.run_id is null
"""
_VALUES = """
select member, numerator, denominator, value, unit
from mart.metrics
where run_id = ? and metric = ? and account is not distinct from ? and business_unit is not distinct from ?
order by member nulls first
"""
_SCOPES = """
select scope, account, business_unit, member, numerator, denominator, value, unit
from mart.metrics
where run_id = ? and metric = ? and (account = ? or cast(? as varchar) is null) and numerator is not null
qualify dense_rank() over (order by case scope when 'all' then 1 when 'account' then 2 else 3 end) = 1
order by account, business_unit, member nulls first
"""
_RULES = "select demand, effective_from, effective_to, severity, source, clause, serves from rules.dated where rule = ?"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which number: None is all members, all accounts, all units, the newest run."""

    metric: str
    member: str | None = None
    account: str | None = None
    business_unit: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """`number_sql` gives member (where there are some), numerator and denominator, `rows_sql` the rows, counted first.

    Both None where the published file has not got the rows; `why_none` is the sentence about it. `others` are the rows
    of the denominator that are not counted.
    """

    lines: tuple[str, ...]
    number_sql: str | None = None
    rows_sql: str | None = None
    shown: tuple[str, ...] = ()
    why_none: str = ""
    others: int = 0


def show_explanation(database: Path, asked: Asked, *, form: str = "table", out: Path | None = None) -> tuple[str, ...]:
    """The explanation as lines with the first rows; in another form than table, all rows as `run_query` writes them."""
    if out is not None and form == "table":
        raise UsageError("--out takes the rows as a list; add --format csv or json.")
    with open_read_only(database) as warehouse:
        found = explain(warehouse, asked)
        if form == "table":
            return (*found.lines, *_first_rows(warehouse, found))
    if found.rows_sql is None:
        raise UsageError(found.why_none)
    run_query(database, found.rows_sql, form=form, out=out)
    return ()


def explain(warehouse: Warehouse, asked: Asked) -> Explanation:
    """The explanation of one number; UsageError for a metric, member, account, unit or run that is not there."""
    words = _require_metric(warehouse, asked.metric)
    run = _require_run(warehouse, asked.run_id)
    asked = _require_scope(warehouse, asked, run["run_id"])
    scope = [run["run_id"], asked.metric, asked.account, asked.business_unit]
    values = warehouse.records(_VALUES, scope)
    if asked.member is not None and values:
        known = [str(value["member"]) for value in values if value["member"] is not None]
        _require(asked.member, known, f"member of {asked.metric}")
        values = [value for value in values if value["member"] == asked.member]
    values = [value for value in values if value["numerator"] is not None]
    lines = [
        f"{asked.metric}  {words['sentence']}",
        "",
        f"numerator    {words['numerator']}",
        *([f"denominator  {words['denominator']}"] if words["denominator"] else []),
        f"run          {run['run_id']}, as of {run['as_of_at']:%Y-%m-%d %H:%M} UTC",
        f"scope        {_scope_words(asked)}",
        *(f"number       {_number_words(value)}" for value in values),
        *([] if values else _elsewhere_lines(warehouse, asked, run["run_id"])),
    ]
    queries = warehouse.records("select * from rules.metric_queries where metric = ?", [asked.metric])
    if not queries:
        everywhere = f"from mart.metrics where run_id = {literal(run['run_id'])} and metric = {literal(asked.metric)}"
        stored = _stored(asked, run["run_id"]) if values else everywhere
        lines += ["", "-- a metric of your own: its model is in models/ beside tlm.toml", stored]
        why = f'{asked.metric} is a metric of your own; its model has its rows, `tlm query "{stored}"` its numbers.'
        return Explanation(tuple(lines), why_none=why)
    query = queries[0]
    lines += _policy_lines(warehouse, query["settings"]) + _rule_lines(warehouse, query["rule"])
    if not values:
        why = f"{asked.metric} has no number over {_scope_words(asked)}, so there are no rows of it."
        return Explanation(tuple(lines), why_none=why)
    is_complete = warehouse.rows(_ACCEPTED, [run["run_id"], run["run_id"]]) == [(0,)]
    subject = _subject(query, asked, run) if run["is_newest"] or is_complete else None
    if subject is None:
        kept = (
            "-- reads the number as it was published and proves nothing: of an earlier run, endpoints alone are kept,"
            " and none of a run that was accepted as it is"
        )
        why = f"The rows of an earlier run are not in this file: {_elsewhere(run)}"
        lines += ["", kept, _stored(asked, run["run_id"]), why]
        return Explanation(tuple(lines), why_none=why)
    number_sql, rows_sql = _statements(query, asked, subject)
    if not run["is_newest"]:
        lines.append("rules        those of today; the number above is as it was published")
    return Explanation(
        (*lines, "", *number_sql.splitlines()),
        number_sql,
        rows_sql,
        _shown(query["subject"]),
        others=_rest(query, values),
    )


def _require_metric(warehouse: Warehouse, metric: str) -> dict[str, Any]:
    found = {row["metric"]: row for row in warehouse.records("select * from rules.metrics order by metric")}
    _require(metric, list(found), "metric")
    return found[metric]


def _require_run(warehouse: Warehouse, run_id: str | None) -> dict[str, Any]:
    """The run that was named, or the newest; with its instant, and whether it is the one the tables are of."""
    runs = {
        row["run_id"]: row
        for row in warehouse.records(
            "select metrics.run_id, min(metrics.as_of_at) as as_of_at, metrics.run_id = current_run.run_id as is_newest"
            " from mart.metrics as metrics cross join meta.current_run as current_run"
            " group by metrics.run_id, current_run.run_id order by metrics.run_id"
        )
    }
    if run_id is not None and run_id not in runs:
        msg = f"No run {run_id!r} is in the database; its newest are: {', '.join(list(runs)[-5:])}."
        raise UsageError(msg)
    return runs[run_id] if run_id is not None else next(row for row in runs.values() if row["is_newest"])


def _require_scope(warehouse: Warehouse, asked: Asked, run_id: str) -> Asked:
    """With the account of the unit, where only one account has it."""
    scopes = warehouse.rows(
        "select distinct account, business_unit from mart.metrics where run_id = ? and account is not null"
        " order by all",
        [run_id],
    )
    if asked.account is not None:
        _require(asked.account, [account for account, _ in scopes], "account")
    if asked.business_unit is None:
        return asked
    held = [(account, unit) for account, unit in scopes if unit is not None and asked.account in (None, account)]
    _require(asked.business_unit, [unit for _, unit in held], "business unit")
    accounts = [account for account, unit in held if unit == asked.business_unit]
    if len(accounts) > 1:
        msg = f"The accounts {', '.join(accounts)} have a unit {asked.business_unit!r}; name one with --account."
        raise UsageError(msg)
    return Asked(asked.metric, asked.member, accounts[0], asked.business_unit, asked.run_id)


def _require(name: str, known: Iterable[str], what: str) -> None:
    names = list(dict.fromkeys(known))
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4) or names[:3]
        msg = f"There is no {what} {name!r}; near it: {', '.join(near) or 'nothing'}."
        raise UsageError(msg)


def _subject(query: Mapping[str, Any], asked: Asked, run: Mapping[str, Any]) -> str | None:
    """The SELECT of the rows in the scope, as of the run, indented; None where these rows are not kept."""
    text = (content("sql") / "explain" / f"{query['subject']}.sql").read_text(encoding="utf-8")
    body = "\n".join(line for line in text.splitlines() if not line.startswith("--")) + "\n"
    if not run["is_newest"]:
        is_kept = query["subject"] == "endpoints" and "last_discovered_at" not in query["counted"]
        if not is_kept:
            return None
        body = body.replace(_NOW, f"from core.endpoints_as_of({_instant(run['as_of_at'])}) as endpoints\n")
    if asked.account is not None:
        body = body.replace(_CARRIED, _CARRIED_IN_SCOPE)
    # Indented before names take their place in it: one may hold a line break, which is a part of it.
    indented = "".join(f"    {line}\n" if line else "\n" for line in body.rstrip().split("\n"))
    return _SCOPE.sub(lambda found: _condition(asked, found[2], found[1]), indented)


def _condition(asked: Asked, table: str, what: str) -> str:
    """`what` the table says of its rows: scope (account and one unit), units (several, as a list), account alone."""
    parts = []
    if asked.account is not None:
        parts.append(f"{table}.account = {literal(asked.account)}")
    if asked.business_unit is not None and what != "account":
        unit = literal(asked.business_unit)
        is_list = what == "units"
        parts.append(f"list_contains({table}.business_units, {unit})" if is_list else f"{table}.business_unit = {unit}")
    return " and ".join(parts) or "true"


def _statements(query: Mapping[str, Any], asked: Asked, subject: str) -> tuple[str, str]:
    """The statement of the number and that of the rows, both over the same rows."""
    head = f"with subject as (\n{subject})\n\n"
    member, where, group = query["member_sql"], "", ""
    if member is not None and asked.member is not None:
        where = f"where {member} = {literal(asked.member)}\n"
    elif member is not None:  # what has no member (an unknown issuer) is in no number
        where = f"where {member} is not null\n"
        group = f"group by {member}\norder by member\n"
    columns = [f"{member} as member"] if group else []
    columns += [f"{query['numerator_sql']} as numerator", f"{query['denominator_sql'] or 'null'} as denominator"]
    listed = ",\n    ".join(columns)
    number = f"{head}select\n    {listed}\nfrom subject\n{where}{group}"
    either = f"({query['counted']})" + (f" or ({query['among']})" if query["among"] else "")
    rows = (
        f"{head}select\n    coalesce({query['counted']}, false) as is_counted,\n    *\nfrom subject\n"
        f"{where or 'where true'} and ({either})\norder by is_counted desc, {', '.join(_shown(query['subject'])[:2])}"
    )
    return number.rstrip(), rows.replace("\n and", " and")


def _rest(query: Mapping[str, Any], values: list[dict[str, Any]]) -> int:
    """The rows that a share lacks for 100 %, where its halves are counts of the rows."""
    (value, *more) = values
    if more or value["unit"] != "share" or not query["numerator_sql"].startswith("count(*)"):
        return 0
    return int(value["denominator"] - value["numerator"])


def _shown(subject: str) -> tuple[str, ...]:
    """The columns that tell a row apart and are read first, in the file's `-- shows:` line."""
    text = (content("sql") / "explain" / f"{subject}.sql").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("-- shows:"))
    return tuple(name.strip() for name in line.removeprefix("-- shows:").split(","))


def _first_rows(warehouse: Warehouse, found: Explanation) -> list[str]:
    """The first of the rows that count; those they are a share of are for the other forms."""
    if found.rows_sql is None:
        return []
    counted = f"select {', '.join(found.shown)} from ({found.rows_sql}\n) where is_counted limit {_ROWS + 1}"  # noqa: S608 -- names and SQL of our own
    rows = warehouse.rows(counted)
    which = f"the first {_ROWS} rows" if len(rows) > _ROWS else "1 row" if len(rows) == 1 else f"{len(rows)} rows"
    heading = f"-- {which} of the numerator; --format csv --out FILE writes all, and those of the denominator"
    others = (
        f"-- {found.others:,} of the denominator are not in the numerator: those of the file with is_counted = false"
    )
    return ["", *([others] if found.others else []), heading, *plain_table(found.shown, rows[:_ROWS]).splitlines()]


def _stored(asked: Asked, run_id: str) -> str:
    conditions = [f"run_id = {literal(run_id)}", f"metric = {literal(asked.metric)}"]
    for name, value in (("account", asked.account), ("business_unit", asked.business_unit)):
        conditions.append(f"{name} is null" if value is None else f"{name} = {literal(value)}")
    if asked.member is not None:
        conditions.append(f"member = {literal(asked.member)}")
    return f"select member, numerator, denominator from mart.metrics where {' and '.join(conditions)}"  # noqa: S608 -- to be read


def _elsewhere(run: Mapping[str, Any]) -> str:
    return f"`tlm report weekly --as-of {run['as_of_at']:%Y-%m-%d}` builds it again, `tlm diff` tells what moved."


def _elsewhere_lines(warehouse: Warehouse, asked: Asked, run_id: str) -> list[str]:
    """Where the number is not: the rows of the widest scope that the metric has, in the account that was asked for."""
    rows = warehouse.records(_SCOPES, [run_id, asked.metric, asked.account, asked.account])
    if not rows:
        return ["number       none: the metric has no row in this run and scope"]
    lines = [
        f"number       none over {_scope_words(asked)}: the metric has rows by {rows[0]['scope'].replace('_', ' ')}"
    ]
    for row in rows[:_ROWS]:
        where = Asked(asked.metric, account=row["account"], business_unit=row["business_unit"])
        lines.append(f"             {_scope_words(where)}: {_number_words(row)}")
    more = len(rows) - _ROWS
    return [*lines, f"             and {more:,} more; mart.metrics has them all"] if more > 0 else lines


def _instant(at: datetime) -> str:
    return f"timestamp '{at.isoformat(sep=' ')}'"


def _scope_words(asked: Asked) -> str:
    if asked.account is None:
        return "all accounts"
    unit = f", business unit {show_cell(asked.business_unit)}" if asked.business_unit is not None else ""
    return f"account {show_cell(asked.account)}{unit}"


def _number_words(value: Mapping[str, Any]) -> str:
    member = f"{show_cell(value['member'])}: " if value["member"] is not None else ""
    numerator, denominator, unit = value["numerator"], value["denominator"], value["unit"]
    if denominator is None:
        return f"{member}{numerator:,}" + ("" if unit == "count" else f" {unit}")
    if value["value"] is None:
        return f"{member}{numerator:,} of {denominator:,}, nothing to divide by"
    share = f"{value['value']:.1%}" if unit == "share" else f"{value['value']:,.1f} a week"
    return f"{member}{share} = {numerator:,} / {denominator:,}"


def _policy_lines(warehouse: Warehouse, settings: str | None) -> list[str]:
    names = settings.split() if settings else []
    row = warehouse.records("select * from rules.policy")[0] if names else {}
    return [f"policy       {name} = {show_cell(row[name])}" for name in names]


def _rule_lines(warehouse: Warehouse, rule: str | None) -> list[str]:
    """The periods of the rule, each with its days, severity and source."""
    lines = []
    for row in warehouse.records(f"{_RULES} order by effective_from nulls first, demand", [rule]) if rule else []:
        days = _days(row["effective_from"], row["effective_to"])
        serves = f"; serves {row['serves']}" if row["serves"] else ""
        lines.append(
            f"rule         {rule}: {row['demand']}{days} ({row['severity']}; {row['source']}, {row['clause']}{serves})"
        )
    return lines


def _days(first: object, after_last: object) -> str:
    return "".join(f", {word} {day}" for word, day in (("from", first), ("before", after_last)) if day is not None)
