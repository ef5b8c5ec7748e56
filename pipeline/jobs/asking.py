"""Questions to the published database; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipeline.config import Settings
from pipeline.jobs.outcome import Clock, Outcome, existing, published, utc_now


def query(settings: Settings, sql: str, *, form: str, out: Path | None) -> Outcome:
    """Run one read-only statement on the published database; rows go to stdout or to `out`."""
    from pipeline.export.query import run_query  # noqa: PLC0415

    run_query(existing(settings), sql, form=form, out=out)
    return Outcome()


def show_rules(settings: Settings, on: date | None, *, form: str, out: Path | None) -> Outcome:
    """The dated rules of the published database; `on`: those that hold on that day."""
    from pipeline.export import rules  # noqa: PLC0415

    rules.show_rules(published(settings), on, form=form, out=out)
    return Outcome()


def audit_trail(settings: Settings, endpoint: str, *, form: str, live: bool, clock: Clock = utc_now) -> Outcome:
    """Print every event of one endpoint; `live` asks the API by the identifiers that the published file knows."""
    import asyncio  # noqa: PLC0415 -- 20 ms that no other question needs

    from pipeline.export.trail import find_endpoint, print_events, print_trail  # noqa: PLC0415
    from pipeline.extract.run import choose_accounts  # noqa: PLC0415
    from pipeline.extract.trail import read_trail  # noqa: PLC0415

    found = find_endpoint(published(settings), endpoint)
    if live:
        (account,) = choose_accounts(settings, (found.account,))
        print_events(settings.database, asyncio.run(read_trail(settings, account, found.resource_ids, clock)), form)
    else:
        print_trail(settings.database, found, form)
    return Outcome()


def dictionary(settings: Settings, out: Path | None) -> Outcome:
    """Write the data dictionary of the published database; prints its file."""
    from pipeline.report.write_dictionary import write_dictionary  # noqa: PLC0415
    from pipeline.warehouse.duck import open_read_only  # noqa: PLC0415

    with open_read_only(published(settings)) as warehouse:
        return Outcome((str(write_dictionary(warehouse, settings, out)),))


def diff(
    settings: Settings, runs: tuple[str, str], of: Mapping[str, str | None], *, form: str, out: Path | None
) -> Outcome:
    """What changed at each endpoint from one published run to a later one; rows go to stdout or to `out`.

    `of`: account and business_unit of the endpoints, where they are not all.
    """
    from pipeline.export.diff import Asked, show_diff  # noqa: PLC0415

    show_diff(published(settings), Asked(*runs, of["account"], of["business_unit"]), form=form, out=out)
    return Outcome()


def explain(settings: Settings, metric: str, of: Mapping[str, str | None], *, form: str, out: Path | None) -> Outcome:
    """What a metric says, its number, SQL, rule and first rows; in another form than table all rows behind it.

    `of`: member, account, business_unit and run_id of the number, where they are not all and the newest.
    """
    from pipeline.export.explain import Asked, show_explanation  # noqa: PLC0415

    return Outcome(show_explanation(published(settings), Asked(metric, **of), form=form, out=out))
