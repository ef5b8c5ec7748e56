"""Section 11: is it all there, what was checked, what is counted, under which policy."""

from __future__ import annotations

from typing import Any

from pipeline.config import RESOURCES
from pipeline.report import words
from pipeline.report.contents import Block, Caption, Cell, Column, Embedded, Lede, Row, Section, State, Table
from pipeline.report.noted import drift_rows, noted_checks, noted_drift, resource_words
from pipeline.report.own_metrics import own_metrics_block
from pipeline.report.source import LIST_ROWS, Source

_ORDER = {name: place for place, name in enumerate(RESOURCES)}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NAMES = 3
_STATES: dict[str, Any] = {"complete": "met", "incomplete": "missed", "skipped": "none"}
_FORMULAS = (
    ("coverage.protection", "Protection", "with a certificate", "with, without, unspecified"),
    ("coverage.automation", "Automation", "managed, with a certificate", "endpoints with a certificate"),
    ("coverage.adoption", "Adoption", "managed endpoints", "managed and available"),
    ("expiry.expired", "Expired", "the end has passed", "endpoints with a certificate"),
    ("expiry.manual_30d", "Unmanaged, 30 days", "those not managed", "0 to 30 days left"),
    ("deployment.revoked_installed", "Revoked, installed", "status is revoked", "endpoints with a certificate"),
    (
        "deployment.renewed_not_deployed",
        "Renewed, not deployed",
        "a newer one is unused",
        "endpoints with a certificate",
    ),
    ("unsecured.none", "No certificate", "the API says none", "all endpoints"),
    ("unsecured.discovery_error", "Discovery error", "the scan failed", "all endpoints"),
    ("unsecured.unspecified", "Unspecified", "unsecured, no reason given", "all endpoints"),
    ("inventory.fresh_7d", "Fresh", "discovered in 7 days", "endpoints that say when"),
)


def about_section(source: Source, files: tuple[Embedded, ...], undrawn: tuple[str, ...]) -> Section:
    """Section 11; `files` are the lists in full, `undrawn` the scripts that a font of the machine draws."""
    extracts = sorted(
        source.rows("completeness"), key=lambda r: (r["account"], _ORDER.get(r["resource"], len(_ORDER)), r["resource"])
    )
    failed = sorted(
        (check for check in source.rows("checks") if check["status"] != "passed"),
        key=lambda check: (check["severity"], check["check_name"]),
    )
    drift = drift_rows(source)
    blocks = [_completeness(source, extracts), _freshness(source, failed, drift)]
    blocks += [noted_checks(source, failed)] if failed else []
    blocks += [noted_drift(source, drift)] if drift else []
    blocks.append(_formulas(source))
    own = own_metrics_block(source)
    if own is not None:
        blocks.append(own)
    blocks.append(_policy(source))
    unknown = source.rows("unknown_statuses")
    if unknown:
        blocks.append(_unknown_statuses(source, unknown))
    blocks.append(_hashes(source))
    if files:
        blocks.append(_lists(files))
    if undrawn:
        sentence = (
            f"Names in this report use {words.joined(undrawn)} characters. The packaged font has none of them: a font "
            "of the machine that made the report draws them, so another machine may draw them otherwise."
        )
        blocks.append(Block("Characters", "", State("Drawn with a system font", sentence, is_quiet=True)))
    return Section(11, "data", "About the data", "About the data", _lede(source, extracts), tuple(blocks))


def _lede(source: Source, extracts: list[dict[str, Any]]) -> Lede:
    complete = sum(1 for r in extracts if r["status"] == "complete")
    broken = [r for r in extracts if r["status"] == "incomplete"]
    skipped = [r for r in extracts if r["status"] == "skipped"]
    total = words.count(len(extracts), "resource")
    stale = [a for a in source.accounts if a["is_stale"]]
    if broken:
        names = words.joined(sorted({words.clean(r["account"]) for r in broken}))
        before = f"{words.number(complete)} of {total} were read to their end. "
        return Lede(
            before,
            f"{words.count(len(broken), 'resource')} of {names} {'is' if len(broken) == 1 else 'are'} incomplete,",
            " so counts may be too low and shares wrong either way.",
        )
    before = f"{words.number(complete)} of {total} were read to the end{_against_announced(extracts)}. "
    if stale:
        names = words.joined([words.clean(a["account"]) for a in stale])
        return Lede(before, f"The rows of {names} are of an older run;", " they count with the rest.")
    if skipped:
        what = words.joined([f"{words.clean(r['account'])}'s {resource_words(r['resource'])}" for r in skipped[:2]])
        if len(skipped) > 2:  # the lede has room for two names
            what = f"{words.number(len(skipped))} optional resources"
        has_all = len(source.rows_of_earlier_runs) == len(skipped)
        rest = " rows of an earlier run stand in." if has_all else " the table below says why."
        return Lede(before, f"{what[0].upper()}{what[1:]} {'was' if len(skipped) == 1 else 'were'} not read;", rest)
    return Lede(before, "Nothing was skipped.")


