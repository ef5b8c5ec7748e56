"""The tables that are not models: runs, extracts, drift, checks, and the parameters that jobs fill before models run.

Each is declared once here, with a sentence per column that becomes its COMMENT; a column that a later version adds is
added to an older file, and nothing is ever dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.api.contract import LISTS, Call, Field
from pipeline.warehouse.duck import Warehouse, identifier, literal

FORMAT = 1
"""Of the kept tables, in meta.build_info: raised when an earlier version of the program would misread or spoil them.

Columns that are new or gone do not need it: `create_meta` and the runner add what is missing, and drop nothing.
"""
SCHEMAS = ("raw", "staging", "core", "mart", "rules", "meta", "report", "export")


@dataclass(frozen=True, slots=True)
class Table:
    """A table that the pipeline fills itself: `schema.name`, a sentence, and (name, SQL type, sentence) per column."""

    name: str
    meaning: str
    columns: tuple[tuple[str, str, str], ...]


RUN = ("run_id", "VARCHAR", "the run, sortable by its start")
ACCOUNT = ("account", "VARCHAR", "name of the account in tlm.toml")
RESOURCE = ("resource", "VARCHAR", "the resource, as in the configuration")

TABLES = (
    Table(
        "meta.runs",
        "One run of one account, failed ones too.",
        (
            RUN,
            ACCOUNT,
            ("as_of_at", "TIMESTAMP", "instant the extraction started, UTC; ages and days left count from it"),
            ("finished_at", "TIMESTAMP", "instant the extraction ended, UTC"),
            ("published_at", "TIMESTAMP", "instant the run was published, UTC; null when it was not"),
            ("status", "VARCHAR", "complete, incomplete or failed"),
            ("is_complete", "BOOLEAN", "every required resource was read to its end"),
            ("reason", "VARCHAR", "why it is not complete, or why it was accepted all the same"),
            ("tool_version", "VARCHAR", "version of tlm-pipeline that extracted"),
            ("config_hash", "VARCHAR", "hash of the settings that shape the extraction"),
            ("manifest_hash", "VARCHAR", "SHA-256 of the run's manifest.json"),
            ("base_url", "VARCHAR", "the instance that was read"),
            ("key_sees", "JSON", "business units and accounts that the key could see: complete means complete for it"),
            ("is_accepted", "BOOLEAN", "published although it is not complete, with the reason in front of `reason`"),
            ("is_shrink_accepted", "BOOLEAN", "published although it has far fewer endpoints than usual, see `reason`"),
        ),
    ),
    Table(
        "meta.extracts",
        "One resource of one run of one account, with the counts that prove it complete.",
        (
            RUN,
            ACCOUNT,
            RESOURCE,
            ("api_total_start", "BIGINT", "items, as the API said on the first page"),
            ("api_total_end", "BIGINT", "items, as the API said on the last page"),
            (
                "rows_received",
                "BIGINT",
                "items received and kept: a row that moved while the list was read may be twice in it",
            ),
            ("rows_distinct", "BIGINT", "different items among them, by their identifier; core has each once"),
            ("pages", "BIGINT", "pages read"),
            ("requests", "BIGINT", "requests sent, retries included"),
            ("retries", "BIGINT", "requests sent again"),
            ("hostile_pages", "BIGINT", "pages that took the slow path because of an item that strict readers refuse"),
            ("status", "VARCHAR", "complete, incomplete or skipped"),
            ("reason", "VARCHAR", "why it is not complete; of a complete one what was odd and settled"),
            (
                "rows_run_id",
                "VARCHAR",
                "the earlier run whose rows stand in for a list that was refused or not asked for; null: its own",
            ),
            ("rows_as_of_at", "TIMESTAMP", "start of that run, UTC"),
        ),
    ),
    Table(
        "meta.drift",
        "One thing in one resource of one run that was not as expected, with how often it was met.",
        (
            RUN,
            ACCOUNT,
            RESOURCE,
            ("field", "VARCHAR", "the field; (item) when it is about whole items"),
            (
                "what",
                "VARCHAR",
                "appeared, vanished; unparsed, retyped, reversed; mended_item, no_known_field, not_an_object",
            ),
            ("occurrences", "BIGINT", "how often; of a vanished field the items without it"),
            ("sample", "VARCHAR", "the first one met, cut to 200 characters; of a vanished field its last run"),
        ),
    ),
    Table(
        "meta.fields",
        "A field that items of an account had, in the contract or not: what a later run lacks has vanished.",
        (
            ACCOUNT,
            RESOURCE,
            ("field", "VARCHAR", "its name on the wire"),
            ("is_in_contract", "BOOLEAN", "the contract knows it; others are looked for in the first 500 items only"),
            ("first_run_id", "VARCHAR", "the first run that had it"),
            ("last_run_id", "VARCHAR", "the newest run that had it"),
            ("last_items", "BIGINT", "items of that run that had it"),
        ),
    ),
    Table(
        "meta.checks",
        "One check of the build that published this file.",
        (
            RUN,
            ("check_name", "VARCHAR", "the check: its header line, or its file in sql/checks"),
            ("model", "VARCHAR", "the table it guards; null for a file in sql/checks"),
            ("severity", "VARCHAR", "stop or warn"),
            ("status", "VARCHAR", "passed or failed"),
            ("failing_rows", "BIGINT", "rows that it found"),
            ("sample", "VARCHAR", "up to three of them"),
            ("checked_at", "TIMESTAMP", "instant of the check, UTC"),
            ("meaning", "VARCHAR", "what the rows are, says its file"),
            ("advice", "VARCHAR", "what to do about them, says its file"),
        ),
    ),
    Table(
        "meta.models",
        "One model: what it is and what it reads, from the parser that also orders the build.",
        (
            ("model", "VARCHAR", "the table or view that it makes, schema.name"),
            ("kind", "VARCHAR", "view, table (rebuilt), append (rows are kept), versions (history) or metrics"),
            ("grain", "VARCHAR", "what one row is"),
            ("reads", "VARCHAR[]", "tables and views that its SELECT names, sorted"),
            ("calls", "VARCHAR[]", "macros that its SELECT calls, sorted"),
            ("source_file", "VARCHAR", "the file that it stands in"),
        ),
    ),
    Table(
        "meta.build_info",
        "What published this file: one row.",
        (
            ("format", "INTEGER", "format of the kept tables; a program reads files of its own and of earlier ones"),
            ("tool_version", "VARCHAR", "version of tlm-pipeline that published"),
            ("inputs_hash", "VARCHAR", "SHA-256 of policy, lists, zone and models that the newest run was built with"),
        ),
    ),
    Table(
        "meta.current_run",
        "The run that is being built: one row.",
        (
            RUN,
            ("as_of_at", "TIMESTAMP", "instant the extraction started, UTC"),
            ("timezone", "VARCHAR", "zone of weeks and report dates"),
            ("week_starts_at", "TIMESTAMP", "Monday 00:00 local of the run's ISO week, as UTC"),
            ("iso_year", "INTEGER", "ISO year of that week"),
            ("iso_week", "INTEGER", "ISO week, 1 to 53"),
            ("tool_version", "VARCHAR", "version of tlm-pipeline that builds"),
            ("rules_on", "DATE", "the day whose dated rules judge everything; null: each by the rules of its own day"),
            ("as_of_on", "DATE", "the day that was asked for, where this is not the newest run as it was published"),
        ),
    ),
    Table(
        "meta.build_accounts",
        "One account whose endpoints are in this file.",
        (
            ACCOUNT,
            ("run_id", "VARCHAR", "the run that its rows come from"),
            ("as_of_at", "TIMESTAMP", "start of that run, UTC"),
            (
                "is_complete",
                "BOOLEAN",
                "that run read every required list to its end; false where it was accepted as it is",
            ),
            ("is_stale", "BOOLEAN", "its rows are older than the current run"),
            ("is_configured", "BOOLEAN", "it is in tlm.toml: of one that left it nothing is read any more"),
            ("baseline_run_id", "VARCHAR", "newest complete run before this week; null when there is none"),
            ("baseline_as_of_at", "TIMESTAMP", "start of the baseline run, UTC"),
        ),
    ),
    Table(
        "rules.policy",
        "The settings of policy.toml, or their defaults: one row.",
        (
            ("protection_target", "DOUBLE", "least share of endpoints with a certificate"),
            ("automation_target", "DOUBLE", "least share of them under managed automation"),
            ("manual_30d_target", "BIGINT", "most endpoints that expire within 30 days and are renewed by hand"),
            ("expired_target", "BIGINT", "most endpoints with an expired certificate"),
            ("renew_days", "BIGINT", "days left at which the renew export selects"),
            ("owner_tag_prefix", "VARCHAR", "a tag that begins so names an owner"),
            ("shrink_warn", "DOUBLE", "share of rows lost against earlier runs that warns"),
            ("shrink_stop", "DOUBLE", "share of rows lost against earlier runs that stops the build"),
            ("drift_fields", "VARCHAR", "what fields that appear or vanish do: warn or fail"),
            ("drift_values", "VARCHAR", "what values that are not as expected do: warn or fail"),
            ("multi_year_profiles", "VARCHAR[]", "profiles whose certificates belong to a multi-year plan"),
            ("lead_days", "BIGINT", "days before its end on which a certificate is renewed"),
            ("renewal_window_days", "BIGINT", "days before the end when renewal starts, where no profile says"),
            ("batch", "BIGINT", "endpoints that are replaced at a time"),
            ("cycle_hours", "BIGINT", "hours that replacing a batch takes"),
            ("approved_cas", "VARCHAR[]", "issuing CAs and CA vendors that certificates may come from; empty: all"),
            ("off_hours_before", "TIME", "local time of day before which nobody is at work"),
            ("off_hours_from", "TIME", "local time of day from which nobody is at work"),
            ("off_days", "BIGINT[]", "days of the week on which nobody is at work, Monday is 1"),
            ("sla_critical_days", "BIGINT", "days that a critical finding may be open"),
            ("sla_high_days", "BIGINT", "days that a finding of high severity may be open"),
            ("sla_medium_days", "BIGINT", "days that a finding of medium severity may be open"),
            ("sla_low_days", "BIGINT", "days that a finding of low severity may be open"),
        ),
    ),
    Table(
        "raw.waivers",
        "A line of waivers.csv, checked when it was read.",
        (
            ("waiver_id", "VARCHAR", "its name"),
            ("rule", "VARCHAR", "the rule whose findings it covers"),
            ("scope", "VARCHAR", "an endpoint_key, a certificate_key, a business unit, or a common name with *"),
            ("reason", "VARCHAR", "why the finding is accepted"),
            ("owner", "VARCHAR", "who asked for it"),
            ("approver", "VARCHAR", "who agreed, another person"),
            ("expires_on", "DATE", "last day"),
            ("line_no", "BIGINT", "its line in the file"),
        ),
    ),
    Table(
        "raw.pci_inventory",
        "A line of pci.csv: how critical the named endpoints are.",
        (
            ("account", "VARCHAR", "name of the account in tlm.toml; null is every account"),
            ("endpoint", "VARCHAR", "an endpoint_key, host name, domain name or ip, in which * stands for any text"),
            ("criticality", "VARCHAR", "critical, high, medium or low"),
            ("line_no", "BIGINT", "its line in the file"),
        ),
    ),
    Table(
        "rules.business_unit_mapping",
        "A rule of policy.toml that gives endpoints without a business unit one.",
        (
            ("kind", "VARCHAR", "sensor, agent, connector or network"),
            ("value", "VARCHAR", "name of the sensor, agent or connector, or the network as CIDR"),
            ("business_unit", "VARCHAR", "name of the unit"),
            ("first_ip", "VARCHAR", "first address of the network, 32 hexadecimal digits, IPv4 mapped to ::ffff:"),
            ("last_ip", "VARCHAR", "last address of the network, written the same way"),
        ),
    ),
    Table(
        "rules.freezes",
        "A change freeze of policy.toml.",
        (
            ("name", "VARCHAR", "what it is called"),
            ("from_on", "DATE", "first day, inside"),
            ("to_on", "DATE", "last day, inside"),
        ),
    ),
)


# Fields of which nearly every item has a value of its own. The engine's choice, a dictionary, would cost a seventh more
# CPU of the whole load and a third more space; where values repeat it is the better one.
_DISTINCT = frozenset(
    (
        *("id", "guid", "inventory_id", "certificate_id", "resource_id", "serial_number", "thumbprint"),
        *("location", "ip", "host_name", "domain_name", "common_name", "description", "data"),
        *("last_discovered", "valid_from", "valid_to", "timestamp", "sans", "tags", "owners", "cert_owner_ids"),
    )
)


def raw_column(field: Field) -> str:
    """The column of a field: its name on the wire, except `api_account`, as `account` is ours."""
    return "api_account" if field.name == "account" else field.name


def raw_table(call: Call) -> Table:
    """The table of one resource: account, run, position received, then the contract's fields (text; JSON if nested)."""
    fields = ((raw_column(field), _raw_type(field), field.meaning) for field in call.fields)
    received = ("received_no", "BIGINT", "position in the order received, from 1, within account and resource")
    name = "raw." + call.name.replace(".", "_")
    meaning = f"One item as received: {call.meaning}. Values as the engine's reader gives them, untyped."
    return Table(name, meaning, (ACCOUNT, RUN, received, *fields))


