"""What a build costs beside the engine's bare load of the same bytes, and what the file answers afterwards.

`python tests/bench/warehouse.py WORK FOLDER [ENDPOINTS]` does one piece in a process of its own:

    landing-0, landing-1   the landing zone of a first week, and of a second
    bare     the engine's reader alone, from the landed parts into tables with the columns of `raw`, and a checkpoint
    changes  change detection of a snapshot of 45 columns with 1 % changed, beside MERGE INTO
    history  52 weeks at 1 % churn: versions beside full snapshots
    instant  core.endpoints_as_of in the middle of 52 weeks at 1 % churn
    report, explain, adhoc, layout   what the file answers: see answers.py

Seconds are of CPU, in all threads, where nothing else is said.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from answers import tell_adhoc, tell_explain, tell_layout, tell_report
from cost import TLM, Cost, cost_of
from landing import ACCOUNT, FIRST_WEEK, write_landing

from pipeline.api.contract import LISTS
from pipeline.config import read_settings
from pipeline.load.meta import create_meta, raw_column, raw_table
from pipeline.transform.kinds import build_model
from pipeline.transform.model import read_model
from pipeline.warehouse.duck import Warehouse, identifier, literal, open_read_only, open_writable

SMALL, LARGE = 100_000, 1_000_000
WEEKS = 52
_CONFIG = f"""data_dir = "data"
[[accounts]]
name = "{ACCOUNT}"
base_url = "https://one.example"
api_key = {{ env = "UNUSED" }}
"""


def bench_warehouse(folder: Path, *, is_large: bool) -> None:
    """All figures; the million, and 52 weeks of 200,000, only where `is_large`."""
    costs = {size: _bench_build(folder / str(size), size) for size in (SMALL, *([LARGE] if is_large else []))}
    if is_large:
        exponent = math.log10(costs[LARGE].cpu / costs[SMALL].cpu) / math.log10(LARGE / SMALL)
        print(f"build: CPU grows with the endpoints to the power of {exponent:.2f}")
    size = LARGE if is_large else SMALL
    for work in ("report", "explain", "adhoc", "layout"):
        _tell(work, folder / str(size), size)
    _tell("changes", folder, size)
    year = 200_000 if is_large else SMALL
    if year not in costs:
        _bench_build(folder / str(year), year)
    _tell("instant", folder / str(year), year)
    _tell("history", folder, year // 5 if year == SMALL else year)


def _bench_build(folder: Path, endpoints: int) -> Cost:
    """The first build and the build of a second week in which 1 % changed, each beside the bare load."""
    folder.mkdir()
    (folder / "tlm.toml").write_text(_CONFIG, encoding="utf-8")
    first = Cost(0, 0, 0)
    for week, name in enumerate(("first build", "second, 1 % changed")):
        # In a child: the kernel counts the peak of a parent as its children's.
        cost_of([sys.executable, __file__, f"landing-{week}", str(folder), str(endpoints)])
        bare = cost_of([sys.executable, __file__, "bare", str(folder)])
        build = cost_of([*TLM, "--quiet", "--config", str(folder / "tlm.toml"), "build"])
        print(
            f"{name:<20} {endpoints:>9,} endpoints  CPU {build.cpu:6.1f} s, {build.cpu / bare.cpu:.1f}x bare load"
            f" ({bare.cpu:.1f} s); wall {build.wall:.1f} s, {build.wall / bare.wall:.1f}x; {build.megabytes:.0f} MB"
        )
        first = first if week else build
    return first


def _tell(work: str, folder: Path, size: int) -> None:
    print(cost_of([sys.executable, __file__, work, str(folder), str(size)]).printed, end="")


class _Watch:
    """CPU seconds of this process and all its threads since it was made."""

    def __init__(self) -> None:
        self._cpu = time.process_time()

    @property
    def seconds(self) -> float:
        return time.process_time() - self._cpu


def _bare(folder: Path, _: int) -> None:
    """The newest run's parts into tables with the columns of `raw`, nothing else."""
    file = folder / "bare.duckdb"
    file.unlink(missing_ok=True)
    account = folder / "data" / "landing" / ACCOUNT
    run = max(path for path in account.iterdir() if path.name != "events")
    with open_writable(file) as warehouse:
        warehouse.execute("create schema raw")
        for call in LISTS:
            place = account / "events" / f"{_day(run)}" if call.name == "audit_log" else run / call.name
            parts = ", ".join(literal(str(part)) for part in sorted(place.glob("*.zst")))
            kinds = ", ".join(
                f"{literal(field.name)}: '{'JSON' if field.kind.is_nested else 'VARCHAR'}'" for field in call.fields
            )
            names = ", ".join(f"{identifier(one.name)} as {identifier(raw_column(one))}" for one in call.fields)
            warehouse.execute(
                f"create table {raw_table(call).name} as select {names} from read_ndjson([{parts}], columns={{{kinds}}})"
            )
        warehouse.execute("checkpoint tlm")
    file.unlink()