def _against_announced(extracts: list[dict[str, Any]]) -> str:
    """How many complete resources have the rows that the API announced; a bare list announces no number."""
    read = [r for r in extracts if r["status"] == "complete"]
    silent = sum(1 for r in read if r["api_total_end"] is None)
    same = sum(1 for r in read if r["api_total_end"] is not None and r["rows_distinct"] == r["api_total_end"])
    other = len(read) - silent - same
    told = [f"{words.number(same)} with as many rows as announced"] if same else []
    told += [f"{words.number(other)} with another number"] if other else []
    told += [f"{words.number(silent)} {'announces' if silent == 1 else 'announce'} no number"] if silent else []
    return f": {', '.join(told)}" if told else ""


def _completeness(source: Source, extracts: list[dict[str, Any]]) -> Block:
    query = source.query("11.1", "completeness")
    if not extracts:
        return Block("Completeness", "", State("No data", "No run has recorded what it read.", is_quiet=True), query)
    complete = sum(1 for r in extracts if r["status"] == "complete")
    rows = []
    for account in source.accounts:
        own = [r for r in extracts if r["account"] == account["account"]]
        read_to = words.instant(account["finished_at"] or account["as_of_at"], source.zone)
        rows.append(
            Row(
                (
                    Cell(
                        f"{words.clean(account['account'])}, run {words.clean(account['run_id'])}, "
                        f"read to {' '.join(read_to)}"
                    ),
                ),
                "group",
            )
        )
        for r in own:
            announced = r["api_total_end"]
            rows.append(
                Row(
                    (
                        Cell(resource_words(r["resource"])),
                        Cell(words.number(announced)) if announced is not None else Cell("–", "soft"),
                        Cell(words.number(r["rows_received"])),
                        Cell(words.number(r["rows_distinct"])),
                        Cell(
                            r["status"],
                            kind=_STATES.get(r["status"], "none"),
                            extra=_why(source, r),
                        ),
                    )
                )
            )
    count = f"{words.number(complete)} of {words.count(len(extracts), 'resource')} complete"
    table = Table(
        Caption(count),
        (
            Column("Resource", 30),
            Column("Announced", 13, right=True),
            Column("Received", 13, right=True),
            Column("Distinct", 13, right=True),
            Column("State", 31),
        ),
        tuple(rows),
    )
    asked = {r["resource"] for r in extracts}
    left_out = words.joined([resource_words(name) for name in RESOURCES if name not in asked])
    left_out = f" Not asked for, by extract.resources in tlm.toml: {left_out}." if left_out else ""
    requests = words.number(sum(r["requests"] or 0 for r in extracts))
    retries = words.number(sum(r["retries"] or 0 for r in extracts))
    note = (
        "Announced: the API’s own total at the end of the run, where the call gives one. Distinct: received without "
        f"overlap of pages. {requests} requests, {retries} of them retried. Complete means as served to the key."
        f"{left_out}"
    )
    return Block("Completeness", note, table, query)


def _why(source: Source, extract: dict[str, Any]) -> str:
    """Why a list is not complete, or which rows stand in for it."""
    if extract["rows_as_of_at"] is None:
        return words.short_reason(extract["reason"] or "")
    return f"rows of {' '.join(words.instant(extract['rows_as_of_at'], source.zone))} stand in"


