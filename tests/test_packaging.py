"""A wheel built from the tree works like the checkout: `sql/` and `reports/` travel in it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with the pinned back end and no index."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_models_templates_and_fonts(wheel: Path) -> None:
    """Every content file of the checkout is inside, under the package."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name in ("sql", "reports"):
        for path in (ROOT / name).rglob("*"):
            if path.is_file():
                assert f"pipeline/_content/{path.relative_to(ROOT).as_posix()}" in inside


def test_the_installed_wheel_runs_the_demo_outside_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """A virtual environment with the wheel alone of ours gives the PDF, the HTML, the CSVs and the database."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    # The libraries come from the environment that runs this test, by path: no index is asked, nothing is built.
    site = next((venv / "lib").glob("python3*/site-packages"))
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    pip = [venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    (site / "libraries.pth").write_text(libraries + "\n", encoding="utf-8")
    where = subprocess.run(
        [venv / "bin" / "python", "-c", "import pipeline; print(pipeline.__file__)"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(venv) in where.stdout
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TLM_", "PYTHONPATH"))}
    done = subprocess.run(
        [venv / "bin" / "tlm", "demo", "--endpoints", "200", "--weeks", "2"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for pattern in (
        "out/reports/weekly/*/*.pdf",
        "out/reports/weekly/*/*.html",
        "out/exports/*/renew.csv",
        "data/tlm.duckdb",
    ):
        assert list((tmp_path / "demo").glob(pattern)), pattern
