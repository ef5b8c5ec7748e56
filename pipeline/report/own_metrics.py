"""The user's own metrics in section 11: names, words and numbers of the models of kind metrics beside tlm.toml."""

from __future__ import annotations

from typing import Any

from pipeline.report import words
from pipeline.report.contents import Block, Caption, Cell, Column, Row, Table
from pipeline.report.source import LIST_ROWS, Source

_LONGEST_SENTENCE = 400
_COLUMNS = ("metric", "account", "business_unit", "member", "sentence", "counted", "out_of", "numerator", "denominator")
_FILE = "own-metrics.csv"


def attach_own_metrics(source: Source) -> None:
    """Remember them all as a list where the table has no room for them; before the lists are embedded."""
    records = _records(source)
    if len(records) > LIST_ROWS:
        source.attach(_FILE, "Your own metrics", records, _COLUMNS)


def own_metrics_block(source: Source) -> Block | None:
    """The table "Your own metrics"; None where the user has none."""
    records = _records(source)
    if not records:
        return None
    file = _FILE if len(records) > LIST_ROWS else ""
    table = Table(
        Caption(words.of(min(len(records), LIST_ROWS), len(records)) + " values", ", by name", file),
        (Column("Metric", 33), Column("Counted", 24), Column("Out of", 24), Column("This week", 19, right=True)),
        tuple(_row(record) for record in records[:LIST_ROWS]),
    )
    note = (
        "From your models of kind metrics, over all accounts, or by account or unit where a model gives no more; "
        "mart.metrics has every scope and run."
    )
    return Block("Your own metrics", note, table, source.query("11.7", "own_metrics"), anchor="own-metrics")


def _row(record: dict[str, Any]) -> Row:
    named = (record[part] for part in ("metric", "account", "business_unit", "member"))
    name = ", ".join(part for part in named if part is not None)
    if record["numerator"] is None:
        value = Cell("no row", "soft")
    elif record["denominator"] is None:
        value = Cell(words.number(record["numerator"]))
    else:
        value = Cell(words.of(record["numerator"], record["denominator"]))
    return Row(
        (
            Cell(words.cut_name(name)[0], "bold", extra=_text(record["sentence"])),
            Cell(_text(record["counted"])),
            Cell(_text(record["out_of"])) if record["out_of"] else Cell("–", "soft"),
            value,
        )
    )


def _text(sentence: str) -> str:
    """A sentence of the user's, clean and not longer than a cell holds."""
    text = words.clean(sentence)
    return text if len(text) <= _LONGEST_SENTENCE else f"{text[:_LONGEST_SENTENCE]}{words.ELLIPSIS}"


def _records(source: Source) -> list[dict[str, Any]]:
    names = ("metric", "account", "business_unit", "member")
    return sorted(source.rows("own_metrics"), key=lambda record: [record[name] or "" for name in names])