def _freshness(source: Source, failed: list[dict[str, Any]], drift: list[dict[str, Any]]) -> Block:
    checks = source.rows("checks")
    fresh = source.now("inventory.fresh_7d")
    total = source.now("inventory.endpoints").numerator
    silent = words.of(total - fresh.pair[1], total)
    note = f"{words.of(*fresh.pair)} endpoints were scanned within 7 days; {silent} do not say when."
    query = source.query("11.2", "checks")
    if not checks:
        nothing = State("None", "0 checks are recorded for this run.", is_quiet=True)
        return Block("Freshness, drift, checks", note, nothing, query)
    rest = f", {words.number(len(failed))} noted below" if failed else ""
    rest += f"; {words.count(len(drift), 'kind')} of drift" if drift else ""
    table = Table(
        Caption(f"{words.of(len(checks) - len(failed), len(checks))} checks passed", rest),
        (Column("Check", 56), Column("What was compared", 24), Column("Result", 20)),
        tuple(_layer_rows(checks)),
    )
    return Block("Freshness, drift, checks", note, table, query)


def _layer_rows(checks: list[dict[str, Any]]) -> list[Row]:
    """One row per schema: so many of its checks passed."""
    by_layer: dict[str, list[bool]] = {}
    for check in checks:
        layer = (check["model"] or "").split(".")[0]
        name = f"Tables of {words.clean(layer)}" if layer else "Across tables"
        by_layer.setdefault(name, []).append(check["status"] == "passed")
    return [
        Row(
            (
                Cell(name),
                Cell(words.of(sum(own), len(own)) + " checks"),
                Cell("passed" if all(own) else "noted below", kind="met" if all(own) else "none"),
            )
        )
        for name, own in sorted(by_layer.items())
    ]


def _formulas(source: Source) -> Block:
    rows = []
    for metric, name, counted, out_of in _FORMULAS:
        now = source.now(metric)
        rows.append(Row((Cell(name), Cell(counted), Cell(out_of), Cell(words.of(*now.pair)))))
    table = Table(
        Caption(f"{words.number(len(rows))} of {words.number(len(rows))} shares", " that this report prints"),
        (Column("Measure", 27), Column("Counted", 25), Column("Out of", 29), Column("This week", 19, right=True)),
        tuple(rows),
        has_bold_heads=True,
    )
    note = (
        "A share is divided once, from these two counts. Each query of this report is a view of the schema report: "
        'tlm query "from report.trend".'
    )
    return Block("What is counted", note, table, source.query("11.3", "trend"))


def _policy(source: Source) -> Block:
    policy = source.policy
    freezes = sorted(source.rows("freezes"), key=lambda r: (r["from_on"], r["name"]))
    lines = [
        ("Protection target", f"at least {words.percent(policy['protection_target'])}", "page 1, section 3"),
        ("Automation target", f"at least {words.percent(policy['automation_target'])}", "page 1, section 3"),
        ("Expired target", f"at most {words.number(policy['expired_target'])}", "page 1"),
        ("Unmanaged, 30 days target", f"at most {words.number(policy['manual_30d_target'])}", "page 1"),
        ("Renewal window of exports", words.count(policy["renew_days"], "day"), "job CSVs"),
        ("Owner tag begins with", words.cut_name(policy["owner_tag_prefix"])[0], "section 4"),
        (
            "Drift in the data",
            f"fields {_decision(policy['drift_fields'])}, values {_decision(policy['drift_values'])}",
            "before publishing",
        ),
        (
            "Shrink check",
            f"warns at {words.percent(policy['shrink_warn'])}, stops at {words.percent(policy['shrink_stop'])}",
            "before publishing",
        ),
        *_of_marts(policy),
    ]
    lines += [
        (f"Freeze: {words.cut_name(freeze['name'])[0]}", f"{freeze['from_on']} to {freeze['to_on']}", "section 4")
        for freeze in freezes[:LIST_ROWS]
    ]
    table = Table(
        Caption(words.of(len(lines), len(lines)) + " settings", " in force"),
        (Column("Setting", 42), Column("Value", 34), Column("Used by", 24)),
        tuple(Row((Cell(name), Cell(value), Cell(used))) for name, value, used in lines),
    )
    note = "From policy.toml, or its defaults. No claim is made that a framework is met."
    return Block("Policy applied", note, table, source.query("11.4", "policy"))


