"""`tlm demo` leaves an ordinary installation behind, and is safe to run again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.cli import run
from pipeline.jobs.demo import _own_folder, last_monday
from pipeline.runs.lock import hold_lock


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished demo of 300 endpoints over three weeks."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    assert run(["--quiet", "demo", "--endpoints", "300", "--weeks", "3", "--out", str(folder)]) == 0
    return folder


def test_the_demo_leaves_report_exports_and_database(demo: Path) -> None:
    """Everything that the README promises is there and not empty."""
    for pattern in ("out/reports/weekly/*/*.pdf", "out/reports/weekly/*/*.html", "out/exports/*/renew.csv"):
        found = list(demo.glob(pattern))
        assert len(found) == 1
        assert found[0].stat().st_size > 0


def test_every_simulated_week_is_history(demo: Path) -> None:
    """Three runs are published, each with its metrics, and endpoints changed between them."""
    with duckdb.connect(str(demo / "data" / "tlm.duckdb"), read_only=True) as con:
        assert con.execute("select count(distinct run_id) from mart.metrics").fetchall() == [(3,)]
        assert con.execute("select count(*) from core.endpoints").fetchall() == [(300,)]
        assert con.execute("select count(*) > 300 from core.endpoint_history").fetchall() == [(True,)]


def test_its_folder_is_an_ordinary_installation(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`tlm --config demo/tlm.toml` works in it: a build has nothing new to do, a query answers."""
    config = ["--config", str(demo / "tlm.toml")]
    assert run([*config, "build"]) == 0
    assert "Nothing new" in capsys.readouterr().out
    assert run([*config, "query", "select count(*) as n from core.endpoints", "--format", "csv"]) == 0
    assert capsys.readouterr().out == "n\n300\n"


def test_the_report_of_a_week_is_made_once(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second call names the existing files and changes nothing; a reissue is a new file with its reason."""
    config = ["--config", str(demo / "tlm.toml")]
    pdf = next(demo.glob("out/reports/weekly/*/*.pdf"))
    before = pdf.read_bytes()
    assert run([*config, "report", "weekly"]) == 0
    assert str(pdf) in capsys.readouterr().out
    assert run([*config, "report", "weekly", "--format", "html", "--reissue", " "]) == 2
    assert run([*config, "report", "weekly", "--format", "html", "--reissue", "typo in the policy"]) == 0
    assert "-r2.html" in capsys.readouterr().out
    assert pdf.read_bytes() == before


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody's files are never removed."""
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    assert run(["demo", "--endpoints", "10", "--weeks", "1", "--out", str(tmp_path)]) == 2
    assert "no demo" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text(encoding="utf-8") == "mine"


def test_a_demo_at_work_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second one in its folder is refused; what an earlier demo left goes."""
    for name in (".tlm-demo", "prod.key"):
        (tmp_path / name).touch()
    (tmp_path / "data" / "landing").mkdir(parents=True)
    with hold_lock(tmp_path):
        assert run(["demo", "--endpoints", "10", "--weeks", "1", "--out", str(tmp_path)]) == 7
    assert "Another run is at work" in capsys.readouterr().err
    assert (tmp_path / "prod.key").exists()
    with _own_folder(tmp_path):
        assert sorted(path.name for path in tmp_path.iterdir()) == [".tlm-demo", "lock"]


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 23, 4, tzinfo=UTC)),
        (datetime(2026, 11, 23, 3, 59, tzinfo=UTC), datetime(2026, 11, 16, 4, tzinfo=UTC)),
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), datetime(2026, 11, 23, 4, tzinfo=UTC)),
        (datetime(2026, 10, 26, 4, 0, tzinfo=UTC), datetime(2026, 10, 26, 4, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, tzinfo=UTC), datetime(2026, 10, 19, 3, tzinfo=UTC)),
    ],
)
def test_the_demo_ends_on_the_newest_monday_that_has_passed(now: datetime, monday: datetime) -> None:
    """Monday 05:00 in Berlin, on both sides of the change of the clocks."""
    assert last_monday(now) == monday
