"""Fields that came or went, and what the policy makes of drift: a line in the log, or the end of the build.

`appeared`: a field that the contract does not know, in the first items of a resource. `vanished`: a field of the
contract that earlier runs of the account had in an item, and this run has in none. Both are in meta.drift for as long
as they last, and are told only until they have been published once. Values that are not as expected are counted
elsewhere: items by `raw.py`, values by the model meta.drift; words that no rule knows in report.unknown_statuses.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from pipeline.api.contract import LISTS, Call
from pipeline.errors import CheckFailed
from pipeline.load.meta import raw_column, raw_table
from pipeline.policy import Drift
from pipeline.runs.landing import read_items
from pipeline.runs.manifest import Extract, Manifest
from pipeline.warehouse.duck import Warehouse, identifier, literal

SAMPLED_ITEMS = 500
"""Items of a resource of which all names are read, the first as received: what a contract forgot is in nearly all."""
STRANGE_NAMES = 200
"""Names outside of the contract that are told apart, of a resource: an item may have any number of them."""
_SAMPLE_LENGTH = 200
_LONGEST_NAME = 100  # in a message: a name on the wire may have any length
_names = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FIELD_KINDS = ("appeared", "vanished")


@dataclass(slots=True)
class _Sample:
    """The first items of a resource: how many could be read, how many have each name, and its first value."""

    items: int = 0
    named: Counter[str] = field(default_factory=Counter)
    values: dict[str, str] = field(default_factory=dict)


_Sighting = tuple[str, str, bool, str, str, int]  # resource, field, is_in_contract, first run, last run, items


def find_drift(warehouse: Warehouse, landing: Path, manifest: Manifest) -> None:
    """Write the fields that appeared and vanished in the run of an account to meta.drift, and all seen to meta.fields.

    The run must be loaded. A resource that is not complete, or has no item, says nothing.
    """
    calls = {call.name: call for call in LISTS}
    extracts = [
        one for one in manifest.extracts if one.status == "complete" and one.rows_received and one.resource in calls
    ]
    counts = _count(warehouse, manifest, [calls[one.resource] for one in extracts])
    known = _known(warehouse, manifest.account)
    drift = []
    for extract in extracts:
        sample = _sample(landing, manifest, extract)
        items, filled = counts[extract.resource]
        contract = {one.name for one in calls[extract.resource].fields}
        seen = _most_named(Counter(filled) | sample.named, contract)  # of both counts the larger
        for name in sorted(contract - seen.keys()):
            before = known.get((extract.resource, name))
            if before is not None:
                last = f"last seen in {before[5]} items of run {before[4]}"
                drift.append((extract.resource, name, "vanished", items, last))
        for name in sorted(seen.keys() - contract):
            example = sample.values.get(name, "names that fewer items have")
            told = f"in {seen[name]} of the first {sample.items} items, e.g. {example}"
            drift.append((extract.resource, name, "appeared", seen[name], told))
        for name, times in seen.items():
            first = known[extract.resource, name][3] if (extract.resource, name) in known else manifest.run_id
            known[extract.resource, name] = (extract.resource, name, name in contract, first, manifest.run_id, times)
    _write(warehouse, manifest, _newest(known.values()), drift)


def _most_named(seen: Counter[str], contract: Collection[str]) -> Counter[str]:
    """`seen` with the names outside of the contract that most items have; the others are one entry, (more)."""
    strange = sorted(seen.keys() - contract, key=lambda name: (-seen[name], name))
    kept = Counter({name: times for name, times in seen.items() if name in contract})
    kept.update({name: seen[name] for name in strange[:STRANGE_NAMES]})
    if strange[STRANGE_NAMES:]:
        kept["(more)"] = sum(seen[name] for name in strange[STRANGE_NAMES:])
    return kept


def _newest(known: Iterable[_Sighting]) -> list[_Sighting]:
    """All names of the contract, and of the others of each resource those that were seen last."""
    names = sorted(known, key=lambda one: (one[2], one[4], one[5], one[1]), reverse=True)
    strange: Counter[str] = Counter()
    kept = []
    for one in names:
        strange[one[0]] += not one[2]
        if one[2] or strange[one[0]] <= 2 * STRANGE_NAMES:
            kept.append(one)
    return kept


def _write(
    warehouse: Warehouse, manifest: Manifest, known: list[_Sighting], drift: list[tuple[str, str, str, int, str]]
) -> None:
    who = (manifest.run_id, manifest.account)
    ours = ", ".join(map(literal, _FIELD_KINDS))
    with warehouse.transaction():
        warehouse.execute(f"delete from meta.drift where run_id = ? and account = ? and what in ({ours})", who)
        warehouse.execute("delete from meta.fields where account = ?", [manifest.account])
        columns = "account, resource, field, is_in_contract, first_run_id, last_run_id, last_items"
        _insert(warehouse, f"meta.fields ({columns})", [(manifest.account, *one) for one in known])
        columns = "run_id, account, resource, field, what, occurrences, sample"
        _insert(warehouse, f"meta.drift ({columns})", [(*who, *one) for one in drift])


def judge_drift(warehouse: Warehouse, run_id: str, policy: Drift) -> tuple[str, ...]:
    """What there is to tell of the run's drift: one line, or none; CheckFailed where the policy says fail.

    meta.drift must be built. A field counts where it is news to the published file, so that what was published once
    does not stop the next run, nor the same one built again; values count whenever there are any.
    """
    found = warehouse.records(_FOUND, [run_id, run_id])
    if not found:
        return ()
    stopping = [one for one in found if (policy.fields if one["what"] in _FIELD_KINDS else policy.values) == "fail"]
    if stopping:
        one = stopping[0]
        setting = "fields" if one["what"] in _FIELD_KINDS else "values"
        more = f" {len(stopping) - 1} more stop it too." if len(stopping) > 1 else ""
        msg = (
            f"The policy stops the build for drift and nothing is published: account {one['account']}, {_say(one)};"
            f' mend it at the source, or set {setting} = "warn" under [drift] in policy.toml and build again.{more}'
        )
        raise CheckFailed(msg)
    kinds = Counter(one["what"] for one in found)
    told = ", ".join(f"{number} {what}" for what, number in sorted(kinds.items()))
    line = (
        f"Drift in run {run_id}: {told}; first account {found[0]['account']}, {_say(found[0])};"
        " section 11 of the report and meta.drift list all."
    )
    return (line,)


_FOUND = """
select drift.account, drift.resource, drift.field, drift.what, drift.occurrences, drift.sample
from meta.drift as drift
left join meta.fields as fields
    on fields.account = drift.account and fields.resource = drift.resource and fields.field = drift.field
