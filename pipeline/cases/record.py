"""Writes a run of the landing zone as a case: read twice, first to see which words there are, then to replace them.

Nothing but the landing zone is read. The key of the pseudonyms is drawn here and forgotten. At the end the zip is read
again: a word that was replaced and stands in it anyway is an error, and then there is no file.
"""

from __future__ import annotations

import re
import secrets
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from pipeline import __version__
from pipeline.cases import words
from pipeline.cases.layout import CASE, KEPT, Case, ListPage, RecordedAccount, RecordedList, member
from pipeline.cases.pseudonyms import Address, Pseudonyms, Survey, lower_case
from pipeline.cases.rewrite import Rewriter
from pipeline.config import RESOURCES, Publish
from pipeline.errors import OutputFailed, UsageError
from pipeline.output_file import replaced_file
from pipeline.runs import manifest as manifests
from pipeline.runs import opening as openings
from pipeline.runs.landing import JournalLine, read_pages
from pipeline.runs.retention import refuse_pruned

_REASON_OF_KILLED = "not read to the end"
_KEYS = 20  # that are tried
_SHORT = 4  # letters from which on a word is looked for again
_SHORT_NUMBER = 8  # the same for digits: ports and sizes meet names by chance
_NAMES_HEAD = "Names of fields that the contract does not know, in clear but for digits:\n"
_HEAD = (
    "Words that are in clear in this case, by field. Besides these are in clear: the names of the contract's fields,\n"
    f"times in {', '.join(sorted(words.TIME_FIELDS))},\n"
    f"numbers of up to five digits in {', '.join(sorted(words.NUMBER_FIELDS))},\n"
    "true, false, null, zeros before numbers, ports behind addresses, loopback addresses, and signs that belong to no\n"
    "word. Every other word and number is replaced by one of the same length: lengths, what is equal to what, and how\n"
    "often each one occurs can be seen.\n"
)
_HEAD_OF_CASE = " ".join(
    (
        *(name for one in (Case, RecordedAccount, RecordedList, ListPage) for name in one.__struct_fields__),
        *("complete incomplete skipped failed account", __version__, *RESOURCES, *words.OF_REASONS),
    )
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: the run, items by account and list, how many words were replaced, and `kept`, its kept.txt.

    `unknown`: texts of fields that have a vocabulary, with words that are not in it and were replaced.
    """

    run_id: str
    items: dict[str, int]
    replaced: int
    kept: str
    unknown: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Source:
    """An account of the run, and how it is called in the case; no manifest: the run was killed."""

    name: str
    folder: Path
    opening: openings.Opening
    manifest: manifests.Manifest | None

    def pages(self, resource: str) -> Iterator[tuple[JournalLine, list[bytes]]]:
        """The list's pages; of audit events that neighbouring windows share only the first one."""
        windows: dict[int, str] = {}
        for line, items in read_pages(self.folder, self.opening.run_id, resource):
            if line.window is not None:
                items = [one for one in items if windows.setdefault(hash(one), line.window) == line.window]  # noqa: PLW2901
            yield line, items

    @property
    def extracts(self) -> tuple[manifests.Extract, ...]:
        """What the manifest says of each list; of a killed run, that none was read to the end."""
        if self.manifest is not None:
            return self.manifest.extracts
        names = [one for one in RESOURCES if one in self.opening.paths]
        return tuple(manifests.Extract(one, "incomplete", _REASON_OF_KILLED) for one in names)


def record_run(landing: Path, run_id: str | None, account: str | None, out: Path) -> Recorded:
    """Write the run (None: the newest that ended) of one account or of all as the case `out`, for the owner only.

    UsageError: there is no such run or account, its pages are gone, or `out` exists. RunIncomplete: its pages are
    damaged. OutputFailed: the disk refuses, or a word that was replaced was found; in each case there is no file.
    """
    _refuse_existing(out)
    sources = _find_sources(landing, run_id, account)
    survey = Survey()
    look = Rewriter(survey)
    for source in sources:
        for extract in source.extracts:
            for _, items in source.pages(extract.resource):
                for item in items:
                    look.item(item)
    survey.originals.update(words.known_words(), words.OF_TAGS)
    pseudonyms, rewriter = _draw_pseudonyms(survey, look.named)
    with replaced_file(out, Publish(mode="0600")) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as case:
            accounts = tuple(_write_account(case, source, rewriter) for source in sources)
            first = sources[0].opening
            head = Case(__version__, first.as_of_at, min(one.opening.audit_from for one in sources), accounts)
            case.writestr(zipfile.ZipInfo(CASE), msgspec.json.format(msgspec.json.encode(head), indent=1))
            kept = _tell_kept(rewriter)
            case.writestr(zipfile.ZipInfo(KEPT), kept.encode("utf-8", "surrogateescape"))
        _verify(file, pseudonyms, " ".join(words.NAMES.union(rewriter.names, *rewriter.kept.values())))
        _refuse_existing(out)  # another process may have written it meanwhile
    counts = {f"{account.name} {one.resource}": one.rows for account in accounts for one in account.lists}
    unknown = {name: sorted(found) for name, found in sorted(rewriter.unknown.items())}
    return Recorded(first.run_id, counts, pseudonyms.count, kept, unknown)


def _refuse_existing(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists and is not overwritten; name another file with --out.")


def _find_sources(landing: Path, run_id: str | None, account: str | None) -> list[_Source]:
    if run_id is None:
        finished = [path.parents[0].name for path in landing.glob(f"*/*/{manifests.FILE_NAME}")]
        run_id = max(finished, default="")
    folders = sorted(path.parent for path in landing.glob(f"*/*/{openings.FILE_NAME}") if path.parent.name == run_id)
    if not folders:
        known = sorted({path.parent.name for path in landing.glob(f"*/*/{openings.FILE_NAME}")})[-5:]
        msg = f"No run {run_id or 'that ended'} is in {landing}; it has: {', '.join(known) or 'none'}."
        raise UsageError(msg)
    refuse_pruned(landing, run_id)
    names = [folder.parent.name for folder in folders]
    if account is not None and account not in names:
        raise UsageError(f"Run {run_id} has no account {account!r}; it has: {', '.join(names)}.")
    sources: list[_Source] = []
    for folder in folders:
        if account in {None, folder.parent.name}:
            place = folder / manifests.FILE_NAME
            manifest = manifests.read_manifest(place) if place.exists() else None
            opening = openings.read_opening(folder / openings.FILE_NAME)
            sources.append(_Source(f"account-{len(sources) + 1}", folder.parent, opening, manifest))
    return sources


def _draw_pseudonyms(survey: Survey, issuers: set[str]) -> tuple[Pseudonyms, Rewriter]:
    """With a key under which no name of a CA comes to look like one that the rules know, or another one of these.

    Where names are many and short no key is so: then the last of some, which judges a few of them otherwise.
    """
    for _ in range(_KEYS):
        pseudonyms = Pseudonyms(secrets.token_bytes(32), survey.originals)
        rewriter = Rewriter(pseudonyms, issuers)
        if all(_matches(rewriter.text(name, "")) == _matches(name) for name in sorted(issuers)):
            break
    rewriter.kept.clear()
    return pseudonyms, rewriter


def _matches(name: str) -> list[bool]:
    return [pattern.fullmatch(name) is not None for pattern in words.issuer_patterns()]


def _tell_kept(rewriter: Rewriter) -> str:
    told = "".join(f"\n{name}: {', '.join(sorted(found))}\n" for name, found in sorted(rewriter.kept.items()))
    return _HEAD + told + (f"\n{_NAMES_HEAD}{', '.join(sorted(rewriter.names))}\n" if rewriter.names else "")


def _write_account(case: zipfile.ZipFile, source: _Source, rewriter: Rewriter) -> RecordedAccount:
    lists = []
    for extract in source.extracts:
        pages: list[ListPage] = []
        rows = 0
        info = zipfile.ZipInfo(member(source.name, extract.resource))
        info.compress_type = zipfile.ZIP_DEFLATED
        with case.open(info, "w", force_zip64=True) as file:
            for line, items in source.pages(extract.resource):
                file.write(b"".join(rewriter.item(item) + b"\n" for item in items))
                rows += len(items)
                pages.append(_show_page(line, len(items)))
        lists.append(_show_list(extract, source.folder.name, pages, rows))
    sees = source.manifest.key_sees if source.manifest else manifests.KeySees()
    return RecordedAccount(
        name=source.name,
        status=source.manifest.status if source.manifest else None,
        required=source.opening.required,
        business_units_seen=len(sees.business_units),
        accounts_seen=len(sees.accounts),
        lists=tuple(lists),
    )


def _show_page(line: JournalLine, received: int) -> ListPage:
    return ListPage(
        line.offset, line.end, received, line.total, line.is_repair, line.is_last, line.is_hostile, line.window
    )


def _show_list(extract: manifests.Extract, account: str, pages: list[ListPage], rows: int) -> RecordedList:
    reason = extract.reason and words.of_reason(extract.reason, account)
    in_order = sorted((page for page in pages if not page.is_repair and page.end), key=lambda page: page.window or "")
    grouped = [list(group) for _, group in groupby(in_order, key=lambda page: page.window)]
    sizes = [page.end - page.offset for group in grouped if len(group) > 1 for page in group]
    return RecordedList(
        resource=extract.resource,
        status=extract.status,
        reason=reason,
        http_status=int(reason[-3:]) if reason and reason.startswith("answered 4") else None,
        api_total_start=extract.api_total_start,
        api_total_end=extract.api_total_end,
        rows=rows,
        rows_received=extract.rows_received,
        rows_distinct=extract.rows_distinct,
        requests=extract.requests,
        retries=extract.retries,
        page_size=max(sizes, default=None),
        is_array=bool(pages) and all(page.total is None for page in pages),
        pages=tuple(pages),
    )


class _Search(Survey):
    """Looks for words that must not be there, all that were replaced but those of `kept`; the last is `found`."""

    def __init__(self, pseudonyms: Pseudonyms, kept: str) -> None:
        super().__init__()
        self._pseudonyms = pseudonyms
        self._kept = frozenset(re.findall(r"[^\W_]+", kept.lower()))
        self.found: str | None = None

    def word(self, word: str) -> str:
        lower = lower_case(word).lstrip("0")
        is_long = len(lower) >= (_SHORT_NUMBER if lower.isdecimal() else _SHORT)
        if is_long and lower not in self._kept and self._pseudonyms.has_replaced(lower):
            self.found = word
        return word

    def address(self, address: Address) -> Address:
        if self._pseudonyms.has_replaced(address):
            self.found = str(address)
        return address


def _verify(file: Path, pseudonyms: Pseudonyms, kept: str) -> None:
    """OutputFailed when anything in the zip has a word that was replaced and is not `kept`, or ours."""
    ours = {CASE: _HEAD_OF_CASE, KEPT: _HEAD + _NAMES_HEAD}
    with zipfile.ZipFile(file) as case:
        for name in case.namelist():
            search = _Search(pseudonyms, f"{kept} {ours.get(name, '')}")
            reader = Rewriter(search)
            with case.open(name) as lines:
                for number, line in enumerate(lines, 1):
                    reader.plain(words.TIME.sub("", line.decode("utf-8", "surrogateescape")))
                    if search.found is not None:
                        msg = (
                            f"Line {number} of {name} would have {search.found!r} in clear, so no case was written;"
                            " report this, without that word, as a bug of `tlm sandbox record`."
                        )
                        raise OutputFailed(msg)
