"""One piece of work in a process of its own: `python work.py NAME FOLDER RESOURCE`, its cost as JSON on stdout.

    ours    `tlm extract`, the load of a new warehouse, and the staging model as a table: typed, written, checkpointed
    fetch   the bytes only: the same client and connections, replies thrown away
    read    the engine's reader, from plain NDJSON into one table with the columns of `raw`

Wall and CPU seconds are from after the imports to the end; memory is the process's peak in MB.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource as limits
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx

from pipeline.api.contract import BY_NAME
from pipeline.config import Settings, read_settings
from pipeline.extract.run import extract_run
from pipeline.load.meta import create_meta, raw_column
from pipeline.load.raw import load_run
from pipeline.places import content
from pipeline.runs.manifest import find_runs
from pipeline.transform.kinds import build_model
from pipeline.transform.model import read_models
from pipeline.transform.seeds import create_macros
from pipeline.warehouse.duck import identifier, literal
from pipeline.warehouse.publish import open_build

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
# The model that types the list, behind what it reads.
_STAGING = {
    "endpoints.discovered": ("staging.endpoint_items", "staging.endpoints"),
    "audit_log": ("staging.audit_log",),
}


class Watch:
    """What the work has cost since the last lap, in this process and all its threads."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        """Note what was spent under `name`."""
        wall, cpu = time.perf_counter(), time.process_time()
        self.laps |= {name: wall - self._wall, f"{name}_cpu": cpu - self._cpu}
        self._wall, self._cpu = wall, cpu

    def note_memory(self, name: str) -> None:
        """Note the peak so far, in MB."""
        self.laps[name] = limits.getrusage(limits.RUSAGE_SELF).ru_maxrss / 1024


def work_ours(settings: Settings, resource: str) -> Watch:
    """The pipeline's own stages, as the jobs call them."""
    watch = Watch()
    result = asyncio.run(extract_run(settings, clock=lambda: NOW, on_page=lambda *_: None))
    watch.lap("extract")
    watch.note_memory("extract_megabytes")
    landing = settings.data / "landing"
    build = open_build(settings.database)
    warehouse = build.warehouse
    (manifest,) = find_runs(landing)
    warehouse.limit_memory(sum(extract.rows_received for extract in manifest.extracts))
    create_meta(warehouse)
    load_run(warehouse, landing, manifest)
    warehouse.execute("checkpoint tlm")
    watch.lap("load")
    watch.note_memory("load_megabytes")
    create_macros(warehouse, content("sql") / "macros")
    models = {model.name: model for model in read_models(content("sql"))}
    for staging in _STAGING[resource]:
        build_model(warehouse, models[staging], result.run_id, {})
    if models[staging].kind == "view":
        warehouse.execute(f"create table bench_rows as select * from {staging}")
    warehouse.execute("checkpoint tlm")
    watch.lap("staging")
    watch.note_memory("megabytes")
    (extract,) = manifest.extracts
    watch.laps["requests"] = extract.requests
    watch.laps["rows"] = warehouse.rows(f"select count(*) from {staging}")[0][0]
    watch.laps["landed_bytes"] = sum(part.bytes for part in extract.parts)
    warehouse.close()
    return watch


def work_fetch(settings: Settings, resource: str) -> Watch:
    """Every page once, as many under way as the configuration says."""
    watch = Watch()
    asyncio.run(_fetch_all(settings, resource))
    watch.lap("fetch")
    watch.note_memory("megabytes")
    return watch


async def _fetch_all(settings: Settings, resource: str) -> None:
    url = settings.accounts[0].base_url + BY_NAME[resource].path
    limit = settings.extract.page_size
    offsets = iter(range(0, int(os.environ["BENCH_TOTAL"]), limit))

    async def fetch() -> None:
        async with httpx.AsyncClient(limits=httpx.Limits(max_connections=1, max_keepalive_connections=1)) as session:
            for offset in offsets:
                reply = await session.get(url, params={"offset": str(offset), "limit": str(limit)})
                assert reply.status_code == 200
                assert reply.content

    await asyncio.gather(*(fetch() for _ in range(settings.extract.concurrency)))


def work_read(settings: Settings, resource: str) -> Watch:
    """The same bytes as plain NDJSON into a new file of the same kind."""
    folder = Path(settings.folder)
    fields = BY_NAME[resource].fields
    columns = ", ".join(f"{literal(one.name)}: '{'JSON' if one.kind.is_nested else 'VARCHAR'}'" for one in fields)
    names = ", ".join(f"{identifier(one.name)} as {identifier(raw_column(one))}" for one in fields)
    watch = Watch()
    warehouse = open_build(folder / "read.duckdb").warehouse
    file = literal(os.environ["BENCH_FILE"])
    warehouse.execute(f"create table items as select {names} from read_ndjson({file}, columns = {{{columns}}})")
    warehouse.execute("checkpoint tlm")
    watch.lap("read")
    watch.note_memory("megabytes")
    warehouse.close()
    return watch


WORKS: dict[str, Callable[[Settings, str], Watch]] = {"ours": work_ours, "fetch": work_fetch, "read": work_read}


def main() -> None:
    """Do it and say what it cost."""
    name, folder, resource = sys.argv[1:]
    settings = read_settings(Path(folder) / "tlm.toml", {})
    print(json.dumps(WORKS[name](settings, resource).laps))


if __name__ == "__main__":
    main()