left join (
    select account, max(run_id) as run_id from meta.runs where run_id <= ? and published_at is not null group by account
) as published on published.account = drift.account
where drift.run_id = ? and case drift.what
    when 'appeared' then fields.first_run_id > coalesce(published.run_id, '')
    when 'vanished' then fields.last_run_id >= coalesce(published.run_id, '')
    else true
end
order by drift.what not in ('vanished', 'appeared'), drift.what <> 'vanished', drift.occurrences desc, drift.account,
    drift.resource, drift.field, drift.what
"""


def _say(one: dict[str, Any]) -> str:
    times = "1 time" if one["occurrences"] == 1 else f"{one['occurrences']} times"
    field = " ".join(one["field"].split())[:_LONGEST_NAME]
    sample = " ".join((one["sample"] or "").split())
    return f"{one['resource']}: {field} {one['what'].replace('_', ' ')}, {times} ({sample or 'no sample'})"


def _count(warehouse: Warehouse, manifest: Manifest, calls: list[Call]) -> dict[str, tuple[int, dict[str, int]]]:
    """By resource: how many items the run of the account has, and in how many each field of the contract is filled."""
    if not calls:
        return {}
    selects = []
    for call in calls:
        filled = ", ".join(f"count({identifier(raw_column(one))})" for one in call.fields)
        selects.append(
            f"select {literal(call.name)}, count(*), [{filled}] from {raw_table(call).name}"
            " where account = ? and run_id = ?"
        )
    rows = warehouse.rows("\nunion all\n".join(selects), [manifest.account, manifest.run_id] * len(calls))
    names = {call.name: [one.name for one in call.fields] for call in calls}
    return {name: (items, dict(zip(names[name], filled, strict=True))) for name, items, filled in rows}


def _known(warehouse: Warehouse, account: str) -> dict[tuple[str, str], _Sighting]:
    rows = warehouse.rows(
        "select resource, field, is_in_contract, first_run_id, last_run_id, last_items from meta.fields"
        " where account = ?",
        [account],
    )
    return {(row[0], row[1]): (row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows}


def _sample(landing: Path, manifest: Manifest, extract: Extract) -> _Sample:
    account = landing / manifest.account
    folder = account if extract.resource == "audit_log" else account / manifest.run_id / extract.resource
    lines = itertools.chain.from_iterable(read_items(folder / part.name) for part in extract.parts)
    sample = _Sample()
    for line in itertools.islice(lines, SAMPLED_ITEMS):
        try:
            item = _names.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # a hostile item, or none that is an object: counted by raw.py
            continue
        sample.items += 1
        sample.named.update(item.keys())
        for name in item.keys() - sample.values.keys():
            sample.values[name] = bytes(item[name])[:_SAMPLE_LENGTH].decode("utf-8", "replace")
    return sample


def _insert(warehouse: Warehouse, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * len(rows))
        warehouse.execute(f"insert into {table} values {marks}", [value for row in rows for value in row])