def _day(run: Path) -> str:
    """The day of a run, as its events' folder is named."""
    return f"{run.name[:4]}-{run.name[4:6]}-{run.name[6:8]}"


_STATE = """
create or replace table raw.state as
select md5('key' || n) as endpoint_key, {columns}
from range({first}, {last}) as numbers(n)
"""


def _state(rows: int, *, changed: bool) -> str:
    """A snapshot of 45 columns: texts of different lengths, numbers, instants, a list; 1 % changed, 0.1 % new and gone."""
    value = "case when n % 100 = 7 then 'new' else '' end" if changed else "''"
    columns = [f"'value-' || n % {100 + 17 * number} || {value} as text_{number}" for number in range(30)]
    columns += [f"n % {50 + number} as number_{number}" for number in range(8)]
    columns += [
        f"timestamp '2026-11-23' + to_days(cast(n % {200 + number} as integer)) as instant_{number}"
        for number in range(4)
    ]
    columns += ["['a.example', 'b' || n % 500] as sans", "n % 3 = 0 as is_managed"]
    first = rows // 1000 if changed else 0
    return _STATE.format(columns=", ".join(columns), first=first, last=first + rows)


def _model(folder: Path) -> Path:
    """A model file of the kind `versions` over raw.state."""
    path = folder / "core" / "bench_history.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [f"text_{n}" for n in range(30)] + [f"number_{n}" for n in range(8)] + [f"instant_{n}" for n in range(4)]
    columns = ",\n    ".join(["endpoint_key", *names, "sans", "is_managed"])
    header = "-- A version of the bench's state.\n-- grain: one version\n-- kind: versions\n-- key: endpoint_key\n"
    path.write_text(f"{header}select\n    {columns}\nfrom raw.state\n", encoding="utf-8")
    return path


def _changes(folder: Path, rows: int) -> None:
    """Ours beside MERGE INTO on the same state, both with their checkpoint."""
    file = folder / "changes.duckdb"
    with open_writable(file) as warehouse:
        warehouse.limit_memory(4 * rows)
        create_meta(warehouse)
        model = read_model(_model(folder / "sql"))
        warehouse.execute(_state(rows, changed=False))
        build_model(warehouse, model, "r1", {})
        warehouse.execute("create table core.merged as from core.bench_history")
        warehouse.execute(_state(rows, changed=True))
        warehouse.execute("checkpoint tlm")
        watch = _Watch()
        build_model(warehouse, model, "r2", {"core.bench_history": "table"})
        warehouse.execute("checkpoint tlm")
        ours = watch.seconds
        watch = _Watch()
        _merge(warehouse)
        warehouse.execute("checkpoint tlm")
        merge = watch.seconds
        tombless = "select * from core.bench_history where not is_removed except all from core.merged"
        assert warehouse.rows(f"select count(*) from ({tombless})") == [(0,)]
    file.unlink()
    print(
        f"change detection     {rows:>9,} rows x 45    CPU {ours:6.2f} s, {ours / merge:.2f}x MERGE INTO ({merge:.2f} s;"
        f" 0.35x is the target)"
    )


def _merge(warehouse: Warehouse) -> None:
    """The same versions by MERGE INTO: close what changed or vanished, open what is new, then open what changed."""
    columns = [name for name, _ in warehouse.columns("from raw.state")]
    kept = ", ".join(f"kept.{name}" for name in columns)
    fresh = ", ".join(f"fresh.{name}" for name in columns)
    warehouse.execute(
        f"merge into core.merged as kept using raw.state as fresh"
        f" on kept.endpoint_key = fresh.endpoint_key and kept.to_run_id is null"
        f" when matched and row({kept}) is distinct from row({fresh}) then update set to_run_id = 'r2'"
        f" when not matched by source and kept.to_run_id is null then update set to_run_id = 'r2'"
        f" when not matched then insert values ({fresh}, 'r2', null, false)"
    )
    warehouse.execute(
        f"insert into core.merged select {fresh}, 'r2', null, false from raw.state as fresh"
        f" join core.merged as kept on kept.endpoint_key = fresh.endpoint_key where kept.to_run_id = 'r2'"
    )


