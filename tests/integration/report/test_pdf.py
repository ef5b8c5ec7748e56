"""The PDF: its structure, its attachments, its fonts, its first page, its bytes."""

from __future__ import annotations

import errno
import hashlib
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import weasyprint

from pipeline.config import Settings
from pipeline.errors import OutputFailed
from pipeline.places import content
from pipeline.report.assemble import read_report
from pipeline.report.contents import Report
from pipeline.report.page import Theme
from pipeline.report.pdf import _assets, _closed_fetcher, render_pdf
from pipeline.warehouse.duck import open_read_only

Shaped = Callable[..., Settings]


def read(settings: Settings) -> Report:
    """The report's contents."""
    with open_read_only(settings.database) as warehouse:
        return read_report(warehouse, settings)


def opened(settings: Settings) -> pikepdf.Pdf:
    """The rendered PDF."""
    return pikepdf.open(io.BytesIO(render_pdf(read(settings), Theme(paper=settings.report.paper))))


def structure(node: Any, found: list[Any]) -> list[Any]:
    """Every structure element."""
    if isinstance(node, pikepdf.Array):
        for child in node:
            structure(child, found)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            found.append(node)
        if "/K" in node:
            structure(node.K, found)
    return found


def section_pages(pdf: pikepdf.Pdf) -> dict[str, int]:
    """Bookmark -> page number, of the sections."""
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}
    found = {}
    with pdf.open_outline() as outline:
        for top in outline.root:
            for item in (top, *top.children):
                target = item.destination
                if isinstance(target, pikepdf.Array):
                    found[str(item.title)] = pages[target[0].objgen]
    return found


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_section_2_begins_on_page_2_also_with_three_states(shaped: Shaped, paper: str) -> None:
    """The budget of page one holds on both papers, with the longest panel."""
    report = replace(read(shaped("incomplete", "stale", "freeze", paper=paper)), issue_name="Second issue")
    report = replace(report, issue_reason="a freeze was missing from the policy.")
    with pikepdf.open(io.BytesIO(render_pdf(report, Theme(paper=paper)))) as pdf:
        pages = section_pages(pdf)
        assert next(page for title, page in pages.items() if title.startswith("2")) == 2
        width = float(pdf.pages[0].mediabox[2])
        assert round(width) == {"A4": 595, "Letter": 612}[paper]


def test_the_pdf_is_a_tagged_pdf_a_with_title_language_and_bookmarks(issued: Any) -> None:
    """Declared as PDF/A-3a; header cells have a scope, charts an alternative text, sections a bookmark."""
    with pikepdf.open(io.BytesIO(issued.pdf)) as pdf:
        metadata = pdf.Root.Metadata.read_bytes()
        assert b'pdfaid:part="3"' in metadata
        assert b'pdfaid:conformance="A"' in metadata
        assert str(pdf.docinfo["/Title"]).startswith("Certificate compliance, week 48 of 2026")
        assert pdf.Root.Lang == "en"
        elements = structure(pdf.Root.StructTreeRoot.K, [])
        kinds = Counter(str(element.S) for element in elements)
        assert kinds["/H1"] == 1
        assert kinds["/Table"] > 10
        assert {str(e.A.Scope) for e in elements if e.S == "/TH"} == {"/Column", "/Row"}
        assert all(str(e.get("/Alt", "")) for e in elements if e.S == "/Figure")
        assert [title.split(" ")[0] for title in section_pages(pdf)][-5:] == ["2", "3", "4", "5", "11"]


def test_the_lists_are_attached_once_with_the_dates_of_the_data(issued: Any) -> None:
    """Names as in the captions, bytes as hashed, dates = the instant of the data."""
    report = issued.report
    with pikepdf.open(io.BytesIO(issued.pdf)) as pdf:
        assert sorted(pdf.attachments) == sorted(file.name for file in report.files)
        assert len(pdf.Root.AF) == len(report.files)
        for file in report.files:
            attached = pdf.attachments[file.name].get_file()
            assert hashlib.sha256(attached.read_bytes()).hexdigest() == file.sha256
            assert attached.creation_date == attached.mod_date == report.as_of
        assert str(pdf.docinfo["/CreationDate"]).startswith(f"D:{report.as_of:%Y%m%d%H%M%S}")


def test_only_packaged_fonts_are_in_the_pdf(issued: Any) -> None:
    """Also in the margin boxes and the watermark; no system font slips in."""
    with pikepdf.open(io.BytesIO(issued.pdf)) as pdf:
        fonts = {str(obj.BaseFont) for obj in pdf.objects if isinstance(obj, pikepdf.Dictionary) and "/BaseFont" in obj}
    assert fonts
    assert all("Report-Sans" in name for name in fonts)


