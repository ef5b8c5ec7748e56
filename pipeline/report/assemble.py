"""A whole report from the published warehouse: the sections in order, the states, and the lists in full."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC
from urllib.parse import urlsplit

from pipeline.config import Settings
from pipeline.report import words
from pipeline.report.about import about_section
from pipeline.report.changes import changes_section
from pipeline.report.contents import CsvFile, Embedded, Report, State
from pipeline.report.cover import read_cover
from pipeline.report.coverage import coverage_section
from pipeline.report.expiry import expiry_section
from pipeline.report.fonts import undrawn_scripts
from pipeline.report.noted import attach_drift, resource_words
from pipeline.report.own_metrics import attach_own_metrics
from pipeline.report.source import Record, Source
from pipeline.report.unsecured import unsecured_section
from pipeline.tabular import people_csv
from pipeline.warehouse.duck import Warehouse

EMBEDDED_BYTES = 5_000_000


def read_report(warehouse: Warehouse, settings: Settings) -> Report:
    """The contents of the newest run's report; the same file and settings give an equal report."""
    source = Source(warehouse)
    sections = (changes_section(source), coverage_section(source), expiry_section(source), unsecured_section(source))
    configured = [account.name for account in settings.accounts]
    cover = read_cover(source, configured)  # after the sections: what to do first points at their lists
    states = read_states(source, configured)
    attach_drift(source)
    attach_own_metrics(source)
    files = embed(source.files)
    undrawn = undrawn_scripts("".join(_texts((cover, sections))))
    date_words, time_words = words.instant(source.as_of_at, source.zone)
    organisation = words.clean(settings.report.organisation)
    week_title = f"Week {source.iso_week}, {source.iso_year}"
    return Report(
        organisation=organisation,
        classification=words.clean(settings.report.classification),
        week=f"{source.iso_year}-W{source.iso_week:02d}",
        week_title=week_title,
        title=", ".join(
            part
            for part in (f"Certificate compliance, week {source.iso_week} of {source.iso_year}", organisation)
            if part
        ),
        as_of=source.as_of_at.replace(tzinfo=UTC),
        as_of_words=f"{date_words} {time_words}",
        states=states,
        watermark=", ".join(state.word.lower() for state in states),
        cover=cover,
        sections=(*sections, about_section(source, files, undrawn)),
        files=files,
        run_ids=tuple(sorted({words.clean(account["run_id"]) for account in source.accounts} | {source.run_id})),
    )


def read_states(source: Source, configured: Sequence[str]) -> tuple[State, ...]:
    """What changes the trust in this report, gravest first: incomplete, shrunk, made later, other rules, and so on.

    `configured` are the accounts of tlm.toml: another one that is stale will stay so, and one that is not here is told.
    """
    states = _states_of_accounts(source)
    states += _states_of_absence(source, source.absent(configured))
    if source.as_of_on is not None:
        sentence = (
            f"Made later, as of {source.as_of_on}: the newest run of that day, under the rules, the policy and the"
            " waivers of the day it was made on. It is no record."
        )
        states.append(State("Made later", sentence, "tlm report weekly"))
    if source.rules_on is not None:
        sentence = (
            f"Everything is judged by the rules of {source.rules_on}, not by those of its own day. It is no record."
        )
        states.append(State("Other rules", sentence, "tlm report weekly"))
    states += _states_of_age(source, configured)
    states += _states_of_lists(source)
    if not source.now("inventory.endpoints").numerator:
        names = words.joined([words.clean(account["account"]) for account in source.accounts])
        sentence = f"No list of {names} holds an endpoint, as served to the key. The report is complete and says so."
        states.append(State("No data", sentence, 'tlm query "from meta.extracts"'))
    loopback = [words.clean(a["account"]) for a in source.accounts if urlsplit(a["base_url"] or "").scheme == "http"]
    if loopback:
        were = "was" if len(loopback) == 1 else "were"
        where = f"{words.joined(loopback)} {were} read from a server on this machine."
        sentence = f"{where} No number here describes a real endpoint."
        states.append(State("Sandbox data", sentence))
    return tuple(states)


def _states_of_accounts(source: Source) -> list[State]:
    """Accounts that were published although they were not read to their end, or have far fewer endpoints than usual."""
    states = []
    for account in source.accounts:
        name = words.clean(account["account"])
        if account["is_complete"] is False:
            reason = words.short_reason(account["reason"] or "no reason given")
            sentence = (
                f"Account {name}: {reason}. Counts may be too low, shares may be wrong either way; compare them with "
                "no other week."
            )
            states.append(State("Incomplete", sentence, f"tlm extract --account {name}"))
        elif account["is_shrink_accepted"]:
            sentence = f"Account {name}: {words.clean(account['reason'] or '')}. The list was read to its end."
            states.append(State("Shrink accepted", sentence, 'tlm query "from mart.shrinkage"'))
    return states


