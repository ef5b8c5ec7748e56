"""What checks and drift have noted, for section 11: each with how often, one sample, and what to do about it."""

from __future__ import annotations

from typing import Any

from pipeline.report import words
from pipeline.report.contents import Block, Caption, Cell, Column, Row, Table
from pipeline.report.source import LIST_ROWS, Source

_ADVICE = {  # what to do about drift, by its kind
    "appeared": "tlm contract check says whether the instance documents it; nothing here reads it.",
    "vanished": "tlm contract check says whether it was renamed; what it told is unknown here.",
    "unparsed": "Counted as unknown; mend the value where it is kept.",
    "reversed": "Both ends count as unknown; compare them with the certificate.",
    "retyped": "Counted as unknown; the contract wants another kind of value.",
}
_MENDED = "Loaded as far as it can be read; the bytes as they came are in the landing zone."


def resource_words(name: str) -> str:
    """A resource in words: `endpoints, discovered`."""
    return words.clean(name).replace(".", ", ").replace("_", " ")


def attach_drift(source: Source) -> None:
    """Remember the drift of this report's rows as drift.csv; before the lists are embedded."""
    columns = ("account", "resource", "field", "what", "occurrences", "sample")
    source.attach("drift.csv", "Fields and values that were not as expected", drift_rows(source), columns)


def drift_rows(source: Source) -> list[dict[str, Any]]:
    """The drift of this report's rows, most often first."""
    return sorted(
        source.rows("drift"),
        key=lambda r: (-r["occurrences"], r["account"], r["resource"], r["field"] or "", r["what"]),
    )


def noted_checks(source: Source, failed: list[dict[str, Any]]) -> Block:
    """Each check that found rows: what they are, how many, the first of them, and what to do."""
    rows = [
        Row(
            (
                Cell(words.cut_name(check["check_name"])[0], extra=_first_sentence(check["meaning"] or "")),
                Cell(words.number(check["failing_rows"])),
                Cell(words.cut_name((check["sample"] or "").split("}; {")[0].strip("{}"))[0], kind="name"),
                Cell(_as_sentence(words.clean(check["advice"] or f"look at the rows of {check['model']}"))),
            )
        )
        for check in failed[:LIST_ROWS]
    ]
    table = Table(
        Caption(f"{words.of(len(rows), len(failed))} checks", " that found something and did not stop the report"),
        (Column("Check", 34), Column("Rows", 6, right=True), Column("First of them", 30), Column("What to do", 30)),
        tuple(rows),
    )
    note = "They count as they are, unless it says otherwise. Three samples of each are in meta.checks."
    return Block("Noted by checks", note, table, source.query("11.2", "checks"), is_wide=True)


def noted_drift(source: Source, drift: list[dict[str, Any]]) -> Block:
    """What in the data was not as expected, most often first."""
    rows = [
        Row(
            (
                Cell(
                    f"{resource_words(record['resource'])}: {words.cut_name(record['field'] or '')[0]}",
                    extra=f"{words.clean(record['what']).replace('_', ' ')}, in {words.clean(record['account'])}",
                ),
                Cell(words.number(int(record["occurrences"]))),
                Cell(words.cut_name(record["sample"] or "")[0], kind="name"),
                Cell(_ADVICE.get(record["what"], _MENDED)),
            )
        )
        for record in drift[:LIST_ROWS]
    ]
    table = Table(
        Caption(f"{words.of(len(rows), len(drift))} kinds", ", most often first", "drift.csv"),
        (Column("Field", 34), Column("Times", 6, right=True), Column("One of them", 30), Column("What to do", 30)),
        tuple(rows),
    )
    note = "Fields that came or went, and values that are no such thing. [drift] in policy.toml can stop a build."
    return Block("Drift", note, table, source.query("11.8", "drift"), is_wide=True)


def _first_sentence(text: str) -> str:
    return words.clean(text).split(". ", maxsplit=1)[0].rstrip(".") + "." if text else ""


def _as_sentence(advice: str) -> str:
    return f"{advice[:1].upper()}{advice[1:]}.".replace("`", "")