def test_the_same_report_gives_the_same_bytes(issued: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock says: fonts would otherwise carry the time of their conversion."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert render_pdf(issued.report, Theme()) == issued.pdf


def test_a_list_beyond_the_limit_is_named_and_not_embedded(issued: Any) -> None:
    """What is only named is not in the file."""
    report = issued.report
    files = (replace(report.files[0], is_embedded=False), *report.files[1:])
    short = replace(report, files=files, sections=())
    with pikepdf.open(io.BytesIO(render_pdf(short, Theme()))) as pdf:
        assert report.files[0].name not in pdf.attachments
        assert report.files[1].name in pdf.attachments


def test_hostile_names_read_no_file_and_print_as_text(shaped: Shaped) -> None:
    """Markup in names is text: the page asks for nothing that is not packaged."""
    with opened(shaped("hostile names")) as pdf:
        assert len(pdf.pages) > 5


def test_a_wish_for_anything_else_is_recorded_even_inside_a_chart(tmp_path: Path) -> None:
    """WeasyPrint swallows the error of an image inside an SVG; the fetcher's list does not."""
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    fetcher, refused = _closed_fetcher({})
    image = f"<image href='{secret.as_uri()}' width='9' height='9'/>"
    page = f"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>{image}</svg>"
    weasyprint.HTML(string=page, base_url="report:", url_fetcher=fetcher).write_pdf()
    assert refused == [secret.as_uri()]


def test_a_page_that_cannot_be_rendered_is_one_sentence(issued: Any) -> None:
    """A lone surrogate crashes the renderer: OutputFailed with the way out, not a traceback."""
    unclean = replace(issued.report, title="\ud800", sections=(), files=())
    with pytest.raises(OutputFailed, match="--format html"):
        render_pdf(unclean, Theme())


def test_a_machine_without_pango_is_told_what_to_install(issued: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library fails while it is imported, with an OSError of its own."""

    class Without:
        """Finds that a shared library is missing."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint")
    monkeypatch.setattr(sys, "meta_path", [Without(), *sys.meta_path])
    with pytest.raises(OutputFailed, match=r"needs Pango, which is not installed: `apt-get install libpango"):
        render_pdf(issued.report, Theme())


def test_a_full_disk_names_where_the_fonts_go(issued: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The renderer writes them into the system's temporary folder, and its error names no file."""

    def refuse(_path: Path, _data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    said = f"The fonts of the PDF could not be written to {tempfile.gettempdir()} (No space left on device); free some"
    with pytest.raises(OutputFailed) as caught:
        render_pdf(replace(issued.report, sections=(), files=()), Theme())
    assert str(caught.value).startswith(said)


def laid_out(report: Report, body: str) -> list[dict[str, Any]]:
    """The lines of text of each page of `body` under the report's own style sheets, each with its box."""
    folder = content("reports") / "css"
    sheets = "".join((folder / name).read_text(encoding="utf-8") for name in ("report.css", "print.css"))
    fetcher, _ = _closed_fetcher(_assets(report, Theme()))
    page = weasyprint.HTML(string=f"<style>{sheets}</style>{body}", base_url="report:", url_fetcher=fetcher)
    boxes = [one._page_box.descendants() for one in page.render().pages]
    return [{box.text: box for box in page if hasattr(box, "text")} for page in boxes]


@pytest.mark.parametrize("rest", [6, 8, 10, 12, 14, 16])
def test_a_heading_stands_on_the_page_of_its_sentence(issued: Any, rest: int) -> None:
    """However little of the page is left: `rest` in millimetres."""
    top = "<div class='top'><div class='side'><h3>Renewed, not deployed</h3></div><p class='note'>Install it.</p></div>"
    space = 297 - 14 - 15 - rest  # of the first page, without its margins
    pages = laid_out(issued.report, f"<div style='height: {space}mm'>x</div><div class='wideb'>{top}</div>")
    told = [({"Install it."} <= lines.keys(), any("Renewed" in line for line in lines)) for lines in pages]
    assert sorted(told) in ([(True, True)], [(False, False), (True, True)])


@pytest.mark.parametrize("place", ["lede", "note"])
def test_a_name_without_a_blank_stays_on_the_page(issued: Any, place: str) -> None:
    """In a sentence it is broken where the line ends."""
    body = f"<header class='open'><h2>3</h2><p class='{place}'>{'x' * 300} is all.</p></header>"
    (lines,) = laid_out(issued.report, body)
    assert max(box.position_x + box.width for box in lines.values()) < 210 / 25.4 * 96