def _states_of_absence(source: Source, names: Sequence[str]) -> list[State]:
    """Accounts of tlm.toml of which there is nothing: those of two are named."""
    if not names:
        return []
    shown = [words.clean(name) for name in names[:2]]
    more = len(names) - len(shown)
    who = words.joined([*shown, f"{words.number(more)} more"] if more else shown)
    subject, of = (f"Account {who}", "it") if len(names) == 1 else (f"Accounts {who}", "them")
    if source.as_of_on is not None:
        return [State("Account missing", f"{subject} had no complete run by then: nothing of {of} is in any number.")]
    has = "has" if len(names) == 1 else "have"
    sentence = f"{subject} {has} no complete run yet: nothing of {of} is in any number."
    return [State("Account missing", sentence, f"tlm extract --account {shown[0]}")]


def _states_of_age(source: Source, configured: Collection[str]) -> list[State]:
    """Accounts whose rows are older than the run: those of two are told."""
    stale = [account for account in source.accounts if account["is_stale"]]
    if not stale:
        return []
    told = []
    for account in stale[:2]:
        at = " ".join(words.instant(account["as_of_at"], source.zone))
        days = (source.as_of_at - account["as_of_at"]).days
        name = words.clean(account["account"])
        told.append(f"Account {name} was last complete on {at}, {words.count(days, 'day')} before the rest.")
    if len(stale) > len(told):
        told.append(f"So {'is' if len(stale) == 3 else 'are'} {words.count(len(stale) - 2, 'other')}.")
    told.append(f"{'Its' if len(stale) == 1 else 'Their'} rows count with the others, aged from this report’s instant.")
    names = [account["account"] for account in stale]
    gone = [words.clean(name) for name in names if name not in configured]
    if gone:
        it_is = f"{words.joined(gone)} {'is' if len(gone) == 1 else 'are'}"
        told.append(
            f"{it_is} not in tlm.toml any more: put it back, or move its folder out of the landing zone and build anew."
        )
    asked = [words.clean(name) for name in names if name in configured]
    step = f"tlm extract --account {asked[0]}" if asked else "tlm rebuild --accept-shrink"
    return [State("Stale account", " ".join(told), step)]


def _states_of_lists(source: Source) -> list[State]:
    """Lists that were not read: those of two where the rows of an earlier run stand in, and of two where none do."""
    return [*_old_lists(source.rows_of_earlier_runs, source), *_missing_lists(source.unread_lists)]


def _old_lists(lists: Sequence[Record], source: Source) -> list[State]:
    if not lists:
        return []
    told = []
    for one in lists[:2]:
        at = " ".join(words.instant(one["rows_as_of_at"], source.zone))
        days = (source.as_of_at - one["rows_as_of_at"]).days
        told.append(f"{_unread(one)}; its rows of {at}, {words.count(days, 'day')} before, stand in.")
    if len(lists) > len(told):
        told.append(f"So it is with {words.count(len(lists) - 2, 'other')}.")
    sentence = f"{' '.join(told)} What changed in it since is not here."
    return [State("Stale list", sentence, _step_to_read(lists))]


def _missing_lists(lists: Sequence[Record]) -> list[State]:
    if not lists:
        return []
    told = [f"{_unread(one)}, and no earlier run has it." for one in lists[:2]]
    if len(lists) > len(told):
        told.append(f"So it is with {words.count(len(lists) - 2, 'other')}.")
    sentence = f"{' '.join(told)} What {'it says' if len(lists) == 1 else 'they say'} counts as not there."
    return [State("List not read", sentence, _step_to_read(lists))]


def _unread(one: Record) -> str:
    why = "refused" if one["requests"] else "not asked for"
    return f"The list {resource_words(one['resource'])} of account {words.clean(one['account'])} was {why}"


def _step_to_read(lists: Sequence[Record]) -> str:
    """A list that was left out of a run is read by the next whole one; one that was refused is not."""
    return "tlm doctor" if any(one["requests"] for one in lists) else "tlm extract"


def embed(files: list[CsvFile]) -> tuple[Embedded, ...]:
    """The lists as CSV for people, in the order of the report; those beyond 5 MB in all are named and not embedded."""
    left = EMBEDDED_BYTES
    done = []
    for file in files:
        data = people_csv(file.columns, file.rows)
        fits = len(data) <= left
        left -= len(data) if fits else 0
        digest = hashlib.sha256(data).hexdigest()
        done.append(Embedded(file.name, file.title, len(file.rows), data if fits else b"", digest, fits))
    return tuple(done)


def _texts(value: object) -> Iterator[str]:
    """Every text in a contents value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            if field.name != "sql":
                yield from _texts(getattr(value, field.name))
