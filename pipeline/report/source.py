"""Where a report's rows come from: the views `report.*` of the published file, and what all sections need of them.

`Source` is read-only; it keeps the time frame, the metrics of thirteen weeks and the policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.config import RESOURCES
from pipeline.places import content
from pipeline.report import words
from pipeline.report.contents import Cell, CsvFile, Query, Tone
from pipeline.report.figures import WEEKS, Spark
from pipeline.warehouse.duck import Warehouse

LIST_ROWS = 20
UNASSIGNED = "(unassigned)"
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Amount:
    """A metric's value: a count (denominator None), or a share with both of its numbers."""

    numerator: int
    denominator: int | None = None

    @property
    def value(self) -> float | None:
        """The number to draw: a share from 0 to 1 or the count; None where there is nothing to divide by."""
        if self.denominator is None:
            return float(self.numerator)
        return self.numerator / self.denominator if self.denominator else None

    @property
    def pair(self) -> tuple[int, int]:
        """Numerator and denominator of a share."""
        return self.numerator, self.denominator or 0


@dataclass(frozen=True, slots=True)
class WeekRun:
    """A week that has a run, and that run."""

    weeks_ago: int
    iso_year: int
    iso_week: int
    run_id: str
    as_of_at: datetime
    is_baseline: bool


