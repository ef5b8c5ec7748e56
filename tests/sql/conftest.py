"""Estates for the tests of models (`tests/model_build.py`), and a warehouse with nothing in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from model_build import Estate

from pipeline.load.meta import create_meta
from pipeline.load.parameters import set_policy, set_run
from pipeline.places import content
from pipeline.policy import read_policy
from pipeline.transform.run import build_models, read_project
from pipeline.warehouse.duck import Warehouse
from pipeline.warehouse.publish import Build, discard, open_build


@pytest.fixture(scope="module")
def open_estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Estate]]:
    """Opens an estate on an empty warehouse of its own."""
    builds: list[Build] = []

    def opened(folder: Path) -> Estate:
        home = tmp_path_factory.mktemp("estate")
        builds.append(open_build(home / "data" / "tlm.duckdb"))
        return Estate(folder, builds[-1], home / "landing")

    yield opened
    for build in builds:
        discard(build)


@pytest.fixture(scope="session")
def worked_example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The worked example after its second run; a test that changes it takes that back."""
    home = tmp_path_factory.mktemp("worked-example")
    build = open_build(home / "data" / "tlm.duckdb")
    estate = Estate(Path(__file__).parent / "worked_example", build, home / "landing")
    first, second = estate.runs()
    estate.take(first, everything=False)
    estate.take(second, everything=True)
    yield build.warehouse
    discard(build)


@pytest.fixture(scope="session")
def macros(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse without rows in which all macros and models exist."""
    build = open_build(tmp_path_factory.mktemp("macros") / "tlm.duckdb")
    create_meta(build.warehouse)
    set_run(build.warehouse, "20261116T060000Z-000000", datetime(2026, 11, 16, 6, tzinfo=UTC), ZoneInfo("UTC"), ())
    set_policy(build.warehouse, read_policy(tmp_path_factory.mktemp("no-policy")))
    build_models(read_project(build.warehouse, content("sql")), everything=True, as_run="20261116T060000Z-000000")
    yield build.warehouse
    discard(build)
