"""Checks: what must not be in a table, stated beside the model or as a file of `sql/checks`.

In a header, each with an optional `warn` before it (else a failure stops the build):

    unique(a, b)                         no two rows with the same values; null is a value
    not_null(a, b)
    accepted(a, 'x', 'y')                null passes
    found_in(a, core.endpoints.endpoint_key)   null passes
    holds(a < b)                         any condition over the row; null passes

A file of `sql/checks` is a SELECT of rows that must not exist, with sentences that say what they are, `-- severity:`
stop or warn, and `-- advice:` what to do about them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import BuildFailed, CheckFailed, EngineRefused
from pipeline.transform.model import HeaderLine, Model, Source, read_source
from pipeline.transform.tables import read_tables
from pipeline.warehouse.duck import Warehouse, identifier

_FORM = re.compile(r"^(?:(warn|stop)\s+)?([a-z_]+)\((.*)\)$", re.DOTALL)
_KNOWN = "unique(a, b), not_null(a), accepted(a, 'x'), found_in(a, schema.table.column), holds(condition)"
_SAMPLE_ROWS = 3
_LONGEST_VALUE = 100


@dataclass(frozen=True, slots=True)
class Check:
    """`offending` is the SELECT of the rows that must not exist; `model` is None for a file of sql/checks.

    `doubt` is an aggregate over the model's rows that is 0 only when there are none of them: a cheap first test that
    shares its scan with those of the model's other checks. None where no single scan tells. `meaning` and `advice`
    are the sentences of a file.
    """

    name: str
    model: str | None
    severity: str
    offending: str
    place: str
    doubt: str | None = None
    meaning: str | None = None
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found: the number of rows and up to three of them as text."""

    check: Check
    failing_rows: int
    sample: str

    @property
    def sentence(self) -> str:
        """For people: the check, where it stands, the sample, and the next step where the check has one."""
        about = f"{self.check.model}: " if self.check.model else ""
        rows = "row" if self.failing_rows == 1 else "rows"
        found = f"{about}{self.check.name} found {self.failing_rows} {rows} ({self.check.place}), e.g. {self.sample}"
        return f"{found}; {self.check.advice}" if self.check.advice else found


def read_check(model: Model, entry: HeaderLine) -> tuple[str, str, str]:
    """Severity, name and inside of the brackets of a header line; BuildFailed when it is no check."""
    form = _FORM.match(entry.value)
    if form is None or form[2] not in ("unique", "not_null", "accepted", "found_in", "holds"):
        msg = f"{model.source.place(entry.line)}: unknown check {entry.value!r}; known are {_KNOWN}."
        raise BuildFailed(msg)
    return form[1] or "stop", form[2], form[3].strip()


def header_check(model: Model, entry: HeaderLine, columns: list[str]) -> Check:
    """The check of one header line over a model with `columns`; BuildFailed when it is unknown or names no column."""
    place = model.source.place(entry.line)
    severity, name, inside = read_check(model, entry)
    first = [part.strip() for part in inside.split(",")]
    used = {"unique": first, "not_null": first, "holds": []}.get(name, first[:1])
    wrong = [column for column in used if column not in columns]
    if wrong or not inside:
        named = wrong[0] if wrong else ""
        msg = f"{place}: the check {entry.value!r} names {named!r}, which is no column of {model.name}."
        raise BuildFailed(msg)
    shown = ", ".join(identifier(column) for column in dict.fromkeys((*used, *columns[:4])))
    offending, doubt = _tests(name, used, inside, shown, model.name)
    return Check(f"{name}({inside})", model.name, severity, offending, place, doubt)


def _tests(name: str, used: list[str], inside: str, shown: str, table: str) -> tuple[str, str | None]:
    """The SELECT of what is wrong, and the aggregate that tells whether there is anything."""
    quoted = [identifier(column) for column in used]
    rest = inside.split(",", 1)[1].strip() if "," in inside else ""
    match name:
        case "unique":
            keys = ", ".join(quoted)
            offending = f"select {keys}, count(*) as row_count from {table} group by {keys} having count(*) > 1"
            # Equal keys have equal hashes, and numbers are counted faster than texts.
            return offending, f"count(*) - count(distinct hash({keys}))"
        case "not_null":
            condition = " or ".join(f"{column} is null" for column in quoted)
        case "accepted":
            condition = f"{quoted[0]} not in ({rest})"
        case "found_in":
            other, _, column = rest.rpartition(".")
            found = f"select 1 from {other} as known where known.{identifier(column)} = checked.{quoted[0]}"
            condition = f"{quoted[0]} is not null and not exists ({found})"
        case _:
            condition = f"not ({inside}\n)"
    offending = f"select {shown} from {table} as checked where {condition}"
    return offending, None if name == "found_in" else f"count(*) filter (where {condition})"


