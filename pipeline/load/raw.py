"""Parts of the landing zone become the tables of `raw`, read by the engine with explicit columns.

Each table holds one run per account. Parts are evidence: one that is not what the manifest says, byte for byte, is not
loaded. The engine's count must equal the manifest's, so no item vanishes silently: one
that the reader refuses takes the slow path (`mend.py`) and is counted in meta.drift, as is one without any known field.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.api.contract import LISTS, Call
from pipeline.errors import BuildFailed, EngineRefused
from pipeline.load.mend import SAMPLE_LENGTH, Mending, mend_items
from pipeline.load.meta import raw_column, raw_table
from pipeline.load.stand_in import StandIn, find_stand_ins
from pipeline.runs.landing import read_items, what_is_wrong
from pipeline.runs.manifest import Extract, Manifest, is_complete, manifest_hash, manifest_path
from pipeline.warehouse.duck import Warehouse, identifier, literal

_OBJECT_BYTES = 16 * 1024 * 1024  # the engine's own limit for one item; its buffers are twice this, for each thread
_MEGABYTES = 300  # for any number of items: rows go to the file as they come, a hundred thousand at a time
_WHOLE_ITEM = "(item)"
_EVENTS = "audit_log"


@dataclass(frozen=True, slots=True)
class _Landed:
    """One resource of a run that left items: its call, what the manifest says of it, and its files in order."""

    manifest: Manifest
    call: Call
    extract: Extract
    parts: list[Path]

    @property
    def name(self) -> tuple[str, str]:
        """What tells it from others of the account."""
        return self.call.name, self.manifest.run_id


class _RefusedError(Exception):
    """The engine refused an item of `landed`, which aborts the transaction."""

    def __init__(self, landed: _Landed, reason: str) -> None:
        super().__init__(reason)
        self.landed = landed


def load_run(
    warehouse: Warehouse, landing: Path, manifest: Manifest, beside: Sequence[Manifest] = ()
) -> Mapping[str, StandIn]:
    """Replace the rows of the manifest's account in all raw tables by this run's, and record the run; all or nothing.

    Audit events of the runs `beside`, of the same account, come along under their own run. A list that was skipped has
    the rows, also under their own run, of the earlier run that stands in for it; those are given back by resource.
    Where none does, it has none. BuildFailed names account, resource and line, or the part that is not as it was
    landed.
    """
    stand_ins = find_stand_ins(landing, manifest)
    resources = [one for one in _landed(landing, manifest) if one.call.name not in stand_ins]
    resources += [one for other in beside for one in _landed(landing, other, (_EVENTS,))]
    resources += [one for name, other in stand_ins.items() for one in _landed(landing, other.manifest, (name,))]
    for landed in resources:
        _require_evidence(landing, landed)
    mended: dict[tuple[str, str], Mending] = {}
    with warehouse.memory_bound(_MEGABYTES), tempfile.TemporaryDirectory(prefix="tlm-mend-") as folder:
        while True:
            try:
                with warehouse.transaction():
                    record_run(warehouse, landing, manifest, stand_ins)
                    for call in LISTS:
                        warehouse.execute(f"delete from {raw_table(call).name} where account = ?", [manifest.account])
                    for landed in resources:
                        _load(warehouse, landed, manifest.run_id, mended.get(landed.name))
            except _RefusedError as error:
                name = error.landed.name
                if name in mended:
                    raise _unreadable(error.landed, mended[name], error) from None
                mended[name] = mend_items(error.landed.parts, Path(folder) / f"{'-'.join(name)}.ndjson")
            else:
                return stand_ins


def _landed(landing: Path, manifest: Manifest, names: Collection[str] | None = None) -> list[_Landed]:
    """The resources of the run, or those of `names`, that left items; events stand beside the runs, by day."""
    account = landing / manifest.account
    calls = {call.name: call for call in LISTS}
    found = []
    for extract in manifest.extracts:
        folder = account if extract.resource == _EVENTS else account / manifest.run_id / extract.resource
        if extract.parts and extract.resource in calls and (names is None or extract.resource in names):
            parts = [folder / part.name for part in extract.parts]
            found.append(_Landed(manifest, calls[extract.resource], extract, parts))
    return found


def _require_evidence(landing: Path, landed: _Landed) -> None:
    """Each part of a resource must be there as it was landed; SHA-256 reads a gigabyte a second."""
    for part, path in zip(landed.extract.parts, landed.parts, strict=True):
        fault = what_is_wrong(path, part)
        if fault is not None:
            manifest = landed.manifest
            folder = landing / manifest.account / manifest.run_id
            msg = (
                f"Account {manifest.account!r}, {landed.call.name} of run {manifest.run_id}: {path} {fault}; put it"
                f" back from a backup, or move {folder} away and try again (`tlm rebuild` then asks for"
                " --accept-shrink)."
            )
            raise BuildFailed(msg)


def _unreadable(landed: _Landed, mending: Mending, reason: Exception) -> BuildFailed:
    line = f" line {mending.unreadable[0]}" if mending.unreadable else ""
    manifest = landed.manifest
    return BuildFailed(
        f"Account {manifest.account!r}, {landed.call.name}{line} of run {manifest.run_id} is not JSON that can be read"
        f" ({reason}); extract again."
    )


def record_run(
    warehouse: Warehouse, landing: Path, manifest: Manifest, stand_ins: Mapping[str, StandIn] | None = None
) -> None:
    """Write the rows of meta.runs and meta.extracts of a run of one account, failed ones too; safe to repeat.

    `stand_ins` are told of the resources for which another run's rows are loaded.
    `published_at` stays null until the job that publishes sets it.
    """
    who = [manifest.run_id, manifest.account]
    for table in ("meta.runs", "meta.extracts", "meta.drift"):
        warehouse.execute(f"delete from {table} where run_id = ? and account = ?", who)
    run = {
        "run_id": manifest.run_id,
        "account": manifest.account,
        "as_of_at": _naive(manifest.as_of_at),
        "finished_at": _naive(manifest.finished_at),
        "status": manifest.status,
        "is_complete": is_complete(manifest),
        "is_accepted": False,
        "is_shrink_accepted": False,
        "reason": manifest.reason,
        "tool_version": manifest.tool_version,
        "config_hash": manifest.config_hash,
        "manifest_hash": manifest_hash(manifest_path(landing, manifest.account, manifest.run_id)),
        "base_url": manifest.base_url,
        "key_sees": msgspec.json.encode(manifest.key_sees).decode(),
    }
    _insert(warehouse, "meta.runs", run)
    for extract in manifest.extracts:
        counts = {name: getattr(extract, name) for name in extract.__struct_fields__ if name != "parts"}
        stand_in = (stand_ins or {}).get(extract.resource)
        if stand_in is not None:
            at = _naive(stand_in.manifest.as_of_at)
            counts |= {"reason": stand_in.sentence, "rows_run_id": stand_in.manifest.run_id, "rows_as_of_at": at}
        _insert(warehouse, "meta.extracts", {"run_id": manifest.run_id, "account": manifest.account, **counts})


def _load(warehouse: Warehouse, landed: _Landed, run_id: str, mending: Mending | None) -> None:
    """Insert the items of one resource, from the mended file where there is one, and count what was odd in `run_id`."""
    try:
        if mending is None:
            _read(warehouse, landed, _halves(landed), _OBJECT_BYTES)
        else:
            _read(warehouse, landed, [(0, [mending.file])], max(_OBJECT_BYTES, mending.longest + 1))
    except EngineRefused as error:
        raise _RefusedError(landed, str(error)) from None
    _require_count(warehouse, landed)
    account, resource = landed.manifest.account, landed.call.name
    for what, occurrences, sample in (*_counted(mending), *_unknown_items(warehouse, landed)):
        where = {"run_id": run_id, "account": account, "resource": resource, "field": _WHOLE_ITEM}
        found = {"what": what, "occurrences": occurrences, "sample": sample[:SAMPLE_LENGTH]}
        _insert(warehouse, "meta.drift", {**where, **found})


def _halves(landed: _Landed) -> list[tuple[int, list[Path]]]:
    """The parts in two lists of about the same size, each with the number of items in front of it."""
    parts, whole = landed.extract.parts, sum(part.bytes for part in landed.extract.parts)
    ends = itertools.accumulate(part.bytes for part in parts)
    cut = sum(2 * end - part.bytes <= whole for part, end in zip(parts, ends, strict=True))
    halves = [(0, landed.parts[:cut]), (sum(part.rows for part in parts[:cut]), landed.parts[cut:])]
    return [half for half in halves if half[1]]


def _read(warehouse: Warehouse, landed: _Landed, shares: list[tuple[int, list[Path]]], object_bytes: int) -> None:
    """Insert the items of `shares`: files, with the number of items in front of them.

    row_number() over a reader is the position in its files, and keeps it to one thread: so the shares are read side by
    side. Positions go on behind those of the account that are there already.
    """
    kinds = {field.name: "JSON" if field.kind.is_nested else "VARCHAR" for field in landed.call.fields}
    columns = ", ".join(f"{literal(name)}: '{kind}'" for name, kind in kinds.items())
    fields = ", ".join(
        f"items.{identifier(field.name)} as {identifier(raw_column(field))}" for field in landed.call.fields
    )
    table = raw_table(landed.call).name
    last = f"select coalesce(max(received_no), 0) from {table} where account = ?"
    (before,) = warehouse.rows(last, [landed.manifest.account])[0]
    reads = [
        f"select {literal(landed.manifest.account)} as account, {literal(landed.manifest.run_id)} as run_id,"
        f" {before + in_front} + row_number() over () as received_no, {fields}\n"
        f"from read_ndjson([{', '.join(literal(str(file)) for file in files)}], columns = {{{columns}}},"
        f" maximum_object_size = {object_bytes}) as items"
        for in_front, files in shares
    ]
    both = "\nunion all\n".join(reads)
    warehouse.execute(f"insert into {table} by name\n{both}")


def _counted(mending: Mending | None) -> list[tuple[str, int, str]]:
    """What was mended as (what, how often, first sample)."""
    counts: dict[str, tuple[int, str]] = {}
    for number, (what, sample) in (mending.mended if mending else {}).items():
        occurrences, first = counts.get(what, (0, f"line {number}: {sample}"))
        counts[what] = (occurrences + 1, first)
    return [(what, occurrences, sample) for what, (occurrences, sample) in counts.items()]


def _require_count(warehouse: Warehouse, landed: _Landed) -> None:
    """The engine must have read as many items as were landed; a line that is blank would vanish without this."""
    expected = sum(part.rows for part in landed.extract.parts)
    manifest, table = landed.manifest, raw_table(landed.call)
    count = f"select count(*) from {table.name} where account = ? and run_id = ?"
    (read,) = warehouse.rows(count, [manifest.account, manifest.run_id])[0]
    if read == expected:
        return
    lines = itertools.chain.from_iterable(read_items(part) for part in landed.parts)
    blank = next((f" line {number} is blank;" for number, line in enumerate(lines, 1) if not line.strip()), "")
    msg = (
        f"Account {manifest.account!r}, {landed.call.name} of run {manifest.run_id}:{blank} {read} items were read and"
        f" {expected} landed; extract again."
    )
    raise BuildFailed(msg)


def _unknown_items(warehouse: Warehouse, landed: _Landed) -> list[tuple[str, int, str]]:
    """Items without a single field of the contract: they stay as empty rows, and are counted."""
    table = raw_table(landed.call)
    empty = " and ".join(f"{identifier(raw_column(field))} is null" for field in landed.call.fields)
    of_run = f"from {table.name} where account = ? and run_id = ?"
    count, first = warehouse.rows(
        f"select count(*) filter ({empty}), min(received_no) filter ({empty}) - min(received_no) + 1 {of_run}",
        [landed.manifest.account, landed.manifest.run_id],
    )[0]
    if not count:
        return []
    lines = itertools.chain.from_iterable(read_items(part) for part in landed.parts)
    sample = next(itertools.islice(lines, first - 1, None), b"")[:SAMPLE_LENGTH].decode("utf-8", "replace")
    return [("no_known_field", count, f"line {first}: {sample}")]


def _insert(warehouse: Warehouse, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(identifier(name) for name in row)
    warehouse.execute(f"insert into {table} ({columns}) values ({', '.join('?' * len(row))})", list(row.values()))


def _naive(instant: datetime) -> datetime:
    """An aware instant as naive UTC, the form of every `_at` column."""
    return instant.astimezone(UTC).replace(tzinfo=None)
