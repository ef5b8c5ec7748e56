"""Each job of the command line: a dozen lines of stages in order. It returns what to print and the exit code."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from pipeline import places
from pipeline.config import Settings
from pipeline.errors import AccessDenied, ContractContradicted, RunIncomplete, TlmError, UsageError
from pipeline.exits import Exit, code_for
from pipeline.policy import read_policy
from pipeline.progress import page_bars
from pipeline.runs.lock import hold_lock
from pipeline.runs.manifest import Manifest

logger = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of every job that is not given another."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Lines for stdout; where the job went on after an error, its sentence and the code for the shell."""

    lines: tuple[str, ...] = ()
    exit_code: Exit = Exit.DONE
    complaint: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What an extraction reads; None means all. `resume`: nothing new, but what is missing in this run.

    `since`: the day in the configured zone from which on the audit log is read, where that is earlier than usual.
    """

    resources: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    resume: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What `tlm report weekly` makes; `reissue` is the reason of a second issue, `rules_on` the day of other rules."""

    formats: tuple[str, ...] = ("html", "pdf")
    reissue: str | None = None
    rules_on: date | None = None


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What `tlm export` writes; `where` replaces the default selection, `out` the default place."""

    action: str = "all"
    where: str | None = None
    out: Path | None = None
    audiences: tuple[str, ...] = ("job",)


@dataclass(frozen=True, slots=True)
class ContractRequest:
    """What `tlm contract check` compares: a file, or the instances of `accounts` (None: all)."""

    file: Path | None = None
    accounts: tuple[str, ...] | None = None
    as_json: bool = False


def init(folder: Path) -> Outcome:
    """Write the commented configuration files that are not there yet."""
    from pipeline.init_files import write_initial_files  # noqa: PLC0415 -- each job imports its own stages only

    return Outcome(tuple(f"{path}  {what}" for path, what in write_initial_files(folder)))


def contract_show(settings: Settings | None, *, as_json: bool) -> Outcome:
    """The contract with its evidence; without settings, as shipped."""
    from pipeline.extract.contract import show_contract  # noqa: PLC0415

    return Outcome(show_contract(settings, as_json=as_json))


def contract_check(settings: Settings | None, request: ContractRequest, *, clock: Clock = utc_now) -> Outcome:
    """The contract against a file, or against each account's own document: every account is tried, the worst counts."""
    from pipeline.extract.contract import Check, check_account, check_file, show_checks  # noqa: PLC0415

    checks: list[Check] = []
    errors: list[TlmError] = []
    if request.file is not None:
        checks.append(check_file(settings, request.file))
    elif settings is not None:
        from pipeline.extract.run import choose_accounts  # noqa: PLC0415

        for account in choose_accounts(settings, request.accounts):
            try:
                checks.append(asyncio.run(check_account(settings, account, clock)))
            except TlmError as error:
                errors.append(error)
    lines = show_checks(settings, checks, as_json=request.as_json) if checks else ()
    if errors:
        # Access before service before document: the first is what an administrator has to mend before anything else.
        code = min(map(code_for, errors), key=(Exit.OUTPUT, Exit.ACCESS, Exit.INCOMPLETE, Exit.USAGE).index)
        return Outcome(lines, code, " ".join(map(str, errors)))
    return Outcome(lines, Exit.THRESHOLD_CROSSED if any(one.is_contradicted for one in checks) else Exit.DONE)


