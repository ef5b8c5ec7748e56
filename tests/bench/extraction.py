"""The extraction beside what it is compared with: the bytes alone and the engine's reader alone, and dlt.

All of a round run one after the other and the rounds are interleaved; a figure is the median of the rounds' ratios.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from estate import write_endpoints, write_events

HERE = Path(__file__).parent
ENDPOINTS, EVENTS = "endpoints.discovered", "audit_log"
COUNT, LARGE = 200_000, 1_000_000
DLT = "dlt[duckdb,parquet]==1.31.0"
DLT_COUNT = {ENDPOINTS: 20_000, EVENTS: 100_000}  # all 200,000 endpoints take it about a minute
_PATHS = {ENDPOINTS: "/mpki/api/v1/inventory/endpoint/discovered", EVENTS: "/mpki/api/v1/audit-log"}
# Peaks so far, of one process that does all three.
MEMORY = {"extract_megabytes": "extract", "load_megabytes": "with load", "megabytes": "with staging written out"}
WORDS = {"raw": "extract + load", "staged": "extract + load + staging"}

Laps = dict[str, float]


@dataclass(frozen=True)
class Setting:
    """What is read, and how: the list, its length, the size of a page, the requests in flight."""

    resource: str
    count: int
    page_size: int = 1_000
    concurrency: int = 8


@dataclass(frozen=True)
class Bench:
    """A served estate: the folder with its files, the server's address, a venv with dlt where one is asked for."""

    folder: Path
    base_url: str
    dlt: Path | None

    def file(self, resource: str) -> Path:
        """The list as plain NDJSON."""
        return self.folder / f"{resource}.ndjson"

    def work(self, name: str, setting: Setting) -> Laps:
        """Do one piece of work of `work.py` in an empty folder."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        secret = folder / "bench.key"
        secret.touch(mode=0o600)
        secret.write_text("bench-key", encoding="utf-8")
        (folder / "tlm.toml").write_text(
            f'[[accounts]]\nname = "bench"\nbase_url = "{self.base_url}"\napi_key = {{ file = "bench.key" }}\n'
            f'[extract]\nresources = ["{setting.resource}"]\nrequired = ["{setting.resource}"]\n'
            f"page_size = {setting.page_size}\nconcurrency = {setting.concurrency}\nrequests_per_second = 100000\n",
            encoding="utf-8",
        )
        given = {"BENCH_TOTAL": str(setting.count), "BENCH_FILE": str(self.file(setting.resource))}
        laps = _run([sys.executable, str(HERE / "work.py"), name, str(folder), setting.resource], given)
        shutil.rmtree(folder)
        return laps

    def work_dlt(self, resource: str, count: int) -> Laps:
        """The same list through dlt, `count` records of it."""
        folder = self.folder / "dlt"
        folder.mkdir()
        command = [str(self.dlt), str(HERE / "with_dlt.py"), str(folder), self.base_url + _PATHS[resource], str(count)]
        laps = _run(command, {"HOME": str(folder)})
        shutil.rmtree(folder)
        return laps


def _run(command: list[str], environment: dict[str, str]) -> Laps:
    """The last line that the command prints; it must succeed."""
    path = os.pathsep.join([str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])])
    given = {**os.environ, "PYTHONPATH": path, **environment}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=given)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    laps: Laps = json.loads(done.stdout.splitlines()[-1])
    return laps


@contextmanager
def serving(folder: Path, counts: tuple[int, int], latency_seconds: float, dlt: Path | None) -> Iterator[Bench]:
    """A server with so many endpoints and events, which are made where they are missing."""
    endpoints, events = folder / f"{ENDPOINTS}.ndjson", folder / f"{EVENTS}.ndjson"
    folder.mkdir(exist_ok=True)
    if not endpoints.exists():
        write_endpoints(endpoints, counts[0])
        write_events(events, counts[1])
    command = [sys.executable, str(HERE / "service.py"), str(endpoints), str(events), str(latency_seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Bench(folder, f"http://127.0.0.1:{int(server.stdout.readline())}", dlt)
        finally:
            server.kill()


def make_dlt(folder: Path) -> Path:
    """The interpreter of a new venv with dlt."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", DLT], check=True)
    return python


def bench_extraction(folder: Path, *, rounds: int, dlt: Path | None, is_large: bool) -> None:
    """Every figure, one line each."""
    endpoints, events = Setting(ENDPOINTS, COUNT), Setting(EVENTS, COUNT)
    with serving(folder / "200k", (COUNT, COUNT), 0.0, dlt) as bench:
        small = _compare(bench, endpoints, rounds)
        _compare(bench, events, rounds)
    with serving(folder / "200k", (COUNT, COUNT), 0.05, None) as bench:
        _compare_latency(bench, Setting(ENDPOINTS, COUNT, page_size=100, concurrency=16), rounds)
    if is_large:
        with serving(folder / "large", (LARGE, 1), 0.0, None) as bench:
            _show_memory(small, bench.work("ours", Setting(ENDPOINTS, LARGE)))