def _of_marts(policy: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The settings whose numbers are in the database and not in this report."""
    days = words.joined([_WEEKDAYS[day - 1] for day in policy["off_days"]]) or "no day"
    off = f"before {policy['off_hours_before']:%H:%M}, from {policy['off_hours_from']:%H:%M}, {days}"
    sla = ", ".join(f"{name} {policy[f'sla_{name}_days']}" for name in ("critical", "high", "medium", "low"))
    batch = f"{words.count(policy['batch'], 'endpoint')} in {words.count(policy['cycle_hours'], 'hour')}"
    return [
        ("Days until a finding is due", sla, "findings"),
        ("Approved CAs", _names(policy["approved_cas"], "every CA"), "findings"),
        ("Renewed before the end", words.count(policy["lead_days"], "day"), "forecast"),
        ("Renewal starts, where no profile says", words.count(policy["renewal_window_days"], "day"), "renewals"),
        ("A batch when a CA is replaced", batch, "readiness"),
        ("Multi-year profiles", _names(policy["multi_year_profiles"], "none"), "job CSVs"),
        ("Off hours", off, "audit activity"),
        ("Business units by rule", words.count(policy["unit_rules"], "rule"), "endpoints"),
    ]


def _names(names: list[str], nothing: str) -> str:
    """The first names of a list, and how many more there are."""
    shown = [words.cut_name(name)[0] for name in names[:_NAMES]]
    more = len(names) - len(shown)
    return words.joined([*shown, f"{words.number(more)} more"] if more else shown) or nothing


def _decision(setting: str | None) -> str:
    return "stop the build" if setting == "fail" else "are told"


def _unknown_statuses(source: Source, records: list[dict[str, Any]]) -> Block:
    records = sorted(records, key=lambda r: (-r["endpoints"], r["automation_status"] or ""))
    rows = [
        Row((Cell(words.cut_name(r["automation_status"] or "")[0], kind="name"), Cell(words.number(r["endpoints"]))))
        for r in records[:LIST_ROWS]
    ]
    table = Table(
        Caption(words.of(len(rows), len(records)) + " statuses", ", most endpoints first"),
        (Column("Status as received", 76), Column("Endpoints", 24, right=True)),
        tuple(rows),
    )
    note = "Counted as managed, outcome unknown, until rules.automation_statuses names them."
    return Block("Statuses that no rule knows", note, table, source.query("11.5", "unknown_statuses"))


def _hashes(source: Source) -> Block:
    rows = []
    for account in source.accounts:
        name = words.clean(account["account"])
        for what, key in (
            ("data, run " + words.clean(account["run_id"]), "manifest_hash"),
            ("configuration", "config_hash"),
            ("previous manifest", "baseline_manifest_hash"),
        ):
            if account[key]:
                digest = words.clean(account[key]).removeprefix("sha256:")
                rows.append(Row((Cell(f"{name}, {what}"), Cell(words.grouped(digest), kind="id"))))
    note = f"SHA-256 of the files that this report stands on. Made by tlm-pipeline {words.clean(source.tool_version)}."
    if not rows:
        return Block("Hashes", note, State("No data", "The run recorded no hashes.", is_quiet=True))
    table = Table(
        Caption(words.of(len(rows), len(rows)) + " inputs"),
        (Column("Input", 56), Column("SHA-256", 44)),
        tuple(rows),
    )
    return Block("Hashes", note, table, source.query("11.6", "data_runs"))


def _lists(files: tuple[Embedded, ...]) -> Block:
    """The lists in full with row counts and hashes: what is embedded in the PDF, and what is only named."""
    inside = sum(1 for file in files if file.is_embedded)
    rows = [
        Row(
            (
                Cell(file.name),
                Cell(words.number(file.row_count)),
                Cell(words.grouped(file.sha256), kind="id"),
                Cell("embedded", kind="met") if file.is_embedded else Cell("named only", kind="none"),
            )
        )
        for file in files
    ]
    table = Table(
        Caption(words.of(inside, len(files)) + " lists", " are attached to the PDF"),
        (Column("File", 30), Column("Rows", 7, right=True), Column("SHA-256", 46), Column("In the PDF", 17)),
        tuple(rows),
    )
    note = "Every list with all of its rows. Beyond 5 MB in all a list is only named; `tlm query` gives it."
    return Block("Lists in full", note.replace("`", ""), table)
