"""The contract, and what a document says about it, as records for JSON and as lines for people (100 columns). Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pipeline.api.contract import EVERY, Call
from pipeline.api.openapi import CallOutcome, Outcome, advice

_COLUMNS = 100
_SETTING = re.compile(r"paths = \{ .* \}|accept_assumed = \[.*\]")
_NO_BREAK = "\N{NO-BREAK SPACE}"


def contract_records(overrides: Mapping[str, str], required: Collection[str]) -> list[dict[str, Any]]:
    """One record for each call of the contract; nothing is compared, so every outcome in it is None."""
    return [
        _record(call, overrides.get(call.name, call.path), call.name in required)
        | {"outcome": None, "fields": dict.fromkeys(one.name for one in call.fields), "differs": []}
        for call in EVERY
    ]


def outcome_records(outcomes: Iterable[CallOutcome], required: Collection[str]) -> list[dict[str, Any]]:
    """One record for each compared call; `differs` is a list of phrases, `fields` an outcome by name."""
    return [
        _record(one.call, one.path, one.call.name in required)
        | {
            "outcome": str(one.outcome),
            "fields": {name: str(said) for name, said in one.fields.items()},
            "differs": list(one.differs),
        }
        for one in outcomes
    ]


def contract_lines(overrides: Mapping[str, str], required: Collection[str]) -> list[str]:
    """A line for each call, and its fields below it by their evidence."""
    lines = [_row("call", "evidence", "body", "path")]
    for call in EVERY:
        path = overrides.get(call.name, call.path)
        mark = "*" if call.name in required else ""
        lines.append(_row(call.name + mark, call.evidence, call.body_evidence or "", f"{call.method} {path}"))
        by_evidence: dict[str, list[str]] = {}
        for one in call.fields:
            by_evidence.setdefault(one.evidence, []).append(one.name)
        for evidence, names in by_evidence.items():
            lines += _wrapped(f"{evidence}: {', '.join(names)}")
    return [
        *lines,
        "* required: an extraction without it is incomplete. Evidence: the vendor's text, a public client,",
        "  or assumed. `tlm contract check` compares it with the document of an instance.",
    ]


def outcome_lines(outcomes: Sequence[CallOutcome], place: str) -> list[str]:
    """A line for each call, below it what differs and what to do; then the sum."""
    lines = [place, _row("call", "outcome", "fields", "path")]
    for one in outcomes:
        agreed = sum(said is Outcome.CONFIRMED for said in one.fields.values())
        fields = f"{agreed}/{len(one.fields)}" if one.fields else ""
        lines.append(_row(one.call.name, one.outcome, fields, f"{one.call.method} {one.path}"))
        for phrase in one.differs:
            lines += _wrapped(phrase)
        lines += _wrapped(advice(one))
        open_fields = [name for name, said in one.fields.items() if said is Outcome.UNKNOWN]
        if one.is_listed and open_fields:
            lines += _wrapped(f"not known from it: {', '.join(open_fields)}")
        if one.candidate and one.outcome is Outcome.UNKNOWN:
            lines += _wrapped(f"the document lists something like it: {one.candidate}")
    counts = (f"{sum(one.outcome is kind for one in outcomes)} {kind}" for kind in Outcome)
    return [*lines, ", ".join(counts)]


def _record(call: Call, path: str, is_required: bool) -> dict[str, Any]:
    return {
        "name": call.name,
        "method": call.method,
        "path": path,
        "evidence": str(call.evidence),
        "body_evidence": None if call.body_evidence is None else str(call.body_evidence),
        "required": is_required,
        "field_evidence": {one.name: str(one.evidence) for one in call.fields},
    }


def _row(name: str, first: str, second: str, path: str) -> str:
    """The path comes last, because an owner's own may be long."""
    return f"{name:<23} {first:<12} {second:<8} {path}"


def _wrapped(text: str) -> list[str]:
    """Below a call, indented; what is to be copied (a path, a setting) stays in one piece."""
    kept = _SETTING.sub(lambda setting: setting[0].replace(" ", _NO_BREAK), text)
    wrapper = textwrap.TextWrapper(
        _COLUMNS, initial_indent="    ", subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(_NO_BREAK, " ") for line in wrapper.wrap(kept)]
