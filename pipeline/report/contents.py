"""The typed data of a report: every number, word and row that the page template lays out.

Nothing here knows HTML. Text is already clean (`words.clean`) and, where it is a name from outside, already cut; the
template escapes all of it. A `Report` is a value: the same report gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipeline.report.figures import Figure

Tone = Literal["", "hot", "soft", "bold"]
CellKind = Literal["text", "name", "id", "met", "missed", "none"]


@dataclass(frozen=True, slots=True)
class Lede:
    """A sentence with at most one bold fact: printed as before, **fact**, after, with the spaces that they carry."""

    before: str = ""
    fact: str = ""
    after: str = ""

    @property
    def plain(self) -> str:
        """The sentence as plain text."""
        return f"{self.before}{self.fact}{self.after}"


@dataclass(frozen=True, slots=True)
class Query:
    """The query behind a block, a view of the schema `report`: number and name on paper, its SQL too on screen."""

    number: str
    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `kind` name stands in <bdi>; met, missed and none put that mark before the text; `extra` is soft."""

    text: str = ""
    tone: Tone = ""
    kind: CellKind = "text"
    extra: str = ""
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, its width in per cent of the table (a whole number), and whether it is set right."""

    head: str
    width: int
    right: bool = False
    figure: Figure | None = None  # a chart's axis in the head
    is_chart: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row; `sum` has a rule above, `group` is one bold cell over all columns."""

    cells: tuple[Cell, ...]
    kind: Literal["", "sum", "group"] = ""


@dataclass(frozen=True, slots=True)
class Caption:
    """Above a list: the bold count, how it is sorted, and the name of the CSV with all rows (`file`, or empty)."""

    count: str
    rest: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; `is_chart_table` centres the rows on their charts, `has_bold_heads` marks measures."""

    caption: Caption
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    is_chart_table: bool = False
    has_bold_heads: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """A word, a sentence with numbers, and the next command (or empty); a quiet state has no frame."""

    word: str
    sentence: str
    next_step: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three kinds of unsecured endpoints, side by side."""

    title: str
    number: str
    share: str
    figure: Figure | None
    note: str


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds in a row."""

    items: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Charts:
    """One chart, or several side by side."""

    figures: tuple[Figure, ...]


Body = Charts | Table | Kinds | State


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of evidence: heading and note in the side column, body beside it, or under both when `is_wide`."""

    title: str
    note: str
    body: Body
    query: Query | None = None
    anchor: str = ""
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section: what it answers first, the states that concern it, its blocks."""

    number: int
    anchor: str
    title: str
    short_title: str
    lede: Lede
    blocks: tuple[Block, ...]
    states: tuple[State, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """One of the numbers of page one: value, difference to the baseline, 13 weeks, verdict against the policy."""

    name: str
    of: str
    value: str
    unit: str
    change: str
    judgement: Literal["better", "worse", "same", ""]
    spark: Figure | None
    spark_words: str
    verdict: Literal["missed", "met", "none"]
    verdict_words: str
    remark: str
    bullet: Figure | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """One line of "Do first": bold order, the rest, where the rows are (`target` is an anchor, `pointer` its words)."""

    order: str
    rest: str = ""
    pointer: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the cover's scope: up to two lines under a small head."""

    name: str
    lines: tuple[str, ...]
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Cover:
    """Page one."""

    facts: tuple[Fact, ...]
    verdict: Lede
    measures: tuple[Measure, ...]
    measures_caption: tuple[str, str]
    weeks_head: str
    actions: tuple[Action, ...]
    query: Query


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A list in full: `rows` are tuples in the order of `columns`, values as the database has them."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A list in full as bytes; over the limit it is only named: `is_embedded` is false and `data` empty."""

    name: str
    title: str
    row_count: int
    data: bytes
    sha256: str
    is_embedded: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report. `week` is "2026-W48", `as_of` its instant (UTC, aware), `states` the panels of page one."""

    organisation: str
    classification: str
    week: str
    week_title: str
    title: str
    as_of: datetime
    as_of_words: str
    states: tuple[State, ...]
    watermark: str
    cover: Cover
    sections: tuple[Section, ...]
    files: tuple[Embedded, ...]
    run_ids: tuple[str, ...]
    issue_name: str = ""  # "Second issue", on page one with its reason; the first issue has no words for itself
    issue_reason: str = ""
