"""Models of the user's own, from the README to the report; what goes wrong leaves the old database."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from place import child_process

from pipeline.cli import run
from pipeline.jobs import building, scratch

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def write(demo: Path, name: str, text: str) -> None:
    """One file of models/."""
    (demo / "models").mkdir(exist_ok=True)
    (demo / "models" / f"{name}.sql").write_text(text, encoding="utf-8")


def test_the_examples_of_the_readme_are_built_queried_and_reported(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they stand in the README, with the next build, new run or not: the table answers, the metric is beside ours, with its words in section 11."""
    for name, text in zip(("ending_soon", "tagged"), re.findall(r"```sql\n(.*?)```", README, re.DOTALL), strict=True):
        write(demo, name, text)
    config = ["--config", str(demo / "tlm.toml")]
    assert run([*config, "build"]) == 0
    capsys.readouterr()
    assert run([*config, "query", "--format", "csv", "select sum(endpoints) from custom.ending_soon"]) == 0
    soon = capsys.readouterr().out.split()[1]
    ours = "select count(*) from core.endpoints where days_left between 0 and 60"
    assert run([*config, "query", "--format", "csv", ours]) == 0
    assert capsys.readouterr().out.split()[1] == soon
    asked = (
        "select metric from mart.metrics as own where metric = 'custom.tagged' and scope = 'all' and value between 0.5 and 1"
        " and denominator = (select max(numerator) from mart.metrics as ours where ours.metric = 'inventory.endpoints'"
        " and ours.scope = 'all' and ours.run_id = own.run_id)"
    )
    assert run([*config, "query", "--format", "csv", asked]) == 0
    assert capsys.readouterr().out.split() == ["metric", "custom.tagged"]
    assert run([*config, "report", "weekly", "--format", "html", "--reissue", "own metrics"]) == 0
    page = Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")
    assert "Your own metrics" in page
    assert "Endpoints that carry at least one tag." in page
    assert "endpoints with a tag" in page
    assert run([*config, "report", "weekly", "--format", "html", "--rules-on", "2029-03-15"]) == 0
    assert "custom.tagged" in Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("build",), ("report", "weekly", "--rules-on", "2029-03-15")])
def test_a_mistake_is_one_sentence_and_code_5(
    demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """Before anything is built; the database stays byte for byte."""
    built: list[object] = []
    for job in (building, scratch):
        monkeypatch.setattr(job, "build_models", lambda *_, **__: built.append(1))
    write(
        demo,
        "bad",
        "-- Mine.\n-- grain: one thing\n-- kind: table\nwith x as (\n    delete from core.endpoints returning *\n)\nselect ip from x\n",
    )
    before = (demo / "data" / "tlm.duckdb").read_bytes()
    try:
        capsys.readouterr()
        assert run(["--config", str(demo / "tlm.toml"), *words]) == 5
        assert not built
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith("tlm: models/bad.sql line ")
        assert "a DELETE is not allowed in a model" in said
        assert (demo / "data" / "tlm.duckdb").read_bytes() == before
    finally:
        (demo / "models" / "bad.sql").unlink()


def test_a_runaway_model_is_stopped_by_ctrl_c_and_leaves_nothing(demo: Path) -> None:
    """A cross join of everything with everything is interrupted while it writes; the old file stays."""
    pairs = " cross join ".join(f"core.endpoints as e{number}" for number in range(6))
    write(demo, "runaway", f"-- Mine.\n-- grain: one thing\n-- kind: table\nselect e0.ip, e5.port from {pairs}\n")
    before = (demo / "data" / "tlm.duckdb").read_bytes()
    command = [sys.executable, "-m", "pipeline", "--config", str(demo / "tlm.toml"), "build"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    apart = demo / "data" / "tlm.duckdb.building.apart"
    try:
        with child_process(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environ, text=True) as child:
            # It has begun to write when its file is more than the empty one of a few blocks.
            while not (apart.exists() and apart.stat().st_size > 2_000_000):
                assert child.poll() is None
            child.send_signal(signal.SIGINT)
            _, said = child.communicate()
    finally:
        (demo / "models" / "runaway.sql").unlink()
    assert child.returncode == 130
    assert said.splitlines()[-1] == "Stopped; nothing half-done was published."
    assert (demo / "data" / "tlm.duckdb").read_bytes() == before
    assert not list((demo / "data").glob("*building*"))
