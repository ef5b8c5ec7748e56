"""`tlm demo`: the real pipeline, week after simulated week, against the embedded sandbox on a real socket.

The folder it leaves is an ordinary installation: `tlm --config <folder>/tlm.toml ...` works in it.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.config import Settings, read_settings
from pipeline.errors import OutputFailed, UsageError
from pipeline.jobs.building import build
from pipeline.jobs.outcome import Outcome, utc_now
from pipeline.jobs.reading import Selection, extract
from pipeline.jobs.reporting import ExportRequest, ReportRequest, export, report_weekly
from pipeline.runs.lock import hold_lock
from pipeline.sandbox.plan import Plan
from pipeline.sandbox.serve import Sandbox

logger = logging.getLogger(__name__)
ZONE = "Europe/Berlin"
_MARKER = ".tlm-demo"
_REQUESTS_PER_SECOND = 1000  # the sandbox has no other customer; a real account keeps the default of 5
_PAGE_SIZE = 500


def last_monday(now: datetime) -> datetime:
    """Monday 05:00 in the demo's zone, the newest that has passed at `now` (aware)."""
    local = now.astimezone(ZoneInfo(ZONE))
    monday = (local - timedelta(days=local.weekday())).replace(hour=5, minute=0, second=0, microsecond=0)
    return (monday if monday <= local else monday - timedelta(days=7)).astimezone(UTC)


def run_demo(folder: Path, *, endpoints: int, weeks: int, show_progress: bool) -> Outcome:
    """Extract every simulated week, build once, report, export."""
    with _own_folder(folder):
        return _run_whole(folder, endpoints=endpoints, weeks=weeks, show_progress=show_progress)


def _run_whole(folder: Path, *, endpoints: int, weeks: int, show_progress: bool) -> Outcome:
    started = time.monotonic()
    newest = last_monday(utc_now())
    plan = Plan(endpoints=endpoints, weeks=weeks, as_of=newest)
    logger.info(
        "Demo: an invented company with %s endpoints on a real socket, lived through %d weeks.", f"{endpoints:,}", weeks
    )
    logger.info("The request rate is the demo's own (%d a second); `tlm init` sets 5.", _REQUESTS_PER_SECOND)
    with Sandbox(plan, week=0) as sandbox:
        settings = _configure(folder, sandbox.base_url, sandbox.keys)
        for week in range(weeks):
            if week:
                sandbox.move_to(week)
            as_of = newest - timedelta(weeks=weeks - 1 - week)
            extract(settings, Selection(), clock=lambda at=as_of: at, show_progress=show_progress)  # type: ignore[misc]
            logger.info("Week %d of %d is extracted, as of %s.", week + 1, weeks, f"{as_of:%Y-%m-%d}")
        fetched = time.monotonic()
    build(settings)
    built = time.monotonic()
    report = report_weekly(settings, ReportRequest())
    reported = time.monotonic()
    exports = export(settings, ExportRequest(audiences=("job", "people")))
    done = time.monotonic()
    logger.info(
        "Extract %.1f s, build %.1f s, report %.1f s, exports %.1f s, all %.1f s.",
        fetched - started,
        built - fetched,
        reported - built,
        done - reported,
        done - started,
    )
    return Outcome(_summary(folder, settings, report, exports))


@contextmanager
def _own_folder(folder: Path) -> Iterator[None]:
    """An empty folder, for no other demo while the block runs: a demo's own is made anew, anything else left alone."""
    if folder.exists() and not (folder / _MARKER).exists() and any(folder.iterdir()):
        msg = f"{folder} exists and is no demo's folder; choose another with --out."
        raise UsageError(msg)
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / _MARKER).touch()
            held.enter_context(hold_lock(folder))
            for path in folder.iterdir():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name not in {_MARKER, "lock"}:
                    path.unlink()
        except OSError as error:
            msg = f"The demo's folder {folder} cannot be made ({error.strerror}); choose another with --out."
            raise OutputFailed(msg) from None
        yield


def _configure(folder: Path, base_url: str, keys: Mapping[str, str]) -> Settings:
    """Write tlm.toml and one key file for each account, and read them as any user's."""
    lines = [
        "# Written by `tlm demo`. The sandbox it talked to has ended; start one with `tlm sandbox serve`.",
        f'timezone = "{ZONE}"',
    ]
    for account, key in keys.items():
        secret = folder / f"{account}.key"
        secret.touch(mode=0o600)
        secret.write_text(key, encoding="utf-8")
        lines += ["", "[[accounts]]", f'name = "{account}"', f'base_url = "{base_url}"']
        lines += [f'api_key = {{ file = "{secret.name}" }}']
    lines += ["", "[extract]", f"page_size = {_PAGE_SIZE}", f"requests_per_second = {_REQUESTS_PER_SECOND}"]
    lines += ["", "[report]", 'organisation = "Tarnholm Group"']
    place = folder / "tlm.toml"
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_settings(place, {})


def _summary(folder: Path, settings: Settings, report: Outcome, exports: Outcome) -> tuple[str, ...]:
    """Where everything is, for a person who has just seen it run."""
    html, pdf = report.lines
    config = folder / "tlm.toml"
    csvs = [line for line in exports.lines if ".people.csv" not in line]
    return (
        f"PDF       {_near(pdf)}",
        f"HTML      {_near(html)}",
        f"database  {_near(str(settings.database))}",
        *(f"CSV       {_near(line)}" for line in csvs),
        "",
        "Beside each CSV stands <action>.people.csv, for a spreadsheet. Next:",
        f'  tlm --config {config} query "from mart.unsecured order by age_days desc nulls last limit 10"',
        f"  tlm --config {config} export renew --for people",
    )


def _near(path: str) -> str:
    """`path` as seen from here where it lies below, else whole."""
    return path.removeprefix(f"{Path.cwd()}/")