def _raw_type(field: Field) -> str:
    kind = "JSON" if field.kind.is_nested else "VARCHAR"
    return f"{kind} using compression zstd" if field.name in _DISTINCT else kind


def create_meta(warehouse: Warehouse) -> None:
    """Make all schemas, raw.*, meta.* and the parameter tables of rules.* where they are missing; safe to repeat."""
    known = {(row[0], row[1]) for row in warehouse.rows(_KNOWN_COLUMNS)}
    script = [f"create schema if not exists {schema}" for schema in SCHEMAS]
    for table in (*TABLES, *map(raw_table, LISTS)):
        script += _creation(table, known)
    with warehouse.transaction():
        warehouse.execute(";\n".join(script))


_KNOWN_COLUMNS = """
select schema_name || '.' || table_name, column_name from duckdb_columns() where database_name = current_database()
"""


def _creation(table: Table, known: set[tuple[str, str]]) -> list[str]:
    """The statements that make `table`, or add the columns that an older file lacks."""
    missing = [column for column in table.columns if (table.name, column[0]) not in known]
    statements = []
    if len(missing) == len(table.columns):
        columns = ", ".join(f"{identifier(name)} {sql_type}" for name, sql_type, _ in missing)
        statements += [f"create table {table.name} ({columns})"]
        statements += [f"comment on table {table.name} is {literal(table.meaning)}"]
    else:
        statements += [f"alter table {table.name} add column {identifier(name)} {kind}" for name, kind, _ in missing]
    for name, _, meaning in missing:
        statements.append(f"comment on column {table.name}.{identifier(name)} is {literal(meaning)}")
    return statements
