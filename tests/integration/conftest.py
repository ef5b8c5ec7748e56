"""A user's folder, a sandbox for it to point at, and no waiting."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import stamina
from place import Place

from pipeline.cli import run
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import ThreadedSandbox


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    """An empty user's folder."""
    return Place(tmp_path, capsys)


@pytest.fixture(scope="session")
def finished_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demo of 60 endpoints over two weeks, for `demo` to copy."""
    folder = tmp_path_factory.mktemp("finished-demo") / "demo"
    assert run(["--quiet", "demo", "--endpoints", "60", "--weeks", "2", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def demo(finished_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the file's own with that demo."""
    return shutil.copytree(finished_demo, tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture
def sandbox_of() -> Iterator[Callable[[Plan], ThreadedSandbox]]:
    """Start a sandbox for a plan; it ends with the test."""
    running: list[ThreadedSandbox] = []

    def start(plan: Plan) -> ThreadedSandbox:
        sandbox = ThreadedSandbox(plan)
        sandbox.__enter__()
        running.append(sandbox)
        return sandbox

    yield start
    for sandbox in running:
        sandbox.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries happen at once, twice at most."""
    stamina.set_testing(True, attempts=2, cap=True)
    yield
    stamina.set_testing(False)