class Source:
    """The published warehouse as the report reads it."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Reads the newest run; raises what the warehouse raises when there is none."""
        self._warehouse = warehouse
        run = warehouse.records("select * from meta.current_run")[0]
        self.run_id: str = run["run_id"]
        self.as_of_at: datetime = run["as_of_at"]
        self.zone = ZoneInfo(run["timezone"])
        self.iso_year: int = run["iso_year"]
        self.iso_week: int = run["iso_week"]
        self.tool_version: str = run["tool_version"]
        self.rules_on: date | None = run.get("rules_on")
        self.as_of_on: date | None = run.get("as_of_on")
        self.files: list[CsvFile] = []
        self._read: dict[str, list[dict[str, Any]]] = {}

    def rows(self, view: str) -> list[dict[str, Any]]:
        """All rows of `report.<view>`, as they are in the database, in the order that its list_no gives.

        Each view is asked once; the list is for reading.
        """
        if view not in self._read:
            records = self._warehouse.records(f"select * from report.{view}")  # noqa: S608 -- a name of ours
            if records and "list_no" in records[0]:
                records.sort(key=lambda record: record["list_no"])
            self._read[view] = records
        return self._read[view]

    def one(self, view: str) -> dict[str, Any]:
        """The only row of `report.<view>`."""
        return self.rows(view)[0]

    def query(self, number: str, view: str) -> Query:
        """The query behind a block: the view `report.<view>` and the text of its file."""
        return Query(number, view, (content("sql") / "report" / f"{view}.sql").read_text(encoding="utf-8").strip())

    def attach(self, name: str, title: str, records: Sequence[Record], columns: Sequence[str]) -> str:
        """Remember a list in full under its file name and return that name; an empty list is no file."""
        if not records:
            return ""
        rows = tuple(tuple(record[column] for column in columns) for record in records)
        self.files.append(CsvFile(name, title, tuple(columns), rows))
        return name

    @cached_property
    def weeks(self) -> tuple[WeekRun, ...]:
        """The weeks with a run, newest first; the first is this one."""
        records = sorted(self.rows("weeks"), key=lambda r: r["weeks_ago"])
        names = ("weeks_ago", "iso_year", "iso_week", "run_id", "as_of_at", "is_baseline")
        return tuple(WeekRun(*(record[name] for name in names)) for record in records)

    @cached_property
    def baseline(self) -> WeekRun | None:
        """The run that this week is compared with, None in the first week."""
        return next((week for week in self.weeks if week.is_baseline), None)

    @cached_property
    def baseline_weeks_ago(self) -> int:
        """How many weeks ago the baseline is; 0 without one."""
        return self.baseline.weeks_ago if self.baseline else 0

    @cached_property
    def since(self) -> str:
        """`since last week`, or since the week of an older baseline."""
        if self.baseline_weeks_ago <= 1:
            return "since last week"
        return f"since week {self.baseline.iso_week}" if self.baseline else ""

    @cached_property
    def _trend(self) -> dict[tuple[str, int], Amount]:
        return {
            (record["metric"], record["weeks_ago"]): Amount(record["numerator"], record["denominator"])
            for record in self.rows("trend")
            if record["numerator"] is not None
        }

    def now(self, metric: str) -> Amount:
        """A metric of the newest run over everything; nothing of nothing where it has no row."""
        return self._trend.get((metric, 0), Amount(0, 0))

    def then(self, metric: str) -> Amount | None:
        """The same at the baseline; None without one, or where the metric has no row there."""
        return self._trend.get((metric, self.baseline_weeks_ago)) if self.baseline else None

    def series(self, metric: str) -> tuple[Amount | None, ...]:
        """The metric's weeks, oldest first, from the oldest with a run to this one; a week without a run is None."""
        known = [self._trend.get((metric, ago)) for ago in range(WEEKS - 1, -1, -1)]
        first = next((i for i, amount in enumerate(known) if amount is not None), len(known) - 1)
        return tuple(known[first:])

    @cached_property
    def oldest(self) -> int:
        """How many weeks ago the oldest of the drawn weeks with a run is."""
        return max(week.weeks_ago for week in self.weeks if week.weeks_ago < WEEKS)

    @property
    def weeks_head(self) -> str:
        """`13 weeks, W36 to W48`, or how many have a run so far."""
        count = len([week for week in self.weeks if week.weeks_ago < WEEKS])
        return f"{count} weeks, {self.week_name(self.oldest)} to {self.week_name(0)}" if count > 1 else "First week"

    def week_name(self, weeks_ago: int) -> str:
        """The name of the week so many weeks before this one, with a run or without: `W36`."""
        on = date.fromisocalendar(self.iso_year, self.iso_week, 1) - timedelta(weeks=weeks_ago)
        return f"W{on.isocalendar().week:02d}"

    @cached_property
    def history_days(self) -> int:
        """Whole days from our first complete run to this one: no age can be more."""
        first = self.one("history")["first_as_of_at"]
        return (self.as_of_at - first).days if first else 0

    @cached_property
    def units(self) -> dict[str, dict[str, Amount]]:
        """Metric -> business unit -> amount, of the newest run."""
        found: dict[str, dict[str, Amount]] = {}
        for record in self.rows("measures_by_unit"):
            if record["numerator"] is None:  # not judged
                continue
            amount = Amount(record["numerator"], record["denominator"])
            found.setdefault(record["metric"], {})[record["business_unit"]] = amount
        return found

    def largest_unit(self, metric: str) -> tuple[str, int]:
        """The business unit that holds most of a metric, and its number; ("", 0) where nobody holds any."""
        amounts = self.units.get(metric, {})
        if not amounts:
            return "", 0
        name, amount = min(amounts.items(), key=lambda item: (-item[1].numerator, item[0]))
        return (name, amount.numerator) if amount.numerator else ("", 0)

    def spark(self, name: str, metric: str, *, size: tuple[float, float], is_hot: bool) -> Spark | None:
        """Columns of a count's weeks; None while there is only one."""
        values = tuple(amount.numerator if amount else None for amount in self.series(metric))
        if len(values) < 2:  # one column is no comparison
            return None
        known = [value for value in values if value is not None]
        title = f"{name}, {len(known)} weeks, from {words.number(known[0])} to {words.number(known[-1])}"
        return Spark(title, values, size[0], size[1], is_hot=is_hot)

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The policy's row."""
        return self.one("policy")

    @cached_property
    def accounts(self) -> tuple[dict[str, Any], ...]:
        """The accounts and their runs, by name."""
        return tuple(sorted(self.rows("data_runs"), key=lambda record: record["account"]))

    def absent(self, configured: Sequence[str]) -> list[str]:
        """Those of the accounts `configured` of which no run is here, as none was complete so far."""
        present = {account["account"] for account in self.accounts}
        return [name for name in configured if name not in present]

    @cached_property
    def is_incomplete(self) -> bool:
        """Whether an account was published although its run is not complete: then no target can be judged."""
        return any(account["is_complete"] is False for account in self.accounts)

    @cached_property
    def rows_read(self) -> str:
        """`140 rows read`, and how many of the announced; no share where a list that stopped announced nothing."""
        extracts = [r for r in self.rows("completeness") if r["status"] != "skipped"]
        received = sum(r["rows_received"] or 0 for r in extracts)
        read = f"{words.count(received, 'row')} read"
        announced = [r for r in extracts if r["api_total_end"] is not None]
        is_unknown = any(r["status"] != "complete" and r["api_total_end"] is None for r in extracts)
        if is_unknown or not announced:
            return read
        pair = words.of(sum(r["rows_received"] or 0 for r in announced), sum(r["api_total_end"] for r in announced))
        if len(announced) == len(extracts):
            return f"{pair} rows"
        return f"{read}, {pair} where a number is announced"

    @cached_property
    def rows_of_earlier_runs(self) -> Sequence[Record]:
        """The lists that were not read and for which the rows of an earlier run stand in, oldest rows first."""
        found = [r for r in self.rows("completeness") if r["rows_run_id"] is not None]
        return sorted(found, key=lambda r: (r["rows_as_of_at"], r["account"], r["resource"]))

    @cached_property
    def unread_lists(self) -> Sequence[Record]:
        """The lists, but for the audit log, that were not read and that no earlier run has either."""
        found = [r for r in self.rows("completeness") if r["status"] == "skipped" and r["rows_run_id"] is None]
        return sorted(
            (r for r in found if r["resource"] != "audit_log"),
            key=lambda r: (r["account"], RESOURCES.index(r["resource"])),
        )

    @cached_property
    def is_automation_unread(self) -> bool:
        """Whether no endpoint says that it is managed, and the list that would say it for an account was not read."""
        lists = [r for r in self.rows("completeness") if r["resource"] == "automation_inventory"]
        read = {r["account"] for r in lists if r["status"] != "skipped" or r["rows_run_id"] is not None}
        is_told = {account["account"] for account in self.accounts} <= read
        return not is_told and not self.now("coverage.automation").numerator

    @cached_property
    def accounts_without_events(self) -> list[str]:
        """The accounts whose run has not read the audit log to its end: refused, broken off or not asked for."""
        return [account["account"] for account in self.accounts if not account["is_log_read"]]

    @cached_property
    def not_judged(self) -> int:
        """How many certificates were exchanged without a known event in accounts whose audit log was not read."""
        return sum(1 for record in self.rows("changes") if record["movement"] == "not_judged")

    @cached_property
    def units_named(self) -> int:
        """How many business units there are, the unassigned not counted."""
        return len([name for name in self.units.get("inventory.endpoints", {}) if name != UNASSIGNED])

    def local_day(self, at: datetime) -> date:
        """The day of a naive UTC instant in the configured zone."""
        return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(self.zone).date()


