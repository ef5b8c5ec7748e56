"""A report, or the data dictionary, as one HTML text: self-contained with a strict CSP, a report also for paper.

The only import of jinja2. Everything is escaped; what is not is packaged with the pipeline: style sheets and fonts.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import jinja2
from markupsafe import Markup

from pipeline.places import content
from pipeline.report import words
from pipeline.report.contents import Report
from pipeline.report.dictionary import Dictionary

Medium = Literal["screen", "paper"]
_BEHIND_PART = re.compile(r"(?<=[._/@:])(?=\w)")
_WEIGHTS = ((300, "Light"), (400, "Regular"), (600, "SemiBold"))


@dataclass(frozen=True, slots=True)
class Theme:
    """What a customer may change: the accent (contrast of 4.5 or more on white) and the paper ("A4" or "Letter")."""

    accent: str = "#B3330B"
    paper: str = "A4"


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A style sheet of the page: its text goes into a <style> as it is."""

    media: str
    text: Markup

    @property
    def source(self) -> str:
        """The sheet's hash as a CSP source."""
        return _hash_source(self.text)


def render_page(report: Report, theme: Theme, medium: Medium) -> str:
    """The HTML of a report; the same report gives the same text."""
    given = {"report": report, "theme": theme, "medium": medium}
    sheets = _sheets(given, medium)
    policy = ""
    if medium == "screen":
        policy = _policy(sheets)
    return _environment().get_template("weekly/page.html").render(given, sheets=sheets, csp=policy)


def render_dictionary(dictionary: Dictionary, theme: Theme) -> str:
    """The HTML of the data dictionary, in the report's look; its one script, the search, reaches nothing outside."""
    folder = content("reports") / "dictionary"
    own = _Sheet("all", Markup(_read(folder / "dictionary.css")))  # noqa: S704 -- packaged, no data in it
    sheets = [*_sheets({"theme": theme, "medium": "screen"}, "screen"), own]
    script = Markup(_read(folder / "search.js"))  # noqa: S704 -- the same
    policy = f"script-src {_hash_source(script)}; {_policy(sheets)}"
    page = _environment().get_template("dictionary/page.html")
    return page.render(dictionary=dictionary, sheets=sheets, script=script, csp=policy)


def watermark(word: str, theme: Theme) -> str:
    """The page background of a state: the word across the page, as an SVG of the paper's size."""
    width, height = (210, 297) if theme.paper == "A4" else (216, 279)
    size = min(46.0, 400 / max(len(word), 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
        f'<text x="{width / 2}" y="{height / 2 + size / 3:.1f}" text-anchor="middle" font-family="Report Sans" '
        f'font-weight="600" font-size="{size:.1f}" fill="#e9ebee" '
        f'transform="rotate(-36 {width / 2} {height / 2})">{word}</text></svg>'
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(content("reports")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters.update({"mm": _millimetres, "n": words.number, "signed": words.signed, "parted": _parted})
    return environment


def _millimetres(value: float | str) -> str:
    return f"{float(value):.2f}".rstrip("0").rstrip(".") or "0"


def _parted(name: str) -> Markup:
    """`name`, escaped, with a place for a line break behind each of its parts: browsers know of hyphens only.

    It reads and copies as it is.
    """
    return Markup("<wbr>").join(_BEHIND_PART.split(name))


def _sheets(given: Mapping[str, object], medium: Medium) -> list[_Sheet]:
    folder = content("reports")
    texts = [("all", _read(folder / "css" / "report.css"))]
    if medium == "screen":
        texts += [("all", _fonts(folder)), ("screen", _read(folder / "css" / "screen.css"))]
    else:
        texts.append(("all", _read(folder / "css" / "print.css")))
    texts.append(("all", _environment().get_template("css/theme.css").render(given)))
    if medium == "paper":  # one sheet: WeasyPrint matches every element against every sheet
        texts = [("all", "\n".join(text for _, text in texts))]
    return [_Sheet(media, Markup(text)) for media, text in texts]  # noqa: S704 -- packaged sheets, no data in them


def _policy(sheets: Sequence[_Sheet]) -> str:
    """What a page may use: its own sheets and the fonts in them, nothing from anywhere."""
    styles = " ".join(sheet.source for sheet in sheets)
    return f"default-src 'none'; style-src {styles}; font-src data:; base-uri 'none'; form-action 'none'"


def _hash_source(text: str) -> str:
    """The hash of an inline sheet or script as a CSP source."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _fonts(folder: Path) -> str:
    faces = []
    for weight, name in _WEIGHTS:
        data = base64.b64encode((folder / "assets" / "fonts" / f"IBMPlexSans-{name}.woff2").read_bytes()).decode()
        source = f'url(data:font/woff2;base64,{data}) format("woff2")'
        faces.append(f'@font-face {{ font-family: "Report Sans"; font-weight: {weight}; src: {source} }}\n')
    return "".join(faces)
