"""The weekly report of an earlier day, from the published file and the pages of then."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from model_build import land_run
from weeks import run_id, write_weeks

from pipeline.cli import run
from pipeline.config import Settings, read_settings
from pipeline.jobs.building import build
from pipeline.jobs.scratch import Question, built_anew
from pipeline.report.assemble import read_report
from pipeline.report.contents import Report
from pipeline.warehouse.duck import open_read_only

WEEKS = 3
MONDAYS = (date(2026, 9, 7), date(2026, 9, 14), date(2026, 9, 21))


@dataclass(frozen=True)
class History:
    """A folder with three published weeks, and the contents that each week's report had."""

    settings: Settings
    reports: tuple[Report, ...]

    def tlm(self, *words: str) -> int:
        """The exit code of a command in this folder."""
        return run(["--config", str(Path(self.settings.folder) / "tlm.toml"), *words])

    @property
    def digest(self) -> str:
        """Of the published file."""
        return hashlib.sha256(self.settings.database.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Three builds, one a week as users have them, are what takes the time here."""
    folder = tmp_path_factory.mktemp("history")
    (folder / "tlm.toml").write_text(
        'timezone = "Europe/Berlin"\n[[accounts]]\nname = "north"\nbase_url = "http://127.0.0.1"\napi_key = { env = "K" }\n'
    )
    settings = read_settings(folder / "tlm.toml", {})
    reports = []
    for pages in sorted(write_weeks(folder / "pages", seed=2, weeks=WEEKS).glob("run-*")):
        land_run(pages, settings.data / "landing")
        build(settings, clock=lambda: datetime(2026, 10, 1, tzinfo=UTC))
        with open_read_only(settings.database) as warehouse:
            reports.append(read_report(warehouse, settings))
    assert any(state.word == "Stale account" for report in reports for state in report.states)
    return History(settings, tuple(reports))


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (MONDAYS[0], 0),
        pytest.param(date(2026, 9, 13), 0, marks=pytest.mark.slow),  # a day between two runs is asked for below
        (MONDAYS[1], 1),
        (MONDAYS[2], 2),
    ],
)
def test_the_report_as_of_a_day_is_the_report_of_then(history: History, day: date, week: int) -> None:
    """The newest run that started on that day or before, with the same contents but for the line that says so."""
    before = history.digest
    with (
        built_anew(history.settings, history.settings.database, Question(as_of=day)) as copy,
        open_read_only(copy) as warehouse,
    ):
        report = read_report(warehouse, history.settings)
        assert copy.parent.parent == history.settings.data  # where there is room for a database
    assert not copy.parent.exists()
    assert [state.word for state in report.states if state not in history.reports[week].states] == ["Made later"]
    assert str(day) in next(state.sentence for state in report.states if state.word == "Made later")
    then = history.reports[week]
    assert replace(report, states=then.states, watermark=then.watermark) == then
    assert history.digest == before


def test_it_has_a_folder_of_its_own_and_other_rules_may_judge_it(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder names both days, the published file is not touched, and nothing is left behind."""
    before = history.digest
    flags = ["--as-of", "2026-09-16", "--rules-on", "2029-03-15", "--format", "html"]
    assert history.tlm("report", "weekly", *flags) == 0
    page = Path(capsys.readouterr().out.strip())
    assert page.parent.name == "2026-W38-as-of-2026-09-16-rules-on-2029-03-15"
    text = page.read_text(encoding="utf-8")
    assert "Made later, as of 2026-09-16" in text
    assert "judged by the rules of 2029-03-15" in text
    assert history.digest == before


def test_before_the_first_run_there_is_no_report(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong use, which names the first run."""
    assert history.tlm("report", "weekly", "--as-of", "2026-09-06") == 2
    assert f"No complete run is from 2026-09-06 or before (the first is {run_id(0)})" in capsys.readouterr().err


def test_without_the_pages_of_then_it_says_what_still_answers(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run, its date, and the query that gives the endpoints of then; a newer week still has its pages."""
    pages = history.settings.data / "landing" / "north" / run_id(0)
    away = Path(history.settings.folder) / "away"
    pages.rename(away)
    try:
        assert history.tlm("report", "weekly", "--as-of", "2026-09-07") == 2
    finally:
        shutil.move(away, pages)
    said = capsys.readouterr().err
    assert f"Run {run_id(0)} (2026-09-07) cannot be built again" in said
    assert "core.endpoints_as_of(timestamp '2026-09-07 06:00:00')" in said


def test_the_example_of_the_readme_has_the_runs_of_its_day(history: History) -> None:
    """As `--as-of` has them; a bare day would be the midnight before."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    example = readme[readme.index('"select protection, count(*) as endpoints from core.endpoints_as_of(') + 1 :]
    sql = example[: example.index('"')].replace("2026-11-02", str(MONDAYS[1]))
    with open_read_only(history.settings.database) as warehouse:
        found = dict(warehouse.rows(sql))
        on_the_day = warehouse.rows(
            "select numerator from mart.metrics where metric = 'inventory.endpoints' and scope = 'all'"
            f" and cast(as_of_at as date) = date '{MONDAYS[1]}'"
        )
        midnight = dict(warehouse.rows(sql.replace(" 23:59:59", "")))
    assert [(sum(found.values()),)] == on_the_day
    assert found != midnight