def extract(settings: Settings, selection: Selection, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Every resource of every account into the landing zone; prints the run id."""
    with hold_lock(settings.data):
        return Outcome((_extract(settings, selection, clock, show_progress=show_progress),))


def build(
    settings: Settings,
    run_id: str | None = None,
    *,
    accept_incomplete: str | None = None,
    clock: Clock = utc_now,
) -> Outcome:
    """Load the complete runs that are newer than the published ones, run models and checks, publish.

    `run_id`: this run alone; `accept_incomplete`: the reason to publish its incomplete accounts all the same.
    """
    if accept_incomplete is not None and run_id is None:
        raise UsageError("--accept-incomplete is for one run: name it with --run RUN.")
    if accept_incomplete is not None and not accept_incomplete.strip():
        raise UsageError("--accept-incomplete needs a reason: it is printed on the report's cover.")
    with hold_lock(settings.data):
        return _build(settings, clock, run_id, accept_incomplete)


def report_weekly(settings: Settings, request: ReportRequest) -> Outcome:
    """The weekly report of the published database; an existing one is kept unless a reissue is asked for."""
    from pipeline.report.write import write_weekly  # noqa: PLC0415
    from pipeline.warehouse.duck import open_read_only  # noqa: PLC0415

    database = published(settings)
    judged = nullcontext(database) if request.rules_on is None else _judged_on(database, request.rules_on)
    with judged as file, open_read_only(file) as warehouse:
        files = write_weekly(warehouse, settings, formats=request.formats, reissue_reason=request.reissue)
    if not files.is_new:
        logger.warning("Week %s has its report already; --reissue REASON makes a second issue of it.", files.week)
    return Outcome(tuple(str(path) for path in files.paths))


def export(settings: Settings, request: ExportRequest) -> Outcome:
    """The CSV of one action, or of each that has a default selection."""
    from pipeline.export.files import export_actions  # noqa: PLC0415

    files = export_actions(settings, request.action, where=request.where, out=request.out, audiences=request.audiences)
    return Outcome(tuple(f"{file.path}  {file.rows} {'row' if file.rows == 1 else 'rows'}" for file in files))


def query(settings: Settings, sql: str, *, form: str, out: Path | None) -> Outcome:
    """Run one read-only statement on the published database; rows go to stdout or to `out`."""
    from pipeline.export.query import run_query  # noqa: PLC0415

    run_query(published(settings), sql, form=form, out=out)
    return Outcome()


def show_rules(settings: Settings, on: date | None, *, form: str, out: Path | None) -> Outcome:
    """The dated rules of the published database; `on`: those that hold on that day."""
    from pipeline.export import rules  # noqa: PLC0415

    rules.show_rules(published(settings), on, form=form, out=out)
    return Outcome()


def audit_trail(settings: Settings, endpoint: str, *, form: str, live: bool, clock: Clock = utc_now) -> Outcome:
    """Print every event of one endpoint; `live` asks the API by the identifiers that the published file knows."""
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


def run_daily(settings: Settings, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Extract and build; accounts that are not complete keep their last complete snapshot and make the code 3 or 4."""
    code, complaint = Exit.DONE, None
    with hold_lock(settings.data):
        try:
            _extract(settings, Selection(), clock, show_progress=show_progress)
        except (AccessDenied, ContractContradicted, RunIncomplete) as error:
            code, complaint = code_for(error), str(error)
        built = _build(settings, clock)
    return Outcome(built.lines, code, complaint)


def run_weekly(settings: Settings, *, clock: Clock = utc_now, show_progress: bool = True) -> Outcome:
    """Extract, build, report, exports; the report is made also when an account is stale, and says so."""
    daily = run_daily(settings, clock=clock, show_progress=show_progress)
    if not settings.database.exists():
        return daily
    reported = report_weekly(settings, ReportRequest())
    exported = export(settings, ExportRequest(audiences=("job", "people")))
    return Outcome(daily.lines + reported.lines + exported.lines, daily.exit_code, daily.complaint)


@dataclass(frozen=True, slots=True)
class Estate:
    """What `sandbox serve` serves: a size, a seed, and the names of its faults."""

    endpoints: int
    seed: int
    faults: tuple[str, ...] = ()


def serve_sandbox(port: int, estate: Estate, announce: Callable[[str], None]) -> Outcome:
    """The sandbox on a loopback port until Ctrl-C; `announce` says where it is, with which keys and faults."""
    from pipeline.sandbox.faults import read_faults  # noqa: PLC0415
    from pipeline.sandbox.plan import Plan  # noqa: PLC0415
    from pipeline.sandbox.serve import Opening, serve  # noqa: PLC0415

    try:
        faults = read_faults(estate.faults)
    except ValueError as error:
        msg = f"{error} `tlm sandbox serve --help` says what each does."
        raise UsageError(msg) from None

    def opened(opening: Opening) -> None:
        announce(f"The sandbox is at {opening.base_url}; stop it with Ctrl-C.")
        for account, key in opening.keys.items():
            announce(f"  account {account}  x-api-key: {key}")
        for fault in faults:
            announce(f"  fault {fault.name}: {fault.kind.sentence}")

    try:
        serve(Plan(endpoints=estate.endpoints, seed=estate.seed, faults=faults), port, opened)
    except OSError as error:
        msg = f"Port {port} on loopback cannot be used ({error.strerror}); choose another with --port."
        raise UsageError(msg) from None
    return Outcome()


def list_faults() -> Iterator[tuple[str, str]]:
    """The sandbox's faults, each with its sentence; many of those that end by themselves also go on for ever."""
    from pipeline.sandbox.faults import FAULTS  # noqa: PLC0415

    for name, kind in FAULTS.items():
        if not name.endswith("-forever"):
            yield f"{name}[-forever]" if f"{name}-forever" in FAULTS else name, kind.sentence


def _rows(manifest: Manifest) -> int:
    """How many items the run of an account has landed."""
    return sum(extract.rows_received for extract in manifest.extracts)


def published(settings: Settings) -> Path:
    """The published database; a UsageError where there is none yet."""
    if not settings.database.exists():
        msg = f"There is no database at {settings.database} yet; run `tlm extract` and `tlm build` first."
        raise UsageError(msg)
    return settings.database


@contextmanager
def _judged_on(database: Path, day: date) -> Iterator[Path]:
    """A copy of the published database in which the dated rules of `day` judge; it is gone after the block."""
    from pipeline.load.meta import create_meta  # noqa: PLC0415
    from pipeline.load.parameters import judge_on  # noqa: PLC0415
    from pipeline.load.published import forget_metrics  # noqa: PLC0415
    from pipeline.transform.run import build_models  # noqa: PLC0415
    from pipeline.warehouse.publish import discard, open_build, publish  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="tlm-rules-") as folder:
        copy = Path(folder) / database.name
        shutil.copyfile(database, copy)
        build_file = open_build(copy)
        try:
            create_meta(build_file.warehouse)
            run_id = judge_on(build_file.warehouse, day)
            forget_metrics(build_file.warehouse, run_id)
            build_models(build_file.warehouse, places.content("sql"), everything=True, as_run=run_id)
            publish(build_file, mode=0o600)
        except BaseException:
            discard(build_file)
            raise
        yield copy