def name_cell(text: str | None) -> Cell:
    """A name from outside: clean, cut in the middle, isolated."""
    if not text:
        return Cell("no name", "soft")
    name, extra = words.cut_name(text)
    return Cell(name, kind="name", extra=extra)


def word_cell(text: str | None, absent: str = "unknown") -> Cell:
    """A short word from outside (unit, CA, sensor), cut like a name."""
    if not text:
        return Cell(absent, "soft")
    name, extra = words.cut_name(text)
    return Cell(name, kind="name", extra=extra)


def port_cell(port: int | str | None) -> Cell:
    """A port, or a dash."""
    return Cell(str(port)) if port is not None else Cell("–", "soft")


def number_cell(value: int, tone: Tone = "") -> Cell:
    """A count; a zero is an en dash, for rows whose total stands in them."""
    return Cell(words.number(value), tone) if value else Cell("–", "soft")


def date_cell(at: datetime | None, source: Source) -> Cell:
    """The local day of an instant."""
    return Cell(source.local_day(at).isoformat()) if at else Cell("unknown", "soft")


def end_cell(at: datetime | None) -> Cell:
    """The UTC day of a certificate's end, as the certificate and the CSVs say it."""
    return Cell(at.date().isoformat()) if at else Cell("unknown", "soft")


def serial_cell(text: str | None) -> Cell:
    """The last eight digits of a serial: what tells two certificates apart at a glance."""
    return Cell(words.clean(text)[-8:], kind="id") if text else Cell("unknown", "soft")
