"""What the file that `warehouse.py` has built answers, and at what cost in CPU and wall: the least of three times.

report    all queries that the report makes, their rows kept in the engine; and as the report reads them, into Python
explain   `tlm explain` of every metric, once: of each subject (sql/explain) the slowest
adhoc     the questions of sql/adhoc
layout    a list by expiry from endpoints in the order of core.endpoints, and from the same endpoints in no order
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.config import read_settings
from pipeline.export.explain import Asked, show_explanation
from pipeline.places import content
from pipeline.report.assemble import read_report
from pipeline.warehouse.duck import open_read_only, open_writable

_LIST = (
    "account, endpoint_key, host_name, port, business_unit, common_name, serial_number, valid_to_at, automation_state"
)


def tell_report(folder: Path, endpoints: int) -> None:
    """Each query of the report once more; 0.5 s is the target."""
    settings = read_settings(folder / "tlm.toml", {})
    asked: list[str] = []
    with open_read_only(settings.database) as warehouse:
        told = warehouse.records

        def listen(sql: str, params: Any = ()) -> list[dict[str, Any]]:
            asked.append(sql)
            return told(sql, params)

        warehouse.records = listen  # type: ignore[method-assign]
        began = time.perf_counter()
        read_report(warehouse, settings)
        read = time.perf_counter() - began

        def answer() -> None:
            for sql in asked:
                warehouse.execute(f"create or replace temp table answer as {sql}")

        cpu, wall = _spent(answer)
    print(
        f"report               {endpoints:>9,} endpoints  {len(asked)} queries answered in {cpu:.2f} s of CPU, {wall:.2f} s of"
        f" wall (0.5 is the target); read and laid out in {read:.2f} s of wall"
    )


def tell_explain(folder: Path, endpoints: int) -> None:
    """The slowest metric of each subject, opening the file included; 1 s is the target."""
    database = read_settings(folder / "tlm.toml", {}).database
    with open_read_only(database) as warehouse:
        metrics = warehouse.rows("select subject, metric from rules.metric_queries order by subject, metric")
    slowest: dict[str, tuple[float, float, str]] = {}
    for subject, metric in metrics:
        cpu, wall = _spent(lambda metric=metric: show_explanation(database, Asked(metric)), times=1)
        slowest[subject] = max(slowest.get(subject, (0.0, 0.0, "")), (cpu, wall, metric))
    for subject, (cpu, wall, metric) in sorted(slowest.items(), key=lambda item: -item[1][0]):
        print(f"explain {subject:<22} {endpoints:>9,}  CPU {cpu:.2f} s, wall {wall:.2f} s: {metric}")


def tell_adhoc(folder: Path, endpoints: int) -> None:
    """Each question of sql/adhoc, its rows kept in the engine."""
    with open_read_only(read_settings(folder / "tlm.toml", {}).database) as warehouse:
        for path in sorted((content("sql") / "adhoc").glob("*.sql")):
            question = path.read_text(encoding="utf-8")
            cpu, wall = _spent(
                lambda question=question: warehouse.execute(f"create or replace temp table answer as {question}")
            )
            print(f"adhoc {path.stem:<30} {endpoints:>9,}  CPU {cpu:.3f} s, wall {wall:.3f} s")


def tell_layout(folder: Path, endpoints: int) -> None:
    """What ends in a week, from the columns of a list in two tables that differ in their order on disk only."""
    file = folder / "layout.duckdb"
    orders = {"by expiry": "valid_to_at, endpoint_key", "unordered": "hash(endpoint_key)"}
    costs = {}
    with open_writable(file) as warehouse:
        with warehouse.beside(read_settings(folder / "tlm.toml", {}).database, "published"):
            for number, order in enumerate(orders.values()):
                select = f"select {_LIST}, days_left from published.core.endpoints order by {order}"
                warehouse.execute(f"create table list_{number} as {select}")
        warehouse.execute("checkpoint tlm")
        for number, name in enumerate(orders):
            week = (
                f"select {_LIST} from list_{number} where days_left between 0 and 6 order by valid_to_at, endpoint_key"
            )
            costs[name] = _spent(lambda week=week: warehouse.execute(f"create or replace temp table answer as {week}"))
    file.unlink()
    ours, theirs = costs["by expiry"][0], costs["unordered"][0]
    print(
        f"layout               {endpoints:>9,} endpoints  what ends in a week: CPU {ours * 1000:.1f} ms ordered by expiry,"
        f" {theirs * 1000:.1f} ms in no order, {theirs / ours:.1f}x"
    )


def _spent(work: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """CPU seconds of all threads and wall seconds, of the cheapest of some times."""
    costs = []
    for _ in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
    return min(costs)