def file_check(path: Path) -> tuple[Check, Source]:
    """The check of one file of sql/checks."""
    source = read_source(path, ("severity", "advice"))
    given = {entry.key: entry for entry in source.header}
    severity = given.get("severity")
    if severity is None or severity.value not in ("stop", "warn"):
        msg = f"{source.place(severity.line if severity else 1)}: say `-- severity: stop` or `-- severity: warn`."
        raise BuildFailed(msg)
    check = Check(
        name=path.stem,
        model=None,
        severity=severity.value,
        offending=source.sql,
        place=source.place(),
        meaning=source.sentences or None,
        advice=given["advice"].value if "advice" in given else None,
    )
    return check, source


def refuse_writes(warehouse: Warehouse, check: Check, path: Path) -> None:
    """A header check is SQL too: it must pass the same whitelist as a model."""
    try:
        read_tables(warehouse, Source(path, "", (), check.offending, 1))
    except BuildFailed as error:
        msg = f"{check.place}: the check {check.name!r} is not accepted: {error}"
        raise BuildFailed(msg) from None


def run_checks(warehouse: Warehouse, checks: list[Check], run_id: str) -> tuple[Outcome, ...]:
    """Run them all, write meta.checks, and give back the warnings; CheckFailed when one that stops has found rows."""
    outcomes = look_for(warehouse, checks)
    warehouse.execute("delete from meta.checks where run_id = ?", [run_id])
    record_outcomes(warehouse, outcomes, run_id)
    return refuse_failures(outcomes)


def look_for(warehouse: Warehouse, checks: list[Check]) -> tuple[Outcome, ...]:
    """What each check finds; BuildFailed names file and line where the engine refuses one."""
    clean = _without_doubt(warehouse, checks)
    return tuple(Outcome(check, 0, "") if check in clean else _run(warehouse, check) for check in checks)


def _without_doubt(warehouse: Warehouse, checks: list[Check]) -> set[Check]:
    """The checks that have found nothing, by one scan for all those of a model."""
    clean: set[Check] = set()
    for model in dict.fromkeys(check.model for check in checks if check.doubt):
        asked = [check for check in checks if check.doubt and check.model == model]
        try:
            found = warehouse.rows(f"select {', '.join(str(check.doubt) for check in asked)} from {model} as checked")[
                0
            ]
        except EngineRefused:
            continue  # run one by one, they say which of them it is
        clean.update(check for check, doubt in zip(asked, found, strict=True) if not doubt)
    return clean


def _run(warehouse: Warehouse, check: Check) -> Outcome:
    """What one check finds; BuildFailed names file and line where the engine refuses it."""
    try:
        count = int(warehouse.rows(f"select count(*) from (\n{check.offending}\n)")[0][0])
        sample = ""
        if count:
            found = warehouse.records(f"select * from (\n{check.offending}\n) order by all limit {_SAMPLE_ROWS}")
            sample = "; ".join(_shown(record) for record in found)
    except EngineRefused as error:
        msg = f"{check.place}: {error}"
        raise BuildFailed(msg) from None
    return Outcome(check, count, sample)


def refuse_failures(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """The outcomes that warn; CheckFailed when one that stops has found rows."""
    failed = [outcome for outcome in outcomes if outcome.failing_rows]
    stopping = [outcome for outcome in failed if outcome.check.severity == "stop"]
    if stopping:
        more = f" {len(stopping) - 1} more failed." if len(stopping) > 1 else ""
        msg = f"A check failed and nothing is published: {stopping[0].sentence}.{more}"
        raise CheckFailed(msg)
    return tuple(failed)


def _shown(record: dict[str, object]) -> str:
    return "{" + ", ".join(f"{name}: {_on_one_line(value)}" for name, value in record.items()) + "}"


def _on_one_line(value: object) -> str:
    """A value for a message: names come from certificates, and may hold line breaks or a million characters."""
    text = "null" if value is None else " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}... ({len(text)} characters)"


def record_outcomes(warehouse: Warehouse, outcomes: Sequence[Outcome], run_id: str) -> None:
    """Add what the checks of a run found to meta.checks."""
    now = datetime.now(UTC).replace(tzinfo=None)
    values: list[object] = []
    for outcome in outcomes:
        check, status = outcome.check, "failed" if outcome.failing_rows else "passed"
        sample = outcome.sample or None
        values += [run_id, check.name, check.model, check.severity, status, outcome.failing_rows, sample, now]
        values += [check.meaning, check.advice]
    if outcomes:
        rows = ", ".join([f"({', '.join('?' * 10)})"] * len(outcomes))
        columns = "run_id, check_name, model, severity, status, failing_rows, sample, checked_at, meaning, advice"
        warehouse.execute(f"insert into meta.checks ({columns}) values {rows}", values)
