"""The report's files: out/reports/weekly/<week>/, written whole or not at all, and never overwritten.

A second issue of a week has its own names (-r2, -r3, ...) and the reason in its manifest; the first one stays.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.errors import OutputFailed
from pipeline.output_file import finish_file, unwritten
from pipeline.report import words
from pipeline.report.assemble import read_report
from pipeline.report.contents import Report
from pipeline.report.page import Theme, render_page
from pipeline.report.pdf import render_pdf
from pipeline.unfinished import remove_unheld, unfinished_folder
from pipeline.warehouse.duck import Warehouse

FORMATS = ("html", "pdf")
_MANIFEST = "manifest.json"
_ISSUES = ("", "First", "Second", "Third", "Fourth", "Fifth", "Sixth")


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The files of one issue, and the newest run and the instant (ISO 8601) that it is of.

    `is_new` is false when the week already had its report and nothing was written.
    """

    week: str
    html: Path | None
    pdf: Path | None
    manifest: Path
    is_new: bool
    run_id: str
    as_of_at: str

    @property
    def paths(self) -> tuple[Path, ...]:
        """The documents, HTML first."""
        return tuple(path for path in (self.html, self.pdf) if path)


def write_weekly(
    warehouse: Warehouse, settings: Settings, *, formats: Sequence[str] = FORMATS, reissue_reason: str | None = None
) -> ReportFiles:
    """Write the newest run's weekly report; an existing one is returned as it is unless a reason to reissue is given.

    Raises OutputFailed when a file cannot be written or rendered; then nothing of this issue is left behind.
    """
    report = read_report(warehouse, settings)
    variant = _variant(warehouse)
    folder = settings.output / "reports" / "weekly" / f"{report.week}{variant}"
    issues = _read_issues(folder)
    if issues and reissue_reason is None:
        return _files(folder, report.week, issues[-1], is_new=False)
    number = len(issues) + 1
    stem = f"weekly-compliance-{report.week}{variant}" + (f"-r{number}" if number > 1 else "")
    documents = _rendered(_named_issue(report, number, reissue_reason or ""), settings, formats, stem)
    entry = {
        "issue": number,
        "reason": reissue_reason if number > 1 else None,
        "as_of_at": report.as_of.isoformat().replace("+00:00", "Z"),
        "run_ids": list(report.run_ids),
        "tool_version": _tool_version(warehouse),
        "states": {state.word.lower(): state.sentence for state in report.states},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in documents.items()},
        "lists": {f.name: {"rows": f.row_count, "sha256": f.sha256, "embedded": f.is_embedded} for f in report.files},
    }
    manifest = json.dumps({"format": 1, "report": "weekly", "week": report.week, "issues": [*issues, entry]}, indent=2)
    if _write_all(folder, {**documents, _MANIFEST: f"{manifest}\n".encode()}, settings, issues):
        return _files(folder, report.week, entry, is_new=True)
    if reissue_reason is not None:
        msg = f"Another issue of {report.week} was made at the same time and stays; run it again for one more."
        raise OutputFailed(msg)
    return _files(folder, report.week, _read_issues(folder)[-1], is_new=False)


def _named_issue(report: Report, number: int, reason: str) -> Report:
    """The report of a later issue says on page one which it is, and why there is one."""
    if number == 1:
        return report
    name = f"{_ISSUES[number]} issue" if number < len(_ISSUES) else f"Issue {number}"
    return replace(report, issue_name=name, issue_reason=f"{words.cut_name(reason.rstrip('.'))[0]}.")


def _rendered(report: Report, settings: Settings, formats: Sequence[str], stem: str) -> dict[str, bytes]:
    theme = Theme(paper=settings.report.paper)
    documents = {}
    if "html" in formats:
        documents[f"{stem}.html"] = render_page(report, theme, "screen").encode()
    if "pdf" in formats:
        documents[f"{stem}.pdf"] = render_pdf(report, theme)
    return documents


def _variant(warehouse: Warehouse) -> str:
    """What the names have more when it is of another day or judged by the rules of one: not the report of the week."""
    run = warehouse.records("select * from meta.current_run")[0]
    asked = (("as-of", run.get("as_of_on")), ("rules-on", run.get("rules_on")))
    return "".join(f"-{word}-{day}" for word, day in asked if day is not None)


def _tool_version(warehouse: Warehouse) -> str:
    return str(warehouse.rows("select tool_version from meta.current_run")[0][0])


def _read_issues(folder: Path) -> list[dict[str, Any]]:
    place = folder / _MANIFEST
    try:
        issues = json.loads(place.read_text(encoding="utf-8"))["issues"]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, KeyError, TypeError):
        msg = f"{place} cannot be read as a report's manifest; move the folder {folder.name} away and try again."
        raise OutputFailed(msg) from None
    return list(issues)


def _files(folder: Path, week: str, entry: dict[str, Any], *, is_new: bool) -> ReportFiles:
    named = {name.rpartition(".")[2]: folder / name for name in entry["files"]}
    of = (max(entry["run_ids"]), str(entry["as_of_at"]))
    return ReportFiles(week, named.get("html"), named.get("pdf"), folder / _MANIFEST, is_new, *of)


def _write_all(folder: Path, documents: dict[str, bytes], settings: Settings, issues: list[dict[str, Any]]) -> bool:
    """Every file into a folder of its own beside the final one, then all moved in, the manifest last.

    False, and nothing is moved: another process has made an issue since `issues` were read.
    """
    moved: list[Path] = []
    place = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_unheld(folder.parent, "*")
        with unfinished_folder(folder) as staging:
            for name, data in documents.items():
                place = folder / name
                (staging / name).write_bytes(data)
                finish_file(staging / name, settings.publish)
            with _alone_in(folder):
                if _read_issues(folder) != issues:
                    return False
                for name in documents:
                    place = folder / name
                    (staging / name).replace(folder / name)
                    if name != _MANIFEST:
                        moved.append(folder / name)
    except OSError as error:
        for path in moved:
            path.unlink(missing_ok=True)
        raise unwritten(place, error) from None
    return True


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process moves its report in; where a file system knows no locks nobody waits."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