def _compare(bench: Bench, setting: Setting, rounds: int) -> Laps:
    """A list without latency beside bytes and reader, and beside dlt; the last round's costs of ours."""
    names = ("ours", "fetch", "read")
    taken: list[Laps] = []
    for _ in range(rounds):
        laps = {name: bench.work(name, setting) for name in names}
        ours, bound = laps["ours"], laps["fetch"]["fetch"] + laps["read"]["read"]
        bound_cpu = laps["fetch"]["fetch_cpu"] + laps["read"]["read_cpu"]
        assert ours["rows"] >= setting.count
        raw, cpu = ours["extract"] + ours["load"], ours["extract_cpu"] + ours["load_cpu"]
        one = {
            **ours,
            "fetch": laps["fetch"]["fetch"],
            "read": laps["read"]["read"],
            "fetch_cpu": laps["fetch"]["fetch_cpu"],
            "read_cpu": laps["read"]["read_cpu"],
            "raw_ratio": raw / bound,
            "raw_cpu_ratio": cpu / bound_cpu,
            "staged_ratio": (raw + ours["staging"]) / bound,
            "staged_cpu_ratio": (cpu + ours["staging_cpu"]) / bound_cpu,
        }
        if bench.dlt is not None:
            count = DLT_COUNT[setting.resource]
            dlt = bench.work_dlt(setting.resource, count)
            assert dlt["rows"] >= count
            one["dlt"] = dlt["rows"] / dlt["dlt"]
            one["dlt_cpu"] = dlt["dlt_cpu"] / dlt["rows"]
            one["dlt_megabytes"] = dlt["megabytes"]
            one["raw_dlt_ratio"] = setting.count / raw / one["dlt"]
            one["raw_dlt_cpu_ratio"] = one["dlt_cpu"] * setting.count / cpu
            one["staged_dlt_ratio"] = setting.count / (raw + ours["staging"]) / one["dlt"]
            one["staged_dlt_cpu_ratio"] = one["dlt_cpu"] * setting.count / (cpu + ours["staging_cpu"])
        taken.append(one)
    middle = _medians(taken)
    _show(setting, middle, bench.file(setting.resource).stat().st_size)
    return middle


def _show(setting: Setting, middle: Laps, json_bytes: int) -> None:
    print(f"{setting.resource}, {setting.count:,} records, {json_bytes / setting.count:.0f} bytes each")
    for name in ("extract", "load", "staging", "fetch", "read"):
        print(f"  {name:<42} {middle[name]:6.2f} s    CPU {middle[name + '_cpu']:.2f} s")
    for name, words in WORDS.items():
        ratio, cpu = middle[f"{name}_ratio"], middle[f"{name}_cpu_ratio"]
        print(f"  {words + ' / (fetch + read)':<52} {ratio:5.2f}x   CPU {cpu:.2f}x")
    if "dlt" in middle:
        count = DLT_COUNT[setting.resource]
        print(f"  dlt, {count:,} records: {middle['dlt']:,.0f} records/s, {middle['dlt_megabytes']:.0f} MB")
        for name, words in WORDS.items():
            ratio, cpu = middle[f"{name}_dlt_ratio"], middle[f"{name}_dlt_cpu_ratio"]
            print(f"  {words + ': records/s of dlt':<52} {ratio:5.1f}x   CPU per record 1/{cpu:.1f}")
    memory = ", ".join(f"{words} {middle[name]:.0f} MB" for name, words in MEMORY.items())
    print(
        f"  {memory}    landing / JSON 1/{json_bytes / middle['landed_bytes']:.1f}    {middle['requests']:.0f} requests"
    )


def _compare_latency(bench: Bench, setting: Setting, rounds: int) -> None:
    """A slow service: extract alone and extract + load, beside the bytes."""
    taken = []
    for _ in range(rounds):
        ours, fetch = bench.work("ours", setting), bench.work("fetch", setting)
        extract, whole = ours["extract"] / fetch["fetch"], (ours["extract"] + ours["load"]) / fetch["fetch"]
        taken.append({**ours, **fetch, "extract_ratio": extract, "whole_ratio": whole, "requests": ours["requests"]})
    middle = _medians(taken)
    least = -(-setting.count // setting.page_size)
    print(f"50 ms latency, page size {setting.page_size}, {setting.concurrency} in flight: ", end="")
    print(f"extract {middle['extract']:.2f} s, load {middle['load']:.2f} s, bytes only {middle['fetch']:.2f} s")
    print(
        f"  extract / bytes {middle['extract_ratio']:.2f}x, extract + load / bytes {middle['whole_ratio']:.2f}x", end=""
    )
    print(f"    requests {middle['requests']:.0f}, {middle['requests'] / least - 1:+.1%} of the least")


def _show_memory(small: Laps, large: Laps) -> None:
    print(f"{LARGE:,} endpoints: extract {large['extract']:.1f} s, load {large['load']:.1f} s")
    for name, words in MEMORY.items():
        print(f"  {words:<25} {large[name]:6.0f} MB   {large[name] / small[name]:.2f}x of {COUNT:,}")


def _medians(taken: list[Laps]) -> Laps:
    return {name: statistics.median(one[name] for one in taken) for name in taken[0]}
