"""A report as a PDF/A-3a: tagged, with bookmarks, and with the lists in full as attached files.

The only import of WeasyPrint (and of pikepdf), inside the functions: they cost a second that `tlm --help` must not pay.
Nothing outside the package is ever read: the fetcher knows a closed set of assets and records every other wish.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pipeline.errors import OutputFailed
from pipeline.places import content
from pipeline.report.contents import Report
from pipeline.report.page import Theme, render_page, watermark

_TYPES = {"woff": "font/woff", "svg": "image/svg+xml"}
_SCHEME = "report:"
_NO_PANGO = (
    "The PDF needs Pango, which is not installed: `apt-get install libpango-1.0-0 libpangoft2-1.0-0"
    " libharfbuzz-subset0` (Debian), `dnf install pango harfbuzz` (Fedora) or `brew install pango` (macOS);"
    " `--format html` needs none of it."
)


def render_pdf(report: Report, theme: Theme) -> bytes:
    """The PDF of a report with its embedded lists; same report, same bytes.

    Raises OutputFailed when Pango is missing, the page asked for anything that is not packaged, or an attachment did
    not get in.
    """
    try:
        import weasyprint  # noqa: PLC0415 -- see the module's docstring
        from weasyprint.urls import FatalURLFetchingError  # noqa: PLC0415
    except OSError:
        raise OutputFailed(_NO_PANGO) from None

    logging.getLogger("weasyprint").setLevel(logging.CRITICAL)  # what matters is checked below
    assets = _assets(report, theme)
    fetcher, refused = _closed_fetcher(assets)
    page = render_page(report, theme, "paper")
    try:
        with _clock_of_fonts(report.as_of), _no_collection():
            document = weasyprint.HTML(string=page, base_url=_SCHEME, url_fetcher=fetcher)
            raw = document.write_pdf(
                attachments=_attachments(report, fetcher),
                pdf_variant="pdf/a-3a",
                pdf_tags=True,
                pdf_identifier=report.run_ids[-1].encode(),
            )
    except (Exception, FatalURLFetchingError) as error:
        if not refused:
            raise _unrendered(error) from error
    if refused:
        msg = f"The report's page asked for {refused[0]}, which is not packaged with it; this is a bug of its template."
        raise OutputFailed(msg)
    return _finished(raw, [file.name for file in report.files if file.is_embedded])


def _unrendered(error: BaseException) -> OutputFailed:
    if not isinstance(error, OSError) or error.errno is None:
        what = type(error).__name__
        return OutputFailed(
            f"The PDF could not be rendered ({what}); make the HTML with `--format html` and report this."
        )
    place = error.filename or tempfile.gettempdir()  # Pango takes the fonts from files only
    return OutputFailed(
        f"The fonts of the PDF could not be written to {place} ({error.strerror or error}); free some space there, or"
        " set TMPDIR to another folder."
    )


def _attachments(report: Report, fetcher: Any) -> list[Any]:  # noqa: ANN401 -- WeasyPrint has no types
    import weasyprint  # noqa: PLC0415

    return [
        weasyprint.Attachment(
            string=file.data,  # never a url: WeasyPrint would fetch it past our fetcher
            base_url=_SCHEME,
            url_fetcher=fetcher,
            name=file.name,
            description=file.title,
            created=report.as_of,
            modified=report.as_of,
            relationship="Supplement",
        )
        for file in report.files
        if file.is_embedded
    ]


def _assets(report: Report, theme: Theme) -> dict[str, bytes]:
    folder = content("reports") / "assets"
    names = [f"fonts/{path.name}" for path in sorted((folder / "fonts").glob("*.woff"))]
    assets = {f"{_SCHEME}{name}": (folder / name).read_bytes() for name in names}
    if report.watermark:
        assets[f"{_SCHEME}watermark.svg"] = watermark(report.watermark, theme).encode()
    return assets


def _closed_fetcher(assets: Mapping[str, bytes]) -> tuple[Any, list[str]]:
    """A URL fetcher over exactly `assets`, and the list into which it writes what else was asked for.

    Recorded, because WeasyPrint swallows a fetcher's error for an image inside an SVG.
    """
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # noqa: PLC0415

    refused: list[str] = []

    class ClosedFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
        """Serves packaged bytes by their exact name and nothing else."""

        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401, ARG002 -- its API
            """The asset named `url`; any other name is recorded and stops the rendering."""
            if url not in assets:
                refused.append(url)
                msg = f"not packaged: {url}"
                raise FatalURLFetchingError(msg)
            kind = _TYPES[url.rpartition(".")[2]]
            return URLFetcherResponse(url, assets[url], {"Content-Type": kind})

    return ClosedFetcher(), refused


@contextmanager
def _clock_of_fonts(at: datetime) -> Iterator[None]:
    """While it lasts, fontTools writes `at` and not the wall clock into the fonts that it converts."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(at.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before


@contextmanager
def _no_collection() -> Iterator[None]:
    """While it lasts, the cyclic collector rests: a quarter of the rendering time, measured, for some 20 MB more."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _finished(raw: bytes, names: list[str]) -> bytes:
    """Header cells with their scope and each attachment listed once; the same input gives the same bytes."""
    import pikepdf  # noqa: PLC0415

    with pikepdf.open(io.BytesIO(raw)) as pdf:
        for element, above_row in _header_cells(pdf.Root.StructTreeRoot.K):
            scope = pikepdf.Name.Column if above_row == "/THead" else pikepdf.Name.Row
            element.A = pikepdf.Dictionary({**dict(element.get("/A", {})), "/O": pikepdf.Name.Table, "/Scope": scope})
        missing = sorted(set(names) - set(pdf.attachments))
        if missing:
            msg = f"{missing[0]} could not be attached to the PDF; try `--format html` and report this."
            raise OutputFailed(msg)
        if "/AF" in pdf.Root:
            once = {item.objgen: item for item in pdf.Root.AF}
            pdf.Root.AF = pikepdf.Array(list(once.values()))
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _header_cells(root: Any) -> Iterator[tuple[Any, str]]:  # noqa: ANN401 -- pikepdf objects have no common type
    """Each TH of the structure tree, with the type of its row's parent (/THead or /TBody)."""
    import pikepdf  # noqa: PLC0415

    stack: list[tuple[Any, tuple[str, str]]] = [(root, ("", ""))]
    while stack:
        node, (above, parent) = stack.pop()
        if isinstance(node, pikepdf.Array):
            stack.extend((child, (above, parent)) for child in node)
        elif isinstance(node, pikepdf.Dictionary):
            kind = str(node.get("/S", ""))
            if kind == "/TH":
                yield node, above
            if "/K" in node:
                stack.append((node.K, (parent, kind)))
