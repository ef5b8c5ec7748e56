"""Parts of the landing zone become the tables of `raw`, read by the engine with explicit columns.

Each table holds one run per account. The engine's count must equal the manifest's, so no item vanishes silently: one
that the reader refuses takes the slow path (`mend.py`) and is counted in meta.drift, as is one without any known field.
"""

from __future__ import annotations

import itertools
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.api.contract import LISTS, Call
from pipeline.errors import BuildFailed, EngineRefused
from pipeline.load.mend import SAMPLE_LENGTH, Mending, mend_items
from pipeline.load.meta import Table, raw_column, raw_table
from pipeline.runs.landing import read_items
from pipeline.runs.manifest import Extract, Manifest, is_complete, manifest_hash, manifest_path
from pipeline.warehouse.duck import Warehouse, identifier, literal

_OBJECT_BYTES = 16 * 1024 * 1024  # the engine's own limit for one item; its buffers are twice this, for each thread
_WHOLE_ITEM = "(item)"


def load_run(warehouse: Warehouse, landing: Path, manifest: Manifest) -> None:
    """Replace the rows of the manifest's account in all raw tables by this run's, and record the run; all or nothing.

    A resource that was skipped leaves no rows. BuildFailed names account, resource and line.
    """
    extracts = {extract.resource: extract for extract in manifest.extracts}
    with warehouse.transaction():
        record_run(warehouse, landing, manifest)
        for call in LISTS:
            _load_resource(warehouse, landing, manifest, call, extracts.get(call.name))


def record_run(warehouse: Warehouse, landing: Path, manifest: Manifest) -> None:
    """Write the rows of meta.runs and meta.extracts of a run of one account, failed ones too; safe to repeat.

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
        _insert(warehouse, "meta.extracts", {"run_id": manifest.run_id, "account": manifest.account, **counts})


def _load_resource(
    warehouse: Warehouse, landing: Path, manifest: Manifest, call: Call, extract: Extract | None
) -> None:
    table = raw_table(call)
    warehouse.execute(f"delete from {table.name} where account = ?", [manifest.account])
    if extract is None or not extract.parts:
        return
    account = landing / manifest.account
    folder = account if call.name == "audit_log" else account / manifest.run_id / call.name
    parts = [folder / part.name for part in extract.parts]
    drift: list[tuple[str, int, str]] = []
    try:
        _read(warehouse, manifest, call, parts, _OBJECT_BYTES)
    except EngineRefused:
        drift = _read_mended(warehouse, manifest, call, parts)
    _require_count(warehouse, manifest, table, parts, extract)
    drift += _unknown_items(warehouse, manifest.account, table, parts)
    for what, occurrences, sample in drift:
        row = {"field": _WHOLE_ITEM, "what": what, "occurrences": occurrences, "sample": sample[:SAMPLE_LENGTH]}
        _insert(
            warehouse,
            "meta.drift",
            {"run_id": manifest.run_id, "account": manifest.account, "resource": call.name, **row},
        )


def _read(warehouse: Warehouse, manifest: Manifest, call: Call, parts: list[Path], object_bytes: int) -> None:
    """Insert the items of `parts`; row_number() over the reader is the position in the files, whatever the threads."""
    types = ("JSON" if field.kind.is_nested else "VARCHAR" for field in call.fields)
    columns = ", ".join(f"{literal(field.name)}: '{kind}'" for field, kind in zip(call.fields, types, strict=True))
    fields = ", ".join(f"items.{identifier(field.name)} as {identifier(raw_column(field))}" for field in call.fields)
    files = ", ".join(literal(str(part)) for part in parts)
    warehouse.execute(
        f"insert into {raw_table(call).name} by name\n"
        f"select {literal(manifest.account)} as account, {literal(manifest.run_id)} as run_id,"
        f" row_number() over () as received_no, {fields}\n"
        f"from read_ndjson([{files}], columns = {{{columns}}}, maximum_object_size = {object_bytes}) as items"
    )


def _read_mended(warehouse: Warehouse, manifest: Manifest, call: Call, parts: list[Path]) -> list[tuple[str, int, str]]:
    """The slow path: mend, then read again; what was mended as (what, how often, first sample)."""
    with tempfile.TemporaryDirectory(prefix="tlm-mend-") as folder:
        mending = mend_items(parts, Path(folder) / "items.ndjson")
        try:
            _read(warehouse, manifest, call, [mending.file], max(_OBJECT_BYTES, mending.longest + 1))
        except EngineRefused as error:
            line = f" line {mending.unreadable[0]}" if mending.unreadable else ""
            msg = (
                f"Account {manifest.account!r}, {call.name}{line} of run {manifest.run_id} is not JSON that can be read"
                f" ({error}); extract again."
            )
            raise BuildFailed(msg) from None
    return _counted(mending)


def _counted(mending: Mending) -> list[tuple[str, int, str]]:
    counts: dict[str, tuple[int, str]] = {}
    for number, (what, sample) in mending.mended.items():
        occurrences, first = counts.get(what, (0, f"line {number}: {sample}"))
        counts[what] = (occurrences + 1, first)
    return [(what, occurrences, sample) for what, (occurrences, sample) in counts.items()]


def _require_count(warehouse: Warehouse, manifest: Manifest, table: Table, parts: list[Path], extract: Extract) -> None:
    """The engine must have read as many items as were landed; a line that is blank would vanish without this."""
    expected = sum(part.rows for part in extract.parts)
    read = int(warehouse.rows(f"select count(*) from {table.name} where account = ?", [manifest.account])[0][0])
    if read == expected:
        return
    lines = itertools.chain.from_iterable(read_items(part) for part in parts)
    blank = next((f" line {number} is blank;" for number, line in enumerate(lines, 1) if not line.strip()), "")
    msg = (
        f"Account {manifest.account!r}, {extract.resource} of run {manifest.run_id}:{blank} {read} items were read and"
        f" {expected} landed; extract again."
    )
    raise BuildFailed(msg)


def _unknown_items(warehouse: Warehouse, account: str, table: Table, parts: list[Path]) -> list[tuple[str, int, str]]:
    """Items without a single field of the contract: they stay as empty rows, and are counted."""
    empty = " and ".join(f"{identifier(name)} is null" for name, _, _ in table.columns[3:])
    count, first = warehouse.rows(
        f"select count(*), min(received_no) from {table.name} where account = ? and {empty}", [account]
    )[0]
    if not count:
        return []
    lines = itertools.chain.from_iterable(read_items(part) for part in parts)
    sample = next(itertools.islice(lines, first - 1, None), b"")[:SAMPLE_LENGTH].decode("utf-8", "replace")
    return [("no_known_field", count, f"line {first}: {sample}")]


def _insert(warehouse: Warehouse, table: str, row: dict[str, object]) -> None:
    columns = ", ".join(identifier(name) for name in row)
    warehouse.execute(f"insert into {table} ({columns}) values ({', '.join('?' * len(row))})", list(row.values()))


def _naive(instant: datetime) -> datetime:
    """An aware instant as naive UTC, the form of every `_at` column."""
    return instant.astimezone(UTC).replace(tzinfo=None)
