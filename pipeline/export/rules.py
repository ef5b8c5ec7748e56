"""`tlm rules show`: the dated rules, all of them or those that hold on one day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pipeline.export.query import run_query

_RULES = """
select rule, demand, effective_from, effective_to, severity, source, clause, serves
from rules.dated
{where}
order by rule, effective_from nulls first, demand
"""
_ON = """where coalesce(effective_from <= date '{day}', true) and coalesce(effective_to > date '{day}', true)"""


def show_rules(database: Path, on: date | None, *, form: str = "table", out: Path | None = None) -> None:
    """Write rules.dated of `database` as `run_query` does; `on` keeps the rules that hold on that day."""
    where = "" if on is None else _ON.format(day=on.isoformat())
    run_query(database, _RULES.format(where=where), form=form, out=out)
