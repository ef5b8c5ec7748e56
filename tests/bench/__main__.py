"""`make bench`: what the pipeline costs, each figure beside something to compare it with, in one run.

    python tests/bench [--only extraction|warehouse|rest] [--rounds N] [--dlt] [--large]

Wall times of a shared machine drift by a factor of two; quote ratios. A child's memory is its own peak, as the kernel
counts it, without the sandbox, which runs in a process of its own.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from cost import TLM, Cost, cost_of
from extraction import bench_extraction, make_dlt
from warehouse import bench_warehouse

from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import Sandbox

ROUNDS = 5


def median_wall(command: list[str]) -> float:
    """Median wall seconds of several runs after one warm-up."""
    cost_of(command)
    return statistics.median(cost_of(command).wall for _ in range(ROUNDS))


def bench_help() -> None:
    """The command that people type most."""
    bare, shown = median_wall([sys.executable, "-c", "pass"]), median_wall([*TLM, "--help"])
    print(
        f"tlm --help                       {shown * 1000:6.0f} ms   bare interpreter {bare * 1000:.0f} ms, {shown / bare:.1f}x"
    )


def bench_demo(folder: Path) -> None:
    """The demo of the README."""
    cost = cost_of([*TLM, "--quiet", "demo", "--out", str(folder / "demo")])
    print(f"tlm demo, 10,000 x 13 weeks      {cost.wall:6.1f} s    CPU {cost.cpu:.1f} s, {cost.megabytes:.0f} MB")
    config = ["--config", str(folder / "demo" / "tlm.toml")]
    html = cost_of([*TLM, *config, "report", "weekly", "--format", "html", "--reissue", "bench"])
    pdf = cost_of([*TLM, *config, "report", "weekly", "--format", "pdf", "--reissue", "bench"])
    print(f"tlm report weekly, PDF           {pdf.wall:6.1f} s    HTML {html.wall:.1f} s, {pdf.wall / html.wall:.1f}x")


def bench_size(folder: Path, endpoints: int) -> tuple[Cost, Cost]:
    """Extract and build of a first week."""
    plan = Plan(endpoints=endpoints, weeks=1)
    with Sandbox(plan) as sandbox:
        lines = []
        for account, key in sandbox.keys.items():
            secret = folder / f"{account}-{endpoints}.key"
            secret.touch(mode=0o600)
            secret.write_text(key, encoding="utf-8")
            lines += ["[[accounts]]", f'name = "{account}"', f'base_url = "{sandbox.base_url}"']
            lines += [f'api_key = {{ file = "{secret.name}" }}']
        lines += ["[extract]", "page_size = 500", "requests_per_second = 10000"]
        config = folder / f"tlm-{endpoints}.toml"
        config.write_text("\n".join([f'data_dir = "data-{endpoints}"', *lines]), encoding="utf-8")
        extract = cost_of([*TLM, "--quiet", "--config", str(config), "extract"])
    build = cost_of([*TLM, "--quiet", "--config", str(config), "build"])
    for name, cost in (("extract", extract), ("build", build)):
        print(
            f"{name:<8} {endpoints:>9,} endpoints      {cost.wall:6.1f} s    CPU {cost.cpu:.1f} s, {cost.megabytes:.0f} MB"
        )
    return extract, build


def bench_rest(folder: Path) -> None:
    """Everything but the extraction's figures, smallest first."""
    bench_help()
    bench_demo(folder)
    small, large = bench_size(folder, 10_000), bench_size(folder, 100_000)
    for stage, one, ten in zip(("extract", "build"), small, large, strict=True):
        print(
            f"{stage:<8} ten times the endpoints: {ten.wall / one.wall:.1f}x the time, {ten.megabytes / one.megabytes:.1f}x the memory"
        )


def main() -> None:
    """What the flags choose; by default all but dlt and the million."""
    parser = argparse.ArgumentParser(prog="tests/bench", description="What the pipeline costs.")
    parser.add_argument("--only", choices=("extraction", "warehouse", "rest"))
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="interleaved rounds of the extraction")
    parser.add_argument("--dlt", action="store_true", help="compare with dlt too, in a venv made for it (400 MB)")
    parser.add_argument("--large", action="store_true", help="1,000,000 endpoints too (10 GB of memory, 20 of disk)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tlm-bench-") as name:
        folder = Path(name)
        if chosen.only in (None, "rest"):
            bench_rest(folder)
        if chosen.only in (None, "warehouse"):
            bench_warehouse(folder, is_large=chosen.large)
        if chosen.only in (None, "extraction"):
            dlt = make_dlt(folder / "venv") if chosen.dlt else None
            bench_extraction(folder, rounds=chosen.rounds, dlt=dlt, is_large=chosen.large)


if __name__ == "__main__":
    main()