def _history(folder: Path, rows: int) -> None:
    """52 weeks of a state of 45 columns, 1 % changing a week, as versions and as snapshots."""
    sizes, watch = {}, _Watch()
    for name in ("versions", "snapshots"):
        file = folder / f"{name}.duckdb"
        with open_writable(file) as warehouse:
            create_meta(warehouse)
            model = read_model(_model(folder / "sql"))
            for week in range(WEEKS):
                _move(warehouse, rows, week)
                if name == "versions":
                    watch = watch if week else _Watch()
                    build_model(warehouse, model, f"r{week:02}", {"core.bench_history": "table"} if week else {})
                else:
                    verb = "insert into core.snapshots" if week else "create table core.snapshots as"
                    warehouse.execute(f"{verb} select *, 'r{week:02}' as run_id from raw.state")
                warehouse.execute("checkpoint tlm")
            warehouse.execute("drop table raw.state")
            warehouse.execute("checkpoint tlm")
            total, free, size = warehouse.rows(
                "select total_blocks, free_blocks, block_size from pragma_database_size() where database_name = 'tlm'"
            )[0]
            sizes[name] = (total - free) * size / 1e6
        file.unlink()
    print(
        f"history              {rows:>9,} x {WEEKS} weeks   {sizes['versions']:.0f} MB, 1/"
        f"{sizes['snapshots'] / sizes['versions']:.0f} of full snapshots ({sizes['snapshots']:.0f} MB; 1/10 is the target)"
    )


def _instant(folder: Path, endpoints: int) -> None:
    """The published file with 51 weeks more, in each of which another hundredth of the endpoints has a new version."""
    settings = read_settings(folder / "tlm.toml", {})
    file = folder / "tlm.duckdb"
    shutil.copyfile(settings.database, file)
    with open_writable(file) as warehouse:
        for week in range(1, WEEKS):
            as_of = FIRST_WEEK + timedelta(weeks=week + 1)
            run = f"{as_of:%Y%m%dT%H%M%SZ}-{week:06x}"
            started = literal(f"{as_of:%Y-%m-%d %H:%M:%S}")
            open_ones = f"to_run_id is null and not is_removed and hash(endpoint_key) % 100 = {week}"
            warehouse.execute(
                f"insert into meta.runs select * replace ('{run}' as run_id, timestamp {started} as as_of_at)"
                " from (from meta.runs order by run_id limit 1)"
            )
            warehouse.execute(f"create or replace temp table moved as from core.endpoint_history where {open_ones}")
            warehouse.execute(f"update core.endpoint_history set to_run_id = '{run}' where {open_ones}")
            warehouse.execute(
                f"insert into core.endpoint_history select * replace"
                f" ('serial {week}' as serial_number, '{run}' as from_run_id, null as to_run_id) from moved"
            )
    with open_read_only(file) as warehouse:
        then = "core.endpoints_as_of(timestamp '2027-06-01 12:00')"
        counts = f"select protection, automation_state, count(*) from {then} group by protection, automation_state"
        costs = []
        for sql in (counts, f"from {then}", "from core.endpoints"):
            watch, began = _Watch(), time.perf_counter()
            warehouse.execute(f"create or replace temp table answer_{len(costs)} as {sql}")
            costs.append(f"{watch.seconds:.2f} s ({time.perf_counter() - began:.2f} s of wall)")
        rows = warehouse.rows("select count(*) from temp.main.answer_1")[0][0]
    file.unlink()
    assert rows > endpoints * 0.99
    print(
        f"endpoints_as_of      {endpoints:>9,} x {WEEKS} weeks   counted in CPU {costs[0]}, all {rows:,} rows whole in"
        f" {costs[1]} (0.5 is the target); core.endpoints copied as it is {costs[2]}"
    )


def _move(warehouse: Warehouse, rows: int, week: int) -> None:
    """The state of a week: each week another hundredth has another certificate."""
    if week == 0:
        warehouse.execute(_state(rows, changed=False))
        return
    warehouse.execute(
        "update raw.state set text_1 = ?, text_2 = ? where hash(endpoint_key) % 100 = ?",
        [f"serial-{week}", f"thumbprint-{week}", week % 100],
    )


def _land(week: int, folder: Path, endpoints: int) -> None:
    write_landing(folder / "data" / "landing", endpoints, week)


_WORKS: dict[str, Callable[[Path, int], None]] = {
    "landing-0": partial(_land, 0),
    "landing-1": partial(_land, 1),
    "bare": _bare,
    "changes": _changes,
    "history": _history,
    "instant": _instant,
    "report": tell_report,
    "explain": tell_explain,
    "adhoc": tell_adhoc,
    "layout": tell_layout,
}

if __name__ == "__main__":
    _WORKS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