def _extract(settings: Settings, selection: Selection, clock: Clock, *, show_progress: bool) -> str:
    from pipeline.extract.resources import Wanted  # noqa: PLC0415
    from pipeline.extract.run import extract_run, resume_run  # noqa: PLC0415

    with page_bars(enabled=show_progress) as on_page:
        if selection.resume is not None:
            reading = resume_run(settings, selection.resume, clock=clock, on_page=on_page)
        else:
            day = selection.since
            since = None if day is None else datetime.combine(day, time(), settings.zone).astimezone(UTC)
            wanted = Wanted(selection.resources, selection.accounts, since)
            reading = extract_run(settings, wanted, clock=clock, on_page=on_page)
        try:
            return asyncio.run(reading).run_id
        except KeyboardInterrupt:
            started = max((path.parent.name for path in (settings.data / "landing").glob("*/*/run.json")), default="")
            logger.warning("Run %s is kept as far as it came; `tlm extract --resume %s` goes on.", started, started)
            raise


def _build(
    settings: Settings, clock: Clock, run_id: str | None = None, accept_incomplete: str | None = None
) -> Outcome:
    from pipeline.load.choose import Wish, choose_runs  # noqa: PLC0415
    from pipeline.load.meta import create_meta  # noqa: PLC0415
    from pipeline.load.parameters import set_lists, set_policy, set_run  # noqa: PLC0415
    from pipeline.load.published import accept_run, forget_metrics, mark_published, published_accounts  # noqa: PLC0415
    from pipeline.load.raw import load_run, record_run  # noqa: PLC0415
    from pipeline.runs.manifest import find_runs, is_complete  # noqa: PLC0415
    from pipeline.transform.run import build_models  # noqa: PLC0415
    from pipeline.warehouse.publish import discard, open_build, publish  # noqa: PLC0415

    policy = read_policy(Path(settings.folder))
    landing = settings.data / "landing"
    wish = Wish(run_id, accept_incomplete)
    runs = choose_runs(find_runs(landing), published_accounts(settings.database), wish)
    if not runs:
        has = "has every complete run" if settings.database.exists() else "waits for a first complete run"
        return Outcome((f"Nothing new to build: {settings.database} {has}.",))
    build_file = open_build(settings.database)
    warehouse = build_file.warehouse
    try:
        warehouse.limit_memory(max(sum(_rows(one) for one in manifests) for _, manifests in runs))
        create_meta(warehouse)
        set_policy(warehouse, policy)
        set_lists(warehouse, Path(settings.folder))
        for number, (run, manifests) in enumerate(runs, 1):
            forget_metrics(warehouse, run)
            for manifest in manifests:
                (load_run if wish.takes(manifest) else record_run)(warehouse, landing, manifest)
                if wish.takes(manifest) and not is_complete(manifest):
                    accept_run(warehouse, run, manifest.account, accept_incomplete or "")
            set_run(warehouse, run, manifests[0].as_of_at, settings.zone)
            build_models(warehouse, places.content("sql"), everything=number == len(runs), as_run=run)
            logger.info("Run %s is built (%d of %d).", run, number, len(runs))
        mark_published(warehouse, clock())
        publish(build_file, mode=int(settings.publish.mode, 8), group=settings.publish.group)
    except BaseException:
        discard(build_file)
        raise
    return Outcome((str(settings.database),))
